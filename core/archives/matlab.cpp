#include "core/archives/matlab.hpp"

#include <fstream>
#include <string_view>

#include "core/archives/matlab_formats.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"

namespace lightloom {

double MatlabHeader::count() const {
  double all = 1;
  for (const std::int64_t side : shape) all *= static_cast<double>(side);
  return all;
}

bool is_matlab5(const std::string& path) {
  constexpr std::string_view start = "MATLAB 5.0 MAT-file";
  std::string bytes(start.size(), '\0');
  std::ifstream file(path, std::ios::binary);
  return file.read(bytes.data(), static_cast<std::streamsize>(bytes.size())).good() &&
         bytes == start;
}

MatlabFile open_matlab(const std::string& path) {
  MatlabFile file{
      .path = path, .bytes = read_file(path, "MATLAB file", most_matlab_bytes), .arrays = {}};
  require(!file.bytes.starts_with("MATLAB 7.3"),
          "'{}' is of MATLAB's version 7.3, which is HDF5 (save it with -v7)", path);
  file.arrays = has_matlab5_header(file.bytes) ? matlab5_arrays(file) : matlab4_arrays(file);
  return file;
}

MatlabArray read_matlab(const MatlabFile& file, const MatlabHeader& header) {
  return has_matlab5_header(file.bytes) ? read_matlab5(file, header) : read_matlab4(file, header);
}

}  // namespace lightloom
