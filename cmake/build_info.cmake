# Writes `output` with what made this binary; leaves it alone when nothing changed.
execute_process(COMMAND git describe --always --dirty --abbrev=12 --exclude "*" WORKING_DIRECTORY "${source}"
                OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  set(revision "unknown")
endif()
set(text "#include \"experiments/results/build_info.hpp\"

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
