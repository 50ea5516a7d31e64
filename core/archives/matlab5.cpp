#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "core/archives/matlab_formats.hpp"
#include "core/error.hpp"
#include "core/unpacked.hpp"

namespace lightloom {
namespace {

using MatlabBytes = std::span<const std::uint8_t>;

// Tags of data elements ("MAT-File Format", table 1-1) and classes of arrays (table 1-3).
constexpr std::uint32_t int8_tag = 1, uint8_tag = 2, int32_tag = 5, uint32_tag = 6, matrix_tag = 14,
                        compressed_tag = 15, utf8_tag = 16;
constexpr std::uint32_t sparse_class = 5, last_numeric_class = 15, complex_flag = 0x800;
constexpr std::size_t preamble = 128;

MatlabBytes raw_bytes(const std::string& bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

bool is_big_endian(const MatlabFile& file) { return file.bytes[preamble - 2] == 'M'; }

struct Element {
  std::uint32_t tag = 0;
  MatlabBytes data;
};

/// Data elements one after the other.
class Elements {
 public:
  Elements(MatlabBytes bytes, const MatlabFile& file)
      : bytes_(bytes), path_(file.path), swapped_(is_big_endian(file)) {}

  [[nodiscard]] bool more() const { return bytes_.size() >= 8; }
  [[nodiscard]] std::size_t left() const { return bytes_.size(); }
  [[nodiscard]] bool swapped() const { return swapped_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::uint32_t word(MatlabBytes bytes, std::size_t at) const {
    require(at + 4 <= bytes.size(), "'{}' ends too early (the file is truncated)", path_);
    std::array<std::uint8_t, 4> raw{};
    std::copy_n(bytes.data() + at, 4, raw.begin());
    if (swapped_) std::reverse(raw.begin(), raw.end());
    return std::bit_cast<std::uint32_t>(raw);
  }
  Element next() {
    const std::uint32_t first = word(bytes_, 0), second = word(bytes_, 4);
    // The small format: at most four bytes, in the tag itself.
    if (first >> 16 != 0) return take(first & 0xffff, 4, first >> 16, 8);
    const std::size_t padded = first == compressed_tag ? second : (second + std::size_t{7}) / 8 * 8;
    return take(first, 8, second, 8 + padded);
  }

 private:
  Element take(std::uint32_t tag, std::size_t start, std::size_t count, std::size_t all) {
    require(start + count <= bytes_.size() && count <= all - start,
            "'{}' ends too early (the file is truncated or damaged)", path_);
    const Element element{tag, bytes_.subspan(start, count)};
    bytes_ = bytes_.subspan(std::min(all, bytes_.size()));
    return element;
  }

  MatlabBytes bytes_;
  const std::string& path_;
  bool swapped_;
};

/// How far a zlib stream is unpacked.
struct Limit {
  std::size_t bytes = 0;
  bool is_whole = false;  // an `Error` unless it ends before
};

std::vector<std::uint8_t> inflated(MatlabBytes packed, Limit limit, const std::string& path) {
  const std::uint64_t fair = most_unpacked(packed.size());
  limit.bytes = static_cast<std::size_t>(std::min<std::uint64_t>(limit.bytes, fair));
  struct Stream : z_stream {
    Stream() : z_stream{} { inflateInit(this); }
    ~Stream() { inflateEnd(this); }
  } stream;
  stream.next_in = const_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  std::vector<std::uint8_t> out;
  int state = Z_OK;
  while (state == Z_OK && out.size() <= limit.bytes) {
    constexpr std::size_t piece = 1 << 22;
    const std::size_t at = out.size();
    out.resize(std::min(at + piece, limit.bytes + 1));
    stream.next_out = out.data() + at;
    stream.avail_out = static_cast<uInt>(out.size() - at);
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
  }
  const bool is_long = out.size() > limit.bytes && limit.is_whole;
  require(!is_long || limit.bytes < fair || limit.bytes >= most_matlab_bytes,
          "'{}' holds an array that unpacks to more than 64 times its size (damaged, or hardly one "
          "of data: save it with -v4 or in HDF5)",
          path);
  require(!is_long || limit.bytes < most_matlab_bytes, "'{}' holds more than 2 GiB in one array",
          path);
  require(!is_long, "'{}' is damaged (an array is longer than its header says)", path);
  require(state == Z_STREAM_END || (state == Z_OK && !limit.is_whole),
          "'{}' is damaged (zlib cannot unpack it)", path);
  return out;
}

std::vector<std::int64_t> sides_of(const Element& element, const Elements& of) {
  std::vector<std::int64_t> sides(element.data.size() / 4);
  require(element.tag == int32_tag && sides.size() >= 2 && sides.size() <= 32,
          "'{}' is damaged (an array without sides)", of.path());
  for (std::size_t i = 0; i < sides.size(); ++i) {
    sides[i] = static_cast<std::int32_t>(of.word(element.data, 4 * i));
    require(sides[i] >= 0, "'{}' is damaged (a side of {})", of.path(), sides[i]);
  }
  return sides;
}

/// What stands before the numbers of an array; nothing for an array of something else.
struct MatrixHead {
  MatlabHeader header;
  std::size_t stored = 0;  // of a sparse array: at most so many numbers
};

std::optional<MatrixHead> head_of(Elements& elements) {
  const Element flags = elements.next();
  require(flags.tag == uint32_tag, "'{}' is damaged (an array without flags)", elements.path());
  const std::uint32_t word = elements.word(flags.data, 0), kind = word & 0xff;
  if (kind < sparse_class || kind > last_numeric_class) return std::nullopt;
  MatrixHead head{.header = {.name = {}, .shape = sides_of(elements.next(), elements)},
                  .stored = elements.word(flags.data, 4)};
  head.header.is_sparse = kind == sparse_class;
  head.header.is_complex = (word & complex_flag) != 0;
  require(!head.header.is_sparse || head.header.shape.size() == 2,
          "'{}' is damaged (a sparse array without two sides)", elements.path());
  const Element name = elements.next();
  require(name.tag == int8_tag || name.tag == uint8_tag || name.tag == utf8_tag,
          "'{}' is damaged (an array without a name)", elements.path());
  head.header.name.assign(name.data.begin(), name.data.end());
  return head;
}

/// The head of an element of the file, packed or not.
std::optional<MatrixHead> find_head(const Element& element, const MatlabFile& file) {
  if (element.tag == matrix_tag && !element.data.empty()) {
    Elements elements(element.data, file);
    return head_of(elements);
  }
  if (element.tag != compressed_tag) return std::nullopt;
  constexpr std::size_t longest_head = 8192;
  const auto begin = inflated(element.data, {longest_head}, file.path);
  Elements elements(MatlabBytes(begin).subspan(std::min<std::size_t>(8, begin.size())), file);
  if (elements.word(begin, 0) != matrix_tag) return std::nullopt;
  return head_of(elements);
}

MatlabNumbers numbers_of(const Element& element, const Elements& of) {
  static constexpr std::array<NumberType, 14> types{{{' ', 1},
                                                     {'i', 1},
                                                     {'u', 1},
                                                     {'i', 2},
                                                     {'u', 2},
                                                     {'i', 4},
                                                     {'u', 4},
                                                     {'f', 4},
                                                     {' ', 1},
                                                     {'f', 8},
                                                     {' ', 1},
                                                     {' ', 1},
                                                     {'i', 8},
                                                     {'u', 8}}};
  const NumberType type = element.tag < types.size() ? types[element.tag] : types[0];
  require(type.kind != ' ', "'{}' holds elements of a type that is not read", of.path());
  return {.type = {type.kind, type.width, of.swapped()},
          .bytes = {element.data.begin(), element.data.end()}};
}

MatlabNumbers next_numbers(Elements& elements, const MatlabHeader& header) {
  if (!elements.more() && header.count() == 0) return {};
  return numbers_of(elements.next(), elements);
}

/// Row of each number, then where each column begins among them and the last one ends.
std::vector<std::size_t> sparse_places(Elements& elements, const MatlabHeader& header) {
  const MatlabNumbers rows = numbers_of(elements.next(), elements),
                      starts = numbers_of(elements.next(), elements);
  const auto height = static_cast<std::size_t>(header.shape[0]),
             width = static_cast<std::size_t>(header.shape[1]);
  const auto check = [&](bool legal) {
    require(legal, "'{}': '{}' is damaged", elements.path(), header.name);
  };
  check(starts.count() == width + 1 && starts.at(0) == 0);
  std::vector<std::size_t> places;
  for (std::size_t c = 0; c < width; ++c) {
    check(starts.at(c + 1) >= starts.at(c) &&
          starts.at(c + 1) <= static_cast<double>(rows.count()));
    while (static_cast<double>(places.size()) < starts.at(c + 1)) {
      const double row = rows.at(places.size());
      check(row >= 0 && row < static_cast<double>(height));
      places.push_back(static_cast<std::size_t>(row) + height * c);
    }
  }
  return places;
}

MatlabArray read_parts(Elements& elements, const MatlabHeader& header) {
  MatlabArray array;
  if (header.is_sparse) array.places = sparse_places(elements, header);
  array.real = next_numbers(elements, header);
  if (header.is_complex) array.imaginary = next_numbers(elements, header);
  const double needed =
      header.is_sparse ? static_cast<double>(array.places.size()) : header.count();
  for (const MatlabNumbers* part : {&array.real, &array.imaginary}) {
    if (part == &array.imaginary && !header.is_complex) break;
    const auto there = static_cast<double>(part->count());
    require(header.is_sparse ? there >= needed : there == needed,
            "'{}' holds {} numbers in '{}' where its shape needs {}", elements.path(), there,
            header.name, needed);
  }
  return array;
}

/// Bytes that an array takes at most, so that a packed one which lies is found out.
std::size_t most_array_bytes(const MatrixHead& head) {
  constexpr double around = 1 << 16, widest = 8;
  const double columns = head.header.is_sparse ? static_cast<double>(head.header.shape[1]) : 0;
  const double numbers =
      head.header.is_sparse ? static_cast<double>(head.stored) : head.header.count();
  const double bytes = around + widest * (3 * numbers + columns);
  return static_cast<std::size_t>(std::min(bytes, static_cast<double>(most_matlab_bytes)));
}

}  // namespace

bool has_matlab5_header(const std::string& bytes) {
  using namespace std::string_view_literals;
  if (bytes.size() < preamble) return false;
  const std::string_view mark = std::string_view(bytes).substr(preamble - 4, 4);
  return mark == "\0\1IM"sv || mark == "\1\0MI"sv;
}

std::vector<MatlabHeader> matlab5_arrays(const MatlabFile& file) {
  const MatlabBytes bytes = raw_bytes(file.bytes);
  std::vector<MatlabHeader> arrays;
  Elements elements(bytes.subspan(preamble), file);
  while (elements.more()) {
    const std::size_t start = bytes.size() - elements.left();
    auto head = find_head(elements.next(), file);
    if (!head || head->header.name.empty()) continue;  // MATLAB's own are without a name
    head->header.start = start;
    arrays.push_back(std::move(head->header));
  }
  return arrays;
}

MatlabArray read_matlab5(const MatlabFile& file, const MatlabHeader& header) {
  Elements elements(raw_bytes(file.bytes).subspan(header.start), file);
  Element element = elements.next();
  std::vector<std::uint8_t> unpacked;
  if (element.tag == compressed_tag) {
    const auto head = find_head(element, file);
    require(head.has_value(), "'{}' is damaged (an array without flags)", file.path);
    unpacked = inflated(element.data, {most_array_bytes(*head), true}, file.path);
    element = Elements(unpacked, file).next();
  }
  Elements parts(element.data, file);
  head_of(parts);
  return read_parts(parts, header);
}

}  // namespace lightloom
