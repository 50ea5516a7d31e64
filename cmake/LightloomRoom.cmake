# lightloom_room(<name> LINKS <libraries>): one static library from all sources of a folder, headers included from the root.
function(lightloom_room name)
  cmake_parse_arguments(ROOM "" "" "LINKS;PRIVATE_LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  add_library(lightloom_${name} STATIC ${sources})
  add_library(lightloom::${name} ALIAS lightloom_${name})
  target_include_directories(lightloom_${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(lightloom_${name} PUBLIC ${ROOM_LINKS} PRIVATE ${ROOM_PRIVATE_LINKS})
  lightloom_compile_options(lightloom_${name})
  lightloom_precompile(lightloom_${name})
endfunction()

# What nearly every source includes is parsed once a target. Each source still includes what it uses. Off for ccache, which would
# have to be told to trust precompiled headers.
option(LIGHTLOOM_PRECOMPILE "Precompile common headers" ON)
function(lightloom_precompile target)
  if(LIGHTLOOM_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE <algorithm> <array> <cmath> <cstdint> <functional> <map> <memory> <span> <string>
                              <vector> <fmt/format.h> <fmt/ranges.h> ${ARGN})
  endif()
endfunction()

function(lightloom_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wno-missing-field-initializers)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC bugs 105593 and 105651: g++ 12 warns about its own AVX-512 headers and std::string.
    target_compile_options(${target} PRIVATE -Wno-uninitialized -Wno-maybe-uninitialized
                           -Wno-restrict)
  endif()
  if(LIGHTLOOM_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  # One architecture for all rooms: Eigen's alignment depends on it.
  if(LIGHTLOOM_ARCH)
    target_compile_options(${target} PUBLIC -march=${LIGHTLOOM_ARCH})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PUBLIC -mprefer-vector-width=512)
    endif()
  endif()
endfunction()
