#include "core/archives/array_file.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
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

constexpr std::string_view blanks = " \t\r\n";

std::size_t behind_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(blanks, at), text.size());
}

/// Where a value of a Python literal that begins at `at` ends: text in quotes, brackets of any
/// depth, or a word. npos: nowhere.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  if (at >= text.size()) return std::string_view::npos;
  if (text[at] == '\'' || text[at] == '"') {
    const std::size_t quote = text.find(text[at], at + 1);
    return quote == std::string_view::npos ? quote : quote + 1;
  }
  if (text[at] != '(' && text[at] != '[') return text.find_first_of(",:}\'\" \t\r\n", at);
  int depth = 0;
  for (; at < text.size(); ++at) {
    depth += text[at] == '(' || text[at] == '[';
    depth -= text[at] == ')' || text[at] == ']';
    if (depth == 0) return at + 1;
  }
  return std::string_view::npos;
}

using HeaderEntries = std::map<std::string_view, std::string_view>;

/// The entries of a header, a dictionary of Python; nothing for what Python would not read.
std::optional<HeaderEntries> entries_of(std::string_view text) {
  HeaderEntries entries;
  std::size_t at = behind_blanks(text, 0);
  if (at == text.size() || text[at] != '{') return std::nullopt;
  for (at = behind_blanks(text, at + 1); at < text.size() && text[at] != '}';) {
    const std::size_t key = at, key_end = end_of_value(text, key);
    if (key_end == std::string_view::npos || (text[key] != '\'' && text[key] != '"'))
      return std::nullopt;
    const std::size_t colon = behind_blanks(text, key_end);
    if (colon == text.size() || text[colon] != ':') return std::nullopt;
    const std::size_t value = behind_blanks(text, colon + 1), value_end = end_of_value(text, value);
    if (value_end == std::string_view::npos) return std::nullopt;
    entries[text.substr(key + 1, key_end - key - 2)] = text.substr(value, value_end - value);
    at = behind_blanks(text, value_end);
    if (at < text.size() && text[at] == ',')
      at = behind_blanks(text, at + 1);
    else if (at == text.size() || text[at] != '}')
      return std::nullopt;
  }
  if (at >= text.size() || behind_blanks(text, at + 1) != text.size()) return std::nullopt;
  return entries;
}

/// The three entries of a header. Whatever NumPy would read otherwise, or not, is refused.
HeaderEntries header_entries(std::string_view text, const std::string& path) {
  const bool is_plain = std::ranges::all_of(text, [](char letter) {
    return (letter >= ' ' && letter <= '~') || blanks.find(letter) != std::string_view::npos;
  });
  const std::optional<HeaderEntries> entries = is_plain ? entries_of(text) : std::nullopt;
  require(entries.has_value(), "'{}' is damaged (its NumPy header is no dictionary of Python)",
          path);
  for (const char* key : {"descr", "fortran_order", "shape"})
    require(entries->contains(key), "'{}' is not a NumPy array (its header lacks '{}')", path, key);
  const std::string_view order = entries->at("fortran_order");
  require(entries->size() == 3 && (order == "True" || order == "False"),
          "'{}' is damaged (its NumPy header says {} things, and '{}' of its order)", path,
          entries->size(), order);
  require(!entries->at("descr").starts_with('['),
          "'{}' is an array of records (plain arrays of numbers are read)", path);
  return *entries;
}

/// "(2, 3)" or "(2,)", as Python means it. Python 2 wrote 3L.
std::vector<std::int64_t> header_shape(std::string_view text, const std::string& path) {
  std::vector<std::int64_t> shape;
  const bool in_brackets = text.size() >= 2 && text.front() == '(' && text.back() == ')';
  const std::string_view inner = in_brackets ? text.substr(1, text.size() - 2) : "";
  const char* const end = inner.data() + inner.size();
  bool legal = in_brackets, more = false;
  for (std::size_t at = behind_blanks(inner, 0); legal && at < inner.size();) {
    std::int64_t side = 0;
    const auto [stop, problem] = std::from_chars(inner.data() + at, end, side);
    at = static_cast<std::size_t>(stop - inner.data());
    if (at < inner.size() && inner[at] == 'L') ++at;
    at = behind_blanks(inner, at);
    more = at < inner.size() && inner[at] == ',';
    legal =
        problem == std::errc{} && side >= 0 && shape.size() < 32 && (more || at == inner.size());
    if (more) at = behind_blanks(inner, at + 1);
    shape.push_back(side);
  }
  require(legal && (more || shape.size() != 1), "'{}' has the impossible shape {}", path, text);
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
  const bool quoted = text.size() >= 4 && (text.front() == '\'' || text.front() == '"') &&
                      text.back() == text.front();
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
  require(start[6] >= 1 && start[6] <= 3 && start[7] == 0,
          "'{}' has a NumPy header of version {}.{} (versions 1.0 to 3.0 are read)", path, start[6],
          start[7]);
  const bool wide = start[6] >= 2;
  if (wide) read_exactly(stream, {start + 10, 2}, path);
  std::uint32_t length = 0;
  std::memcpy(&length, start + 8, wide ? 4 : 2);
  constexpr std::uint32_t longest = 10'000;  // NumPy's own limit
  require(length <= longest, "'{}' is damaged (a NumPy header of {} bytes)", path, length);
  return read_text(stream, length, path);
}

ArrayHeader parsed_header(std::string_view text, const std::string& path, NumberKinds kinds) {
  const HeaderEntries entries = header_entries(text, path);
  return {.type = header_type(entries.at("descr"), path, kinds),
          .columns_first = entries.at("fortran_order") == "True",
          .shape = header_shape(entries.at("shape"), path)};
}

/// Whether a header speaks of numbers, or is damaged.
bool is_of_numbers(std::string_view text) {
  const std::optional<HeaderEntries> entries = entries_of(text);
  if (!entries || !entries->contains("descr")) return true;
  const std::string_view type = entries->at("descr");
  return type.size() > 2 && std::string_view("fciub").find(type[2]) != std::string_view::npos;
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
