#include "core/files/file_kind.hpp"

#include <array>
#include <fstream>
#include <utility>

namespace lightloom {

std::string_view kind_of_bytes(std::string_view bytes) {
  using namespace std::string_view_literals;
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kinds{{
      {"PK\x03\x04"sv,
       "a zip archive (as NumPy's .npz, PyTorch's .pt and an Excel workbook are)"sv},
      {"\xd0\xcf\x11\xe0"sv, "an old Excel workbook"sv},
      {"\x1f\x8b"sv, "a gzip file"sv},
      {"BZh"sv, "a bzip2 file"sv},
      {"\xfd"
       "7zXZ"sv,
       "an xz file"sv},
      {"\x28\xb5\x2f\xfd"sv, "a Zstandard file"sv},
      {"\x93NUMPY"sv, "a NumPy file (.npy)"sv},
      {"\x89HDF\r\n"sv, "an HDF5 file"sv},
      {"\x89PNG"sv, "a PNG image"sv},
      {"\xff\xd8\xff"sv, "a JPEG image"sv},
      {"GIF8"sv, "a GIF image"sv},
      {"RIFF"sv, "a RIFF file (WebP, WAV)"sv},
      {"BM"sv, "a BMP image"sv},
      {"%PDF"sv, "a PDF document"sv},
      {"\x80"sv, "a Python pickle"sv},
  }};
  for (const auto& [magic, kind] : kinds)
    if (bytes.starts_with(magic)) return kind;
  return "";
}

std::string kind_of_file(const std::string& path) {
  std::array<char, 16> start{};
  std::ifstream(path, std::ios::binary).read(start.data(), start.size());
  return std::string(kind_of_bytes({start.data(), start.size()}));
}

}  // namespace lightloom
