#include "nn/files/numbers.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

#include "core/error.hpp"
#include "nn/files/zip.hpp"

namespace lightloom::nn {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::uint64_t most_elements = std::uint64_t{1} << 48;

std::uint64_t little_endian(const std::uint8_t* bytes, const NumberType& type) {
  std::uint64_t value = 0;
  for (int i = 0; i < type.width; ++i)
    value = value << 8 | bytes[type.swapped ? i : type.width - 1 - i];
  return value;
}

double signed_number(std::uint64_t bits, int width) {
  const int shift = 64 - 8 * width;
  return static_cast<double>(static_cast<std::int64_t>(bits << shift) >> shift);
}

std::uint64_t product_of(std::span<const std::int64_t> sides, const std::string& path) {
  std::uint64_t product = 1;
  for (const std::int64_t side : sides) {
    const auto length = static_cast<std::uint64_t>(side);
    require(side >= 0 && (length == 0 || product <= most_elements / length),
            "'{}' has the impossible shape ({})", path, fmt::join(sides, ", "));
    product *= length;
  }
  return product;
}

/// What stands behind `'key':` in a header, up to the end of the value.
std::string_view header_entry(std::string_view header, std::string_view key,
                              const std::string& path) {
  const std::size_t at = header.find(fmt::format("'{}':", key));
  const std::size_t start =
      at == std::string_view::npos ? at : header.find_first_not_of(' ', at + key.size() + 3);
  require(start != std::string_view::npos, "'{}' is not a NumPy array (its header lacks '{}')",
          path, key);
  const char first = header[start];
  const char last = first == '(' ? ')' : first == '\'' ? '\'' : ',';
  const std::size_t end = header.find(last, start + 1);
  require(first != '[' && end != std::string_view::npos,
          "'{}' is an array of records or has a damaged header (plain arrays of numbers are read)",
          path);
  return header.substr(start, end - start + (last == ',' ? 0 : 1));
}

std::vector<std::int64_t> header_shape(std::string_view text, const std::string& path) {
  std::vector<std::int64_t> shape;
  const char* at = text.data() + 1;
  const char* end = text.data() + text.size();
  const auto skip = [&] {
    while (at < end && (*at == ' ' || *at == ',')) ++at;
  };
  bool legal = text.starts_with('(') && text.ends_with(')');
  for (skip(); legal && at < end && *at != ')'; skip()) {
    std::int64_t side = 0;
    const auto [stop, problem] = std::from_chars(at, end, side);
    legal = problem == std::errc{} && side >= 0 && shape.size() < 32;
    shape.push_back(side);
    at = stop;
  }
  require(legal, "'{}' has the impossible shape {}", path, text);
  return shape;
}

NumberType header_type(std::string_view text, const std::string& path) {
  const bool quoted = text.size() >= 4 && text.front() == '\'' && text.back() == '\'';
  const std::string_view name = quoted ? text.substr(1, text.size() - 2) : "";
  require(name.size() < 2 || name[1] != 'O',
          "'{}' holds Python objects, not numbers (save it as numbers: .astype(float) or "
          ".astype(int))",
          path);
  NumberType type{.kind = name.size() >= 3 ? name[1] : ' ', .width = 0};
  if (name.size() >= 3) std::from_chars(name.data() + 2, name.data() + name.size(), type.width);
  const auto one_of = [&](std::initializer_list<int> widths) {
    return std::find(widths.begin(), widths.end(), type.width) != widths.end();
  };
  const bool known = (type.kind == 'f' && one_of({2, 4, 8})) ||
                     ((type.kind == 'i' || type.kind == 'u') && one_of({1, 2, 4, 8})) ||
                     (type.kind == 'b' && type.width == 1);
  require(known,
          "'{}' holds elements of the NumPy type {} (real floats, integers and bools are read)",
          path, text);
  type.swapped = name[0] == '>' && type.width > 1;
  return type;
}

/// Numbers in Fortran order in C order.
std::vector<double> rows_first(const std::vector<double>& columns,
                               const std::vector<std::int64_t>& shape) {
  std::vector<double> rows(columns.size());
  std::vector<std::size_t> stride(shape.size(), 1), at(shape.size(), 0);
  for (std::size_t axis = 1; axis < shape.size(); ++axis)
    stride[axis] = stride[axis - 1] * static_cast<std::size_t>(shape[axis - 1]);
  std::size_t from = 0;
  for (double& number : rows) {
    number = columns[from];
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      from += stride[axis];
      if (++at[axis] < static_cast<std::size_t>(shape[axis])) break;
      from -= stride[axis] * at[axis];
      at[axis] = 0;
    }
  }
  return rows;
}

}  // namespace

