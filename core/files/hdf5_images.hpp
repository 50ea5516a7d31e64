#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lightloom {

/// A data set of whole numbers of one HDF5 file, row-major.
template <class T>
struct Hdf5Array {
  std::vector<std::int64_t> shape;
  std::vector<T> values;
};

/// Images and their labels.
struct Hdf5Images {
  Hdf5Array<std::uint8_t> images;
  Hdf5Array<std::int64_t> labels;
};

/// Reads the data sets `images` (uint8) and `labels` (integers) of the root group of any HDF5 file.
/// Throws `Error` naming what is wrong.
Hdf5Images read_hdf5_images(const std::string& path);

}  // namespace lightloom
