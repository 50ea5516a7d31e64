# What is built, and how. Everything has a default; `cmake -D<name>=...` changes it.
include(CMakeDependentOption)

option(LIGHTLOOM_NN "Networks, training, weight sources and what stands on them (needs oneDNN, HDF5, zlib, nlohmann-json)" ON)
option(LIGHTLOOM_CALIBRATION "Calibration from measurements (needs Ceres, HDF5)" ON)
cmake_dependent_option(LIGHTLOOM_PROGRAM "The program lightloom (needs Boost)" ON "LIGHTLOOM_NN;LIGHTLOOM_CALIBRATION" OFF)
cmake_dependent_option(LIGHTLOOM_TESTS "The tests" "${PROJECT_IS_TOP_LEVEL}" "LIGHTLOOM_PROGRAM" OFF)
cmake_dependent_option(LIGHTLOOM_FUZZ "The fuzzers of tests/fuzz (clang with -fsanitize=fuzzer-no-link; preset fuzz)" OFF "LIGHTLOOM_PROGRAM" OFF)
cmake_dependent_option(LIGHTLOOM_BENCHMARKS "The benchmarks" OFF "LIGHTLOOM_PROGRAM" OFF)
cmake_dependent_option(LIGHTLOOM_PYTHON "The package lightloom for Python (needs pybind11 and Python 3.9 or later)" OFF "LIGHTLOOM_PROGRAM" OFF)
option(LIGHTLOOM_INSTALL "Rules for cmake --install" "${PROJECT_IS_TOP_LEVEL}")
option(LIGHTLOOM_WERROR "Treat warnings as errors, and warn about conversions" OFF)
set(LIGHTLOOM_ARCH "native" CACHE STRING "Value of -march for our own sources, empty for the compiler's default")

# Slow by twenty times without optimisation, so that is what nobody gets without asking.
get_property(multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT CMAKE_BUILD_TYPE AND NOT multi_config)
  if(PROJECT_IS_TOP_LEVEL)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
  else()
    set(CMAKE_BUILD_TYPE Release)  # for this folder and those below it
  endif()
endif()
