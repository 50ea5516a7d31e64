#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/archives/numbers.hpp"

namespace lightloom {

/// What a MATLAB file says of one of its arrays of numbers or truth values.
struct MatlabHeader {
  std::string name;
  std::vector<std::int64_t> shape;  // two axes and more
  bool is_sparse = false;           // of two axes
  bool is_complex = false;
  std::size_t start = 0;  // where it begins in the file

  /// Elements of all axes.
  [[nodiscard]] double count() const;
};

/// Numbers as the file stores them: whole ones of a double array may take one byte each.
struct MatlabNumbers {
  NumberType type;
  std::vector<std::uint8_t> bytes;

  [[nodiscard]] std::size_t count() const {
    return bytes.size() / static_cast<std::size_t>(type.width);
  }
  [[nodiscard]] double at(std::size_t i) const {
    return number_of(bytes.data() + i * static_cast<std::size_t>(type.width), type);
  }
};

/// An array, columns first: element (i, j, ...) is number i + rows * (j + ...).
struct MatlabArray {
  MatlabNumbers real;
  MatlabNumbers imaginary;  // none of a real array
  std::vector<std::size_t> places =
      {};  // of a sparse array, where each number stands, columns first
};

/// A file in memory, packed as it is, and its arrays; texts, cells, structures and objects are left
/// out.
struct MatlabFile {
  std::string path;
  std::string bytes;
  std::vector<MatlabHeader> arrays;
};

/// Whether a file begins as those of MATLAB's `save` from version 5 to version 7 do.
bool is_matlab5(const std::string& path);

/// Opens a file of at most 2 GiB of MATLAB's format 5 (versions 5 to 7) or 4, of both byte orders,
/// plain or compressed (MathWorks, "MAT-File Format"). Throws `Error` naming what is wrong; version
/// 7.3 writes HDF5.
MatlabFile open_matlab(const std::string& path);

/// Reads one of its arrays, of at most 2 GiB. Throws `Error` for one that is cut off or damaged.
MatlabArray read_matlab(const MatlabFile& file, const MatlabHeader& header);

}  // namespace lightloom
