#include "nn/files/matlab.hpp"

#include <zlib.h>

#include <cstring>
#include <optional>
#include <span>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"

namespace lightloom::nn {
namespace {

using Bytes = std::span<const std::uint8_t>;

// Tags of level 5.
constexpr std::uint32_t int8_tag = 1, uint8_tag = 2, int32_tag = 5, uint32_tag = 6, double_tag = 9,
                        matrix_tag = 14, compressed_tag = 15;
constexpr std::size_t most_bytes = std::size_t{1} << 31;

struct Element {
  std::uint32_t tag = 0;
  Bytes data;
};

/// Data elements one after the other.
class Elements {
 public:
  Elements(Bytes bytes, const std::string& path) : bytes_(bytes), path_(path) {}

  [[nodiscard]] bool more() const { return bytes_.size() >= 8; }
  Element next() {
    const std::uint32_t first = word(0), second = word(4);
    // The small format: at most four bytes, in the tag itself.
    if (first >> 16 != 0) return take(first & 0xffff, 4, first >> 16, 8);
    const std::size_t padded = first == compressed_tag ? second : (second + std::size_t{7}) / 8 * 8;
    return take(first, 8, second, 8 + padded);
  }

 private:
  [[nodiscard]] std::uint32_t word(std::size_t at) const {
    require(at + 4 <= bytes_.size(), "'{}' ends too early (the file is truncated)", path_);
    std::uint32_t value = 0;
    std::memcpy(&value, bytes_.data() + at, 4);
    return value;
  }
  Element take(std::uint32_t tag, std::size_t start, std::size_t count, std::size_t all) {
    require(start + count <= bytes_.size() && count <= all - start,
            "'{}' ends too early (the file is truncated or damaged)", path_);
    const Element element{tag, bytes_.subspan(start, count)};
    bytes_ = bytes_.subspan(std::min(all, bytes_.size()));
    return element;
  }

  Bytes bytes_;
  const std::string& path_;
};

/// A whole zlib stream.
std::vector<std::uint8_t> inflated(Bytes packed, const std::string& path) {
  struct Stream : z_stream {
    Stream() : z_stream{} { inflateInit(this); }
    ~Stream() { inflateEnd(this); }
  } stream;
  stream.next_in = const_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  std::vector<std::uint8_t> out;
  int state = Z_OK;
  while (state == Z_OK) {
    constexpr std::size_t piece = 1 << 22;
    require(out.size() + piece <= most_bytes, "'{}' holds more than 2 GiB in one array", path);
    const std::size_t at = out.size();
    out.resize(at + piece);
    stream.next_out = out.data() + at;
    stream.avail_out = piece;
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(at + piece - stream.avail_out);
  }
  require(state == Z_STREAM_END, "'{}' is damaged (zlib cannot unpack it)", path);
  return out;
}

/// Whole numbers of 0 to 255, from the types that MATLAB may store them in.
std::optional<std::vector<std::uint8_t>> small_numbers(const Element& element) {
  if (element.tag == uint8_tag) {
    return std::vector<std::uint8_t>(element.data.begin(), element.data.end());
  }
  if (element.tag != double_tag) return std::nullopt;
  std::vector<std::uint8_t> values(element.data.size() / 8);
  for (std::size_t i = 0; i < values.size(); ++i) {
    double number = 0;
    std::memcpy(&number, element.data.data() + 8 * i, 8);
    if (!(number >= 0 && number <= 255)) return std::nullopt;
    values[i] = static_cast<std::uint8_t>(number);
  }
  return values;
}

std::vector<std::int64_t> sides_of(const Element& element, const std::string& path) {
  std::vector<std::int64_t> sides(element.data.size() / 4);
  require(element.tag == int32_tag && sides.size() >= 2 && sides.size() <= 8,
          "'{}' is damaged (an array without sides)", path);
  for (std::size_t i = 0; i < sides.size(); ++i) {
    std::int32_t side = 0;
    std::memcpy(&side, element.data.data() + 4 * i, 4);
    require(side >= 0, "'{}' is damaged (a side of {})", path, side);
    sides[i] = side;
  }
  return sides;
}

std::optional<MatlabArray> array_of(Bytes matrix, const std::string& path) {
  Elements elements(matrix, path);
  require(elements.next().tag == uint32_tag, "'{}' is damaged (an array without flags)", path);
  MatlabArray array{.name = {}, .shape = sides_of(elements.next(), path), .values = {}};
  const Element name = elements.next();
  require(name.tag == int8_tag, "'{}' is damaged (an array without a name)", path);
  array.name.assign(name.data.begin(), name.data.end());
  if (!elements.more()) return std::nullopt;
  auto values = small_numbers(elements.next());
  if (!values) return std::nullopt;
  array.values = std::move(*values);
  double count = 1;
  for (const std::int64_t side : array.shape) count *= static_cast<double>(side);
  require(count == static_cast<double>(array.values.size()),
          "'{}' holds {} numbers in '{}' where its shape needs {}", path, array.values.size(),
          array.name, count);
  return array;
}

}  // namespace

std::vector<MatlabArray> read_matlab(const std::string& path) {
  const std::string contents = read_file(path, "MATLAB file", most_bytes);
  const Bytes bytes(reinterpret_cast<const std::uint8_t*>(contents.data()), contents.size());
  require(bytes.size() >= 128 && std::memcmp(bytes.data(), "MATLAB 5.0 MAT-file", 19) == 0 &&
              bytes[126] == 'I' && bytes[127] == 'M',
          "'{}' is not a little-endian MATLAB 5.0 file", path);
  std::vector<MatlabArray> arrays;
  Elements elements(bytes.subspan(128), path);
  while (elements.more()) {
    Element element = elements.next();
    std::vector<std::uint8_t> unpacked;
    if (element.tag == compressed_tag) {
      unpacked = inflated(element.data, path);
      element = Elements(unpacked, path).next();
    }
    if (element.tag != matrix_tag) continue;
    if (auto array = array_of(element.data, path)) arrays.push_back(std::move(*array));
  }
  return arrays;
}

}  // namespace lightloom::nn
