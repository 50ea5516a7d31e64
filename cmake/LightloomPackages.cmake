# `cpack -G DEB`: the packages lightloom (program, cards, manual page), liblightloom-dev (libraries, headers, CMake package) and, with
# LIGHTLOOM_PYTHON, python3-lightloom.
# `make deb` runs it on the preset `portable`.
set(CPACK_PACKAGE_NAME lightloom)
set(CPACK_PACKAGE_VENDOR "the lightloom authors")
set(CPACK_PACKAGE_CONTACT "The lightloom authors <lightloom@localhost.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL runtime dev)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${CPACK_PACKAGE_CONTACT}")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME lightloom)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION science)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION
    "The program simulates accelerators that regenerate their weights on chip\n\
instead of loading them from memory: light, electrons and the network on\n\
one experiment card. Built for x86-64-v3 machines (AVX2).")
set(CPACK_DEBIAN_DEV_PACKAGE_NAME liblightloom-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS "lightloom (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libfmt-dev, libyaml-cpp-dev, libhdf5-dev, libdnnl-dev, ocl-icd-opencl-dev, opencl-headers, \
zlib1g-dev, libceres-dev, libboost-program-options-dev, libonnx-dev, libprotobuf-dev, libpng-dev, libjpeg-dev")
set(CPACK_COMPONENT_DEV_DESCRIPTION
    "Static libraries, public headers and the CMake package: devices, meshes and\n\
tensor cores, DRAM and buffers, networks and weight sources, calibration,\n\
and the co-simulation of them all. Built for x86-64-v3 machines (AVX2).")

# A module belongs to the minor version of Python that it was built for.
if(LIGHTLOOM_PYTHON)
  list(APPEND CPACK_COMPONENTS_ALL python)
  math(EXPR next_python "${Python3_VERSION_MINOR} + 1")
  set(CPACK_DEBIAN_PYTHON_PACKAGE_NAME python3-lightloom)
  set(CPACK_DEBIAN_PYTHON_PACKAGE_SECTION python)
  set(CPACK_DEBIAN_PYTHON_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PYTHON_PACKAGE_DEPENDS "python3 (>= 3.${Python3_VERSION_MINOR}), python3 (<< 3.${next_python}), python3-numpy")
  set(CPACK_DEBIAN_PYTHON_PACKAGE_RECOMMENDS "lightloom (= ${PROJECT_VERSION}), python3-xarray, python3-tqdm")
  set(CPACK_COMPONENT_PYTHON_DESCRIPTION
      "The package lightloom for Python: cards in, labelled results out; meshes,\n\
tensor cores, DRAM and calibration on NumPy arrays. Built for x86-64-v3\n\
machines (AVX2).")
endif()

# Debian wants a copyright file and a changelog in each package.
set(package_components "lightloom runtime" "liblightloom-dev dev")
if(LIGHTLOOM_PYTHON)
  list(APPEND package_components "python3-lightloom python")
endif()
foreach(package_component IN LISTS package_components)
  separate_arguments(package_component)
  list(GET package_component 0 package)
  list(GET package_component 1 component)
  install(FILES packaging/debian/copyright DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${package}" COMPONENT ${component}
          EXCLUDE_FROM_ALL)
endforeach()
include(CPack)
