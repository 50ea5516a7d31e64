# What `cmake --install` puts where; two components: `runtime` (program, cards, manual page, completions) and `dev` (libraries,
# public headers, CMake package).
include(CMakePackageConfigHelpers)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/lightloom")

get_property(rooms GLOBAL PROPERTY LIGHTLOOM_ROOMS)
foreach(room IN LISTS rooms)
  install(TARGETS lightloom_${room} EXPORT lightloom-${room}
          ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT dev
          FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT dev)
  install(EXPORT lightloom-${room} NAMESPACE lightloom:: DESTINATION "${package_folder}" COMPONENT dev)
endforeach()
install(FILES include/lightloom/lightloom.hpp DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/lightloom" COMPONENT dev)

# What nn was given of its optional parts, a user links too.
set(LIGHTLOOM_FIND_FOR_NN "")
if(LIGHTLOOM_NN)
  get_target_property(nn_libraries lightloom_nn LINK_LIBRARIES)
  foreach(part IN ITEMS Protobuf:protobuf::libprotobuf PNG:PNG::PNG JPEG:JPEG::JPEG)
    string(REGEX MATCH "^([A-Za-z]+):(.*)$" matched "${part}")
    if(CMAKE_MATCH_2 IN_LIST nn_libraries)
      string(APPEND LIGHTLOOM_FIND_FOR_NN "find_dependency(${CMAKE_MATCH_1})\n    ")
    endif()
  endforeach()
  string(STRIP "${LIGHTLOOM_FIND_FOR_NN}" LIGHTLOOM_FIND_FOR_NN)
endif()
configure_package_config_file(cmake/lightloomConfig.cmake.in "${PROJECT_BINARY_DIR}/lightloomConfig.cmake"
                              INSTALL_DESTINATION "${package_folder}" PATH_VARS CMAKE_INSTALL_DATADIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/lightloomConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/lightloomConfig.cmake" "${PROJECT_BINARY_DIR}/lightloomConfigVersion.cmake"
        DESTINATION "${package_folder}" COMPONENT dev)

# Cards, the shipped weights that cards name, and the script that fetches data sets.
install(DIRECTORY data DESTINATION "${CMAKE_INSTALL_DATADIR}/lightloom" COMPONENT runtime
        FILES_MATCHING PATTERN "*.yaml" PATTERN "weights/*.h5" PATTERN "*.LICENSE")
install(PROGRAMS data/get-datasets DESTINATION "${CMAKE_INSTALL_DATADIR}/lightloom/data" COMPONENT runtime)
if(LIGHTLOOM_PROGRAM)
  set(shell_files "${PROJECT_BINARY_DIR}/experiments")
  install(FILES "${shell_files}/lightloom.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT runtime)
  install(FILES "${shell_files}/lightloom.bash" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions"
          RENAME lightloom COMPONENT runtime)
  # Debian's zsh looks for what packages bring in a folder of its own, and under /usr/local in the usual one.
  set(zsh_folder site-functions)
  if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    set(zsh_folder vendor-completions)
  endif()
  install(FILES "${shell_files}/_lightloom" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/${zsh_folder}" COMPONENT runtime)
  install(TARGETS lightloom RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT runtime)
endif()
if(PROJECT_IS_TOP_LEVEL)
  include(LightloomPackages)
endif()
