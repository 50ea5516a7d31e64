#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace lightloom {

/// A data set of real numbers of an HDF5 file, to be read front to back.
struct Hdf5Numbers {
  std::string name;                 // "/test/images"
  char kind = 'f';                  // of its elements: f float, i integer, u unsigned
  int width = 4;                    // bytes of one
  std::vector<std::int64_t> shape;  // at most 8 axes
  /// Fills with the next numbers of whole rows along the first axis, in row-major order.
  std::function<void(std::span<double> rows)> next;
};

/// Opens the first of `names` (paths within the file, "images" or "test/images") that the file has.
/// Throws `Error` naming what is wrong: none of them there (it says what is), elements that are no
/// real numbers, or are packed by a filter that HDF5 does not have here (LZF of h5py, Blosc).
Hdf5Numbers open_hdf5_numbers(const std::string& path, const std::vector<std::string>& names);

/// Whether the file has a data set of this name.
bool has_hdf5_set(const std::string& path, const std::string& name);

}  // namespace lightloom
