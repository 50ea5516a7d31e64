// Matrices as text and as NumPy files; the first byte chooses.
#include "core/archives/npy.hpp"
#include "experiments/results/files/matrix_file.hpp"
#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {
namespace {

Bytes behind(std::uint8_t kind, std::string_view rest) {
  Bytes all{kind};
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}

}  // namespace

void read_input(Input input) {
  if (input.empty()) return;
  const char* name = input[0] % 2 == 0 ? "matrix.txt" : "matrix.npy";
  const ComplexMatrix matrix = experiments::read_matrix(file_of(input.subspan(1), name));
  demand(matrix.rows > 0 && matrix.columns > 0 &&
             static_cast<std::int64_t>(matrix.values.size()) ==
                 std::int64_t{matrix.rows} * matrix.columns,
         "as many elements as rows and columns");
}

std::vector<Seed> seeds() {
  const std::vector<std::int64_t> sides{2, 2};
  const Bytes doubles(32, 0x3f), pairs(64, 0x3f);
  return {{"commas", behind(0, "1,2\n3,4 # last\n")},
          {"blanks", behind(0, "# pairs\n0.5-1.25j 1j\n(1+2i) -3e-4\n")},
          {"semicolons", behind(0, "1;2.5e3\n-3;+4\n")},
          {"real.npy", behind(1, npy_bytes("<f8", sides, doubles))},
          {"complex.npy", behind(1, npy_bytes("<c16", sides, pairs))}};
}

}  // namespace lightloom::fuzz