std::string NumberType::name() const {
  if (kind == 'b') return "bool";
  if (kind == 'B') return "bfloat16";
  return fmt::format("{}{}", kind == 'f' ? "float" : kind == 'i' ? "int" : "uint", 8 * width);
}

float half_number(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  const float sign = bits >> 15 ? -1.0f : 1.0f;
  if (exponent == 31) return mantissa ? std::nanf("") : sign * INFINITY;
  return exponent == 0 ? sign * std::ldexp(static_cast<float>(mantissa), -24)
                       : sign * std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
}

float bfloat_number(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

double number_of(const std::uint8_t* bytes, const NumberType& type) {
  const std::uint64_t bits = little_endian(bytes, type);
  if (type.kind == 'u' || type.kind == 'b') return static_cast<double>(bits);
  if (type.kind == 'i') return signed_number(bits, type.width);
  if (type.kind == 'B') return bfloat_number(static_cast<std::uint16_t>(bits));
  if (type.width == 8) return std::bit_cast<double>(bits);
  if (type.width == 4) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  return half_number(static_cast<std::uint16_t>(bits));
}

std::uint64_t ArrayHeader::row(const std::string& path) const {
  return product_of(std::span(shape).subspan(std::min<std::size_t>(1, shape.size())), path);
}

std::uint64_t ArrayHeader::count(const std::string& path) const { return product_of(shape, path); }

ArrayHeader read_array_header(ByteStream& stream, const std::string& path) {
  std::uint8_t start[12] = {};
  const std::size_t got = stream.some({start, 10});
  require(got == 10 && std::memcmp(start, "\x93NUMPY", 6) == 0, "'{}' is not a NumPy array", path);
  const bool wide = start[6] >= 2;
  if (wide) read_exactly(stream, {start + 10, 2}, path);
  std::uint32_t length = 0;
  std::memcpy(&length, start + 8, wide ? 4 : 2);
  constexpr std::uint32_t longest = 1 << 20;  // NumPy itself refuses headers past 10000 bytes
  require(length <= longest, "'{}' is damaged (a NumPy header of {} bytes)", path, length);
  const std::string text = read_text(stream, length, path);
  return {.type = header_type(header_entry(text, "descr", path), path),
          .columns_first = header_entry(text, "fortran_order", path).starts_with("True"),
          .shape = header_shape(header_entry(text, "shape", path), path)};
}

ArrayFile open_array(const std::string& path) {
  auto stream = open_stream(path);
  const ArrayHeader header = read_array_header(*stream, path);
  return {.path = path, .header = header, .numbers = std::move(stream)};
}

ArrayFile open_archived_array(const std::string& path, const std::string& name) {
  for (const ZipMember& member : zip_members(path)) {
    if (member.name != name && member.name != name + ".npy") continue;
    auto stream = open_member(path, member);
    const std::string where = path + ":" + name;
    const ArrayHeader header = read_array_header(*stream, where);
    return {.path = where, .header = header, .numbers = std::move(stream)};
  }
  throw Error(fmt::format("'{}' holds no array '{}' (it holds {})", path, name,
                          fmt::join(archived_arrays(path), ", ")));
}

std::vector<std::string> archived_arrays(const std::string& path) {
  std::vector<std::string> names;
  for (const ZipMember& member : zip_members(path))
    if (member.name.ends_with(".npy"))
      names.push_back(member.name.substr(0, member.name.size() - 4));
  return names;
}

std::vector<double> all_numbers(ArrayFile& array) {
  const auto width = static_cast<std::size_t>(array.header.type.width);
  const std::uint64_t count = array.header.count(array.path);
  const std::string bytes = read_text(*array.numbers, count * width, array.path);
  require_end(*array.numbers, array.path);
  std::vector<double> numbers(static_cast<std::size_t>(count));
  const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data());
  for (double& number : numbers) {
    number = number_of(from, array.header.type);
    from += width;
  }
  return array.header.columns_first ? rows_first(numbers, array.header.shape) : numbers;
}

}  // namespace lightloom::nn
