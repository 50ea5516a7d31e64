# Writes `output`, a C++ file that holds the text of `input` as lightloom::experiments::embedded::<name>.
file(READ "${input}" text)
set(piece 32000)  # one string literal; compilers promise 64 KiB
string(LENGTH "${text}" length)
set(literals "")
set(start 0)
while(start LESS length)
  string(SUBSTRING "${text}" ${start} ${piece} part)
  string(APPEND literals "R\"EMBEDDED(${part})EMBEDDED\"\n")
  math(EXPR start "${start} + ${piece}")
endwhile()
file(WRITE "${output}" "#include <string_view>\n\n#include \"experiments/results/embedded.hpp\"\n\n"
     "namespace lightloom::experiments::embedded {\n"
     "const std::string_view ${name} =\n${literals};\n"
     "}  // namespace lightloom::experiments::embedded\n")
