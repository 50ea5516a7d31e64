# A room is a folder of the tree and a static library of its name: lightloom_<room>, for users lightloom::<room>.
#
# lightloom_room(<name> [LIGHT] [FILES <source>...] [LINKS <target>...] [PRIVATE_LINKS <target>...] [HEADER_ONLY <target>...]
#                [PUBLIC_HEADERS <header>...])
#   LIGHT           compiled with -O1: nothing here is worth the time that more optimisation takes
#   FILES           sources; all of the folder without main.cpp when absent
#   LINKS           other rooms, and libraries that our public headers show
#   PRIVATE_LINKS   libraries that only our sources include; a user links them and sees no header of theirs
#   HEADER_ONLY     the same, where there is nothing to link
#   PUBLIC_HEADERS  what is installed, relative to the root of the tree. *Installed = promised.*
function(lightloom_room name)
  cmake_parse_arguments(ROOM "LIGHT" "" "FILES;LINKS;PRIVATE_LINKS;HEADER_ONLY;PUBLIC_HEADERS" ${ARGN})
  if(NOT ROOM_FILES)
    file(GLOB_RECURSE ROOM_FILES CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
    list(FILTER ROOM_FILES EXCLUDE REGEX "/main\\.cpp$")
  endif()
  set(target lightloom_${name})
  add_library(${target} STATIC ${ROOM_FILES})
  add_library(lightloom::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  set_property(GLOBAL APPEND PROPERTY LIGHTLOOM_ROOMS ${name})
  target_link_libraries(${target} PUBLIC ${ROOM_LINKS} PRIVATE ${ROOM_PRIVATE_LINKS})
  foreach(library IN LISTS ROOM_HEADER_ONLY)
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:${library}>)
  endforeach()
  lightloom_compile_options(${target})
  if(ROOM_LIGHT)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
  lightloom_precompile_room(${target} ${ROOM_LIGHT})
  lightloom_public_headers(${target} ${ROOM_PUBLIC_HEADERS} include/lightloom/${name}.hpp)
endfunction()

# The public headers as users see them: <lightloom/photonic/meshes/mesh.hpp> for photonic/meshes/mesh.hpp. In our tree they name one
# another from the root; the copies under build/include name one another under lightloom/, so that no name like
# "core/error.hpp" enters another project. These copies are what is installed, and what CMake's own check compiles one by one.
function(lightloom_public_headers target)
  set(inputs "")
  set(outputs "")
  foreach(header IN LISTS ARGN)
    list(APPEND inputs "${PROJECT_SOURCE_DIR}/${header}")
    string(REGEX REPLACE "^include/lightloom/" "" header "${header}")
    list(APPEND outputs "${PROJECT_BINARY_DIR}/include/lightloom/${header}")
  endforeach()
  set(script "${PROJECT_SOURCE_DIR}/cmake/public_headers.cmake")
  add_custom_command(OUTPUT ${outputs} DEPENDS ${inputs} "${script}" VERBATIM COMMENT "Public headers of ${target}"
                     COMMAND "${CMAKE_COMMAND}" "-Dinputs=${inputs}" "-Doutputs=${outputs}" -P "${script}")
  # A target of their own: as a part of the room's alone they would wait for the libraries that the room links, and its sources for them.
  add_custom_target(${target}_public_headers DEPENDS ${outputs})
  add_dependencies(${target} ${target}_public_headers)
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_BINARY_DIR}/include" FILES ${outputs})
  set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS "${PROJECT_IS_TOP_LEVEL}")
endfunction()

# lightloom::lightloom: all that was built.
function(lightloom_whole)
  get_property(rooms GLOBAL PROPERTY LIGHTLOOM_ROOMS)
  add_library(lightloom_lightloom INTERFACE)
  add_library(lightloom::lightloom ALIAS lightloom_lightloom)
  set_target_properties(lightloom_lightloom PROPERTIES EXPORT_NAME lightloom)
  list(TRANSFORM rooms PREPEND lightloom:: OUTPUT_VARIABLE targets)
  target_link_libraries(lightloom_lightloom INTERFACE ${targets})
endfunction()

