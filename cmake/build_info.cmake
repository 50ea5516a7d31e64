# Writes `output` with what made this binary; leaves it alone when nothing changed.
# The revision: of the clone; of the archive that `git archive` made; "unknown" for other copies. A clone that merely contains this
# tree (another project with lightloom as a folder) does not count.
set(revision "unknown")
execute_process(COMMAND git rev-parse --show-cdup WORKING_DIRECTORY "${source}" OUTPUT_VARIABLE up OUTPUT_STRIP_TRAILING_WHITESPACE
                ERROR_QUIET RESULT_VARIABLE status)
if(status EQUAL 0 AND up STREQUAL "")
  execute_process(COMMAND git describe --always --dirty --abbrev=12 --exclude "*" WORKING_DIRECTORY "${source}"
                  OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    set(revision "unknown")
  endif()
else()
  file(STRINGS "${source}/cmake/revision.txt" archived)
  if(archived MATCHES "^[0-9a-f]+$")
    set(revision "${archived}")
  endif()
endif()
set(text "#include \"experiments/results/files/build_info.hpp\"

namespace lightloom::experiments {

BuildInfo build_info() {
  return {.version = \"${version}\",
          .git_revision = \"${revision}\",
          .compiler = \"${compiler}\",
          .build = \"${build} ${architecture}\"};
}

}  // namespace lightloom::experiments
")
set(old "")
if(EXISTS "${output}")
  file(READ "${output}" old)
endif()
if(NOT old STREQUAL text)
  file(WRITE "${output}" "${text}")
endif()
