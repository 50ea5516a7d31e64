#include "core/files/npy.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "core/error.hpp"
#include "core/files/npy_elements.hpp"

namespace lightloom {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view magic = "\x93NUMPY";

/// What stands behind `'key':` in the header's Python dictionary, up to the end of the value.
std::string_view entry(std::string_view header, std::string_view key, const std::string& path) {
  const std::size_t at = header.find(fmt::format("'{}':", key));
  const std::size_t start =
      at == std::string_view::npos ? at : header.find_first_not_of(' ', at + key.size() + 3);
  require(start != std::string_view::npos,
          "'{}' is not a NumPy file of this kind (its header lacks '{}')", path, key);
  const char last = header[start] == '(' ? ')' : header[start] == '\'' ? '\'' : ',';
  const std::size_t end = header.find(last, start + 1);
  require(end != std::string_view::npos, "'{}': the NumPy header is cut off", path);
  return header.substr(start, end - start + (last == ',' ? 0 : 1));
}

/// "(3, 4)", "(3,)", "()".
std::vector<std::int64_t> parse_shape(std::string_view text, const std::string& path) {
  std::vector<std::int64_t> shape;
  const char* at = text.data() + 1;
  const char* end = text.data() + text.size();
  const auto skip = [&](std::string_view letters) {
    while (at < end && letters.find(*at) != std::string_view::npos) ++at;
  };
  bool legal = text.starts_with('(') && text.ends_with(')');
  for (skip(" "); legal && at < end && *at != ')'; skip("L, ")) {  // Python 2 wrote 3L
    std::int64_t side = 0;
    const auto [stop, problem] = std::from_chars(at, end, side);
    legal = problem == std::errc{} && side >= 0 && side < std::int64_t{1} << 48;
    if (legal) shape.push_back(side);
    at = stop;
  }
  require(legal && shape.size() <= 32, "'{}' has an impossible shape {}", path, text);
  return shape;
}

/// "'<f8'": byte order, kind, width.
NpyElement parse_type(std::string_view text, const std::string& path) {
  const bool quoted = text.size() >= 5 && text.front() == '\'' && text.back() == '\'';
  const std::string_view name = quoted ? text.substr(1, text.size() - 2) : "";
  int width = 0;
  const bool number =
      name.size() >= 3 && std::from_chars(name.data() + 2, name.data() + name.size(), width).ptr ==
                              name.data() + name.size();
  const auto one_of = [&](std::initializer_list<int> widths) {
    return std::find(widths.begin(), widths.end(), width) != widths.end();
  };
  const char kind = number ? name[1] : ' ';
  const bool known =
      (kind == 'f' && one_of({2, 4, 8, 12, 16})) || (kind == 'c' && one_of({8, 16, 24, 32})) ||
      ((kind == 'i' || kind == 'u') && one_of({1, 2, 4, 8})) || (kind == 'b' && width == 1);
  require(known,
          "'{}': elements of the NumPy type {} are not read (float, complex, integer and bool are; "
          "convert it with .astype)",
          path, text.starts_with('[') ? "of several fields" : text);
  return {.kind = kind, .width = width, .big_endian = name[0] == '>'};
}

template <class Number>
Number number_at(const std::uint8_t* at) {
  Number number;
  std::memcpy(&number, at, sizeof number);
  return number;
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
  const std::uint8_t* at = bytes.data() + i * width;
  const bool is_signed = kind == 'i';
  switch (width) {
    case 1:
      return is_signed ? number_at<std::int8_t>(at) : std::int64_t{*at};
    case 2:
      return is_signed ? number_at<std::int16_t>(at) : std::int64_t{number_at<std::uint16_t>(at)};
    case 4:
      return is_signed ? number_at<std::int32_t>(at) : std::int64_t{number_at<std::uint32_t>(at)};
    default:
      break;
  }
  if (is_signed) return number_at<std::int64_t>(at);
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(
      std::min(number_at<std::uint64_t>(at), static_cast<std::uint64_t>(most)));
}

double NpyArray::real(std::int64_t i) const {
  const std::uint8_t* at = bytes.data() + i * width;
  if (whole()) {
    if (kind == 'u' && width == 8) return static_cast<double>(number_at<std::uint64_t>(at));
    return static_cast<double>(integer(i));
  }
  const int part = kind == 'c' ? width / 2 : width;
  return part == 4 ? static_cast<double>(number_at<float>(at)) : number_at<double>(at);
}

double NpyArray::imaginary(std::int64_t i) const {
  if (kind != 'c') return 0;
  const std::uint8_t* at = bytes.data() + i * width + width / 2;
  return width == 8 ? static_cast<double>(number_at<float>(at)) : number_at<double>(at);
}

namespace {

/// Reads an array from a stream that holds `size` bytes.
NpyArray read_stream(std::istream& file, std::uintmax_t size, const std::string& path) {
  char start[12] = {};
  file.read(start, 10);
  require(file.good() && std::string_view(start, 6) == magic, "'{}' is not a NumPy file", path);
  const bool wide = start[6] >= 2;
  if (wide) file.read(start + 10, 2);
  std::uint32_t length = 0;
  std::memcpy(&length, start + 8, wide ? 4 : 2);
  require(file.good() && length < size, "'{}' ends too early (the NumPy header is cut off)", path);
  std::string header(length, ' ');
  file.read(header.data(), length);
  require(file.good(), "'{}' ends too early (the NumPy header is cut off)", path);
  NpyArray array;
  array.shape = parse_shape(entry(header, "shape", path), path);
  const NpyElement element = parse_type(entry(header, "descr", path), path);
  array.columns_first = entry(header, "fortran_order", path).starts_with("True");
  double needed = static_cast<double>(element.width);
  for (const std::int64_t side : array.shape) needed *= static_cast<double>(side);
  const auto left = static_cast<double>(size) - static_cast<double>(file.tellg());
  require(needed == left, "'{}' has {} bytes of data where its shape needs {} (cut off?)", path,
          left, needed);
  array.bytes.resize(static_cast<std::size_t>(needed));
  file.read(reinterpret_cast<char*>(array.bytes.data()), static_cast<std::streamsize>(needed));
  require(file.good() || needed == 0, "'{}' ends too early (cut off?)", path);
  to_native(element, path, array);
  return array;
}

}  // namespace

NpyArray read_npy(const std::string& path) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  std::ifstream file(path, std::ios::binary);
  require(!failed && file.good(), "cannot read '{}' (the file is missing or not readable)", path);
  return read_stream(file, size, path);
}

NpyArray parse_npy(const std::string& bytes, const std::string& name) {
  std::istringstream stream(bytes);
  return read_stream(stream, bytes.size(), name);
}

std::string npy_bytes(const std::string& type, std::span<const std::int64_t> shape,
                      std::span<const std::uint8_t> bytes) {
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                   type, fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  // Magic, version 1.0 and length take ten bytes; data begin at a multiple of 64.
  header.resize((header.size() + 10 + 64) / 64 * 64 - 11, ' ');
  header += '\n';
  std::string all(magic);
  all += '\x01';
  all += '\0';
  all += static_cast<char>(header.size() & 255);
  all += static_cast<char>(header.size() >> 8);
  all += header;
  all.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return all;
}

}  // namespace lightloom
