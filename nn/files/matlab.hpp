#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lightloom::nn {

/// A numeric array of a MATLAB file, columns first: element (i, j, ...) is at i + rows * (j + ...).
struct MatlabArray {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> values;
};

/// The arrays of a MATLAB 5.0 MAT-file (MathWorks, "MAT-File Format", level 5; plain or compressed)
/// whose elements are whole numbers of 0 to 255; other variables are left out. Every malformed file
/// is one `Error`.
std::vector<MatlabArray> read_matlab(const std::string& path);

}  // namespace lightloom::nn