# What nearly every source includes is parsed once for the rooms of -O3, once for the program and once for the tests. Each source still
# includes what it uses. Off for ccache, which would have to be told to trust precompiled headers.
option(LIGHTLOOM_PRECOMPILE "Precompile common headers" ON)
function(lightloom_precompile target)
  if(LIGHTLOOM_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE <algorithm> <array> <cmath> <cstdint> <functional> <map> <memory> <span> <string>
                              <vector> <fmt/format.h> <fmt/ranges.h> ${ARGN})
  endif()
endfunction()

# g++ takes the precompiled header of core for every room of its optimisation; clang wants the room's own definitions in it.
function(lightloom_precompile_room target light)
  if(light OR target STREQUAL "lightloom_core" OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    lightloom_precompile(${target})
  elseif(LIGHTLOOM_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM lightloom_core)
  endif()
endfunction()

# lightloom_unity(<target> [GROUP <folder>...]...): the files of the folders of a group are compiled as one, so that the templates
# that they share are instantiated once. Each folder is a group by itself when none is given. Names in unnamed namespaces must differ
# within a group; files with options of their own stay alone. What is inlined in a group may be contracted to other fused
# multiplications: scripts/same-results says whether digits change. Off while developing: a changed file is then one file to compile.
option(LIGHTLOOM_UNITY "Compile groups of folders as one file each" ON)
function(lightloom_unity target)
  if(NOT LIGHTLOOM_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  target_compile_options(${target} PRIVATE -Wno-shadow)  # by constants of other files; `dev` compiles one by one and looks
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    lightloom_unity_group(group "${source}" ${ARGN})
    if(group)
      set_source_files_properties("${source}" PROPERTIES UNITY_GROUP ${group})
    endif()
  endforeach()
endfunction()

# Sources of a group that stay alone: big users of Eigen, whose expressions are of other types in each. Merged they take more memory and
# no less time.
function(lightloom_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# Sets `result` to the name of the group of a source, the first folder of its list; to nothing where it is of no group.
function(lightloom_unity_group result source)
  cmake_path(RELATIVE_PATH source BASE_DIRECTORY "${PROJECT_SOURCE_DIR}" OUTPUT_VARIABLE relative)
  cmake_path(GET relative PARENT_PATH folder)
  set(${result} "" PARENT_SCOPE)
  if(relative MATCHES "^(\\.\\.|build/)" OR NOT relative MATCHES "\\.cpp$")
    return()
  endif()
  set(group "${folder}")
  foreach(word IN LISTS ARGN)
    if(word STREQUAL "GROUP")
      set(group "")
    elseif(NOT group)
      set(group "${word}")
    endif()
    if(word STREQUAL folder)
      break()
    endif()
  endforeach()
  if(NOT ARGN OR folder IN_LIST ARGN)
    string(MAKE_C_IDENTIFIER "${group}" group)
    set(${result} "${group}" PARENT_SCOPE)
  endif()
endfunction()

# Options of our own sources; none of them reaches a user.
function(lightloom_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE OpenMP::OpenMP_CXX)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wno-missing-field-initializers)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC bugs 105593, 105651 and 105329: g++ 12 warns about its own AVX-512 headers and std::string.
    target_compile_options(${target} PRIVATE -Wno-uninitialized -Wno-maybe-uninitialized -Wno-restrict -Wno-array-bounds
                           -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # `simd` allows and does not demand: at -O1 clang vectorises nothing and says so. Vectors wider than the architecture's registers
    # stay within their file, so that how they are passed is nobody else's affair.
    target_compile_options(${target} PRIVATE -Wno-pass-failed -Wno-psabi)
  endif()
  if(LIGHTLOOM_WERROR)
    target_compile_options(${target} PRIVATE -Werror -Wconversion -Wsign-conversion)
  endif()
  # One architecture for all rooms: Eigen's alignment depends on it.
  if(LIGHTLOOM_ARCH)
    target_compile_options(${target} PRIVATE -march=${LIGHTLOOM_ARCH})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE -mprefer-vector-width=512)
    endif()
  endif()
  # Eigen under a name of our own: built for this architecture it must not be merged with a user's (or Ceres') copies of the
  # same templates, which may have been built for another with other alignments. No public header shows an Eigen type.
  target_compile_definitions(${target} PRIVATE Eigen=lightloom_eigen)
endfunction()
