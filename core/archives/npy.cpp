#include "core/archives/npy.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/archives/npy_elements.hpp"
#include "core/error.hpp"

namespace lightloom {
namespace {

/// As many bytes as there are up to `most`, taken in pieces: a count that lies takes no memory.
std::vector<std::uint8_t> bytes_up_to(ByteStream& stream, std::uint64_t most) {
  constexpr std::uint64_t piece = 1 << 22;
  std::vector<std::uint8_t> bytes;
  while (bytes.size() < most) {
    const std::size_t at = bytes.size();
    bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(most, at + piece)));
    const std::size_t got = stream.some(std::span(bytes).subspan(at));
    if (at + got == bytes.size()) continue;
    bytes.resize(at + got);
    break;
  }
  return bytes;
}

}  // namespace

std::int64_t NpyArray::count() const {
  std::int64_t all = 1;
  for (const std::int64_t side : shape) all *= side;
  return all;
}

std::string NpyArray::type() const {
  return fmt::format("{}{}{}", width > 1 ? '<' : '|', kind, width);
}

std::int64_t NpyArray::integer(std::int64_t i) const {
  return whole_number_of(bytes.data() + i * width, {.kind = kind, .width = width});
}

double NpyArray::real(std::int64_t i) const {
  const bool pair = kind == 'c';
  return number_of(bytes.data() + i * width,
                   {.kind = pair ? 'f' : kind, .width = pair ? width / 2 : width});
}

double NpyArray::imaginary(std::int64_t i) const {
  if (kind != 'c') return 0;
  return number_of(bytes.data() + i * width + width / 2, {.kind = 'f', .width = width / 2});
}

NpyArray read_npy(ArrayFile file) {
  NpyArray array;
  array.shape = file.header.shape;
  array.columns_first = file.header.columns_first;
  const std::uint64_t needed = file.header.size(file.path);
  array.bytes = bytes_up_to(*file.numbers, needed);
  const std::uint64_t there = array.bytes.size() + drain(*file.numbers);
  require(there == needed, "'{}' has {} bytes of data where its shape needs {} (cut off?)",
          file.path, there, needed);
  to_native(file.header.type, file.path, array);
  return array;
}

NpyArray read_npy(const std::string& path) { return read_npy(open_array(path, NumberKinds::all)); }

std::string npy_bytes(const std::string& type, std::span<const std::int64_t> shape,
                      std::span<const std::uint8_t> bytes) {
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                   type, fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  // Magic, version 1.0 and length take ten bytes; data begin at a multiple of 64.
  header.resize((header.size() + 10 + 64) / 64 * 64 - 11, ' ');
  header += '\n';
  std::string all("\x93NUMPY");
  all += '\x01';
  all += '\0';
  all += static_cast<char>(header.size() & 255);
  all += static_cast<char>(header.size() >> 8);
  all += header;
  all.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return all;
}

}  // namespace lightloom
