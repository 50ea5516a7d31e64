#include "core/archives/array_file.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

#include "core/archives/zip.hpp"
#include "core/error.hpp"

namespace lightloom {
namespace {

constexpr std::uint64_t most_elements = std::uint64_t{1} << 48;

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
  const auto skip = [&] {  // Python 2 wrote 3L
    while (at < end && (*at == ' ' || *at == ',' || *at == 'L')) ++at;
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

bool is_known(const NumberType& type, NumberKinds kinds) {
  const auto one_of = [&](std::initializer_list<int> widths) {
    return std::find(widths.begin(), widths.end(), type.width) != widths.end();
  };
  if (kinds == NumberKinds::all && type.kind == 'f' && one_of({12, 16})) return true;
  if (kinds == NumberKinds::all && type.kind == 'c') return one_of({8, 16, 24, 32});
  return (type.kind == 'f' && one_of({2, 4, 8})) ||
         ((type.kind == 'i' || type.kind == 'u') && one_of({1, 2, 4, 8})) ||
         (type.kind == 'b' && type.width == 1);
}

/// "'<f8'": byte order, kind, width.
NumberType header_type(std::string_view text, const std::string& path, NumberKinds kinds) {
  const bool quoted = text.size() >= 4 && text.front() == '\'' && text.back() == '\'';
  const std::string_view name = quoted ? text.substr(1, text.size() - 2) : "";
  require(name.size() < 2 || name[1] != 'O',
          "'{}' holds Python objects, not numbers (save it as numbers: .astype(float) or "
          ".astype(int))",
          path);
  NumberType type{.kind = ' ', .width = 0};
  const char* end = name.data() + name.size();
  if (name.size() >= 3 && std::from_chars(name.data() + 2, end, type.width).ptr == end)
    type.kind = name[1];
  require(kinds == NumberKinds::real || is_known(type, kinds),
          "'{}': elements of the NumPy type {} are not read (float, complex, integer and bool are; "
          "convert it with .astype)",
          path, text);
  require(is_known(type, kinds),
          "'{}' holds elements of the NumPy type {} (real floats, integers and bools are read)",
          path, text);
  type.swapped = name[0] == '>' && type.width > 1;
  return type;
}

/// The dictionary at the front of a NumPy array; nothing where the stream is none.
std::optional<std::string> header_text(ByteStream& stream, const std::string& path) {
  std::uint8_t start[12] = {};
  const std::size_t got = stream.some({start, 10});
  if (got != 10 || std::memcmp(start, "\x93NUMPY", 6) != 0) return std::nullopt;
  const bool wide = start[6] >= 2;
  if (wide) read_exactly(stream, {start + 10, 2}, path);
  std::uint32_t length = 0;
  std::memcpy(&length, start + 8, wide ? 4 : 2);
  constexpr std::uint32_t longest = 1 << 20;  // NumPy itself refuses headers past 10000 bytes
  require(length <= longest, "'{}' is damaged (a NumPy header of {} bytes)", path, length);
  return read_text(stream, length, path);
}

ArrayHeader parsed_header(std::string_view text, const std::string& path, NumberKinds kinds) {
  return {.type = header_type(header_entry(text, "descr", path), path, kinds),
          .columns_first = header_entry(text, "fortran_order", path).starts_with("True"),
          .shape = header_shape(header_entry(text, "shape", path), path)};
}

bool is_of_numbers(std::string_view text) {
  constexpr std::string_view type = "'descr': '";
  const std::size_t at = text.find(type);
  return at != std::string::npos && at + type.size() + 1 < text.size() &&
         std::string_view("fciub").find(text[at + type.size() + 1]) != std::string_view::npos;
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

std::uint64_t ArrayHeader::row(const std::string& path) const {
  return product_of(std::span(shape).subspan(std::min<std::size_t>(1, shape.size())), path);
}

std::uint64_t ArrayHeader::count(const std::string& path) const { return product_of(shape, path); }

std::uint64_t ArrayHeader::size(const std::string& path) const {
  return count(path) * static_cast<std::uint64_t>(type.width);
}

ArrayHeader read_array_header(ByteStream& stream, const std::string& path, NumberKinds kinds) {
  const std::optional<std::string> text = header_text(stream, path);
  require(text.has_value(), "'{}' is not a NumPy file", path);
  return parsed_header(*text, path, kinds);
}

std::optional<ArrayHeader> find_array_header(ByteStream& stream, const std::string& path) {
  const std::optional<std::string> text = header_text(stream, path);
  if (!text || !is_of_numbers(*text)) return std::nullopt;
  return parsed_header(*text, path, NumberKinds::all);
}

ArrayFile open_array(const std::string& path, NumberKinds kinds) {
  auto stream = open_stream(path);
  const ArrayHeader header = read_array_header(*stream, path, kinds);
  return {.path = path, .header = header, .numbers = std::move(stream)};
}

ArrayFile open_archived_array(const std::string& path, const std::string& name, NumberKinds kinds) {
  for (const ZipMember& member : zip_members(path)) {
    if (member.name != name && member.name != name + ".npy") continue;
    auto stream = open_member(path, member);
    const std::string where = path + ":" + name;
    const ArrayHeader header = read_array_header(*stream, where, kinds);
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
  const std::string bytes = read_text(*array.numbers, array.header.size(array.path), array.path);
  require_end(*array.numbers, array.path);
  std::vector<double> numbers(static_cast<std::size_t>(count));
  const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data());
  for (double& number : numbers) {
    number = number_of(from, array.header.type);
    from += width;
  }
  return array.header.columns_first ? rows_first(numbers, array.header.shape) : numbers;
}

}  // namespace lightloom
