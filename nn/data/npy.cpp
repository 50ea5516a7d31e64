#include <array>
#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "nn/data/readers.hpp"

namespace lightloom::nn {
namespace {

static_assert(std::endian::native == std::endian::little);

/// A NumPy array of whole numbers as its bytes.
struct Bytes {
  std::string type;  // "|u1", "<i8", ...
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> data;

  [[nodiscard]] std::size_t width() const { return static_cast<std::size_t>(type.back() - '0'); }
};

/// What stands behind `'key':` in the header's Python dictionary.
std::string entry(const std::string& header, const std::string& key, char last,
                  const std::string& path) {
  const std::size_t at = header.find("'" + key + "':");
  const std::size_t end = at == std::string::npos ? at : header.find(last, at + key.size() + 5);
  require(end != std::string::npos, "'{}' is not a NumPy file of this kind (its header lacks '{}')",
          path, key);
  return header.substr(at + key.size() + 3, end - at - key.size() - 3);
}

std::vector<std::int64_t> parse_shape(const std::string& text, const std::string& path) {
  std::vector<std::int64_t> shape;
  std::size_t at = text.find('(') + 1;
  while (at < text.size()) {
    std::size_t used = 0;
    std::int64_t side = -1;
    try {
      side = std::stoll(text.substr(at), &used);
    } catch (const std::exception&) {
      break;
    }
    require(side >= 0 && side < std::int64_t{1} << 32, "'{}' has an impossible shape {}", path,
            text);
    shape.push_back(side);
    at = text.find(',', at + used);
    if (at == std::string::npos) break;
    ++at;
  }
  return shape;
}

Bytes read_npy(const std::string& path) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  std::ifstream file(path, std::ios::binary);
  std::array<char, 12> start{};
  require(!failed && file.good(), "cannot read '{}' (the file is missing or not readable)", path);
  file.read(start.data(), 10);
  require(file.good() && std::memcmp(start.data(), "\x93NUMPY", 6) == 0, "'{}' is not a NumPy file",
          path);
  const bool wide = start[6] >= 2;
  if (wide) file.read(start.data() + 10, 2);
  std::uint32_t length = 0;
  std::memcpy(&length, start.data() + 8, wide ? 4 : 2);
  require(file.good() && length < size, "'{}' ends too early (the file is truncated)", path);
  std::string header(length, ' ');
  file.read(header.data(), length);
  const std::string type = entry(header, "descr", ',', path);
  Bytes bytes{.shape = parse_shape(entry(header, "shape", ')', path), path)};
  const std::size_t quote = type.find('\'');
  bytes.type = quote == std::string::npos ? "" : type.substr(quote + 1, 3);
  const bool whole = bytes.type == "|u1" || bytes.type == "|i1" || bytes.type == "<u2" ||
                     bytes.type == "<i2" || bytes.type == "<i4" || bytes.type == "<u4" ||
                     bytes.type == "<i8" || bytes.type == "<u8";
  require(whole, "'{}' holds elements of the NumPy type {} (images are uint8, labels integers)",
          path, type);
  require(entry(header, "fortran_order", ',', path).find("True") == std::string::npos,
          "'{}' is in Fortran order (save it with np.ascontiguousarray)", path);
  double needed = static_cast<double>(bytes.width());
  for (const std::int64_t side : bytes.shape) needed *= static_cast<double>(side);
  const auto left = static_cast<double>(size) - static_cast<double>(file.tellg());
  require(needed == left, "'{}' has {} bytes of data where its shape needs {} (truncated?)", path,
          left, needed);
  bytes.data.resize(static_cast<std::size_t>(needed));
  file.read(reinterpret_cast<char*>(bytes.data.data()), static_cast<std::streamsize>(needed));
  require(file.good() || needed == 0, "'{}' ends too early (the file is truncated)", path);
  return bytes;
}

/// (count, height, width, channels); one channel may go without its axis.
void append_images(const std::string& path, const DatasetShape& expected, ImageSet& set) {
  const Bytes bytes = read_npy(path);
  const MapShape& map = expected.image;
  std::vector<std::int64_t> wanted{bytes.shape.empty() ? 0 : bytes.shape[0], map.height, map.width};
  if (map.channels > 1 || bytes.shape.size() == 4) wanted.push_back(map.channels);
  require(bytes.type == "|u1" && bytes.shape == wanted,
          "'{}' holds {} of shape ({}) where {} needs uint8 images (count, {}, {}, {})", path,
          bytes.type, fmt::join(bytes.shape, ", "), expected.name, map.height, map.width,
          map.channels);
  set.pixels.insert(set.pixels.end(), bytes.data.begin(), bytes.data.end());
}

void append_labels(const std::string& path, const DatasetShape& expected, ImageSet& set) {
  const Bytes bytes = read_npy(path);
  require(bytes.shape.size() == 1, "'{}' holds an array of {} axes where labels have one", path,
          bytes.shape.size());
  for (std::size_t i = 0; i < bytes.data.size(); i += bytes.width()) {
    std::uint64_t label = 0;  // a negative one becomes too large
    std::memcpy(&label, bytes.data.data() + i, bytes.width());
    require(label < static_cast<std::uint64_t>(expected.classes),
            "'{}' holds a label in place {} that is not one of the {} classes of {}", path,
            i / bytes.width(), expected.classes, expected.name);
    set.labels.push_back(static_cast<std::uint16_t>(label));
  }
}

}  // namespace

ImageSet read_npy_pairs(const std::vector<std::string>& paths, const DatasetShape& expected) {
  require(paths.size() % 2 == 0, "a data set of NumPy files lists images and labels in turn");
  ImageSet set{.image = expected.image};
  for (std::size_t i = 0; i < paths.size(); i += 2) {
    append_images(paths[i], expected, set);
    append_labels(paths[i + 1], expected, set);
    require(
        set.pixels.size() == set.labels.size() * static_cast<std::size_t>(expected.image.size()),
        "'{}' and '{}' hold different numbers of images and labels", paths[i], paths[i + 1]);
  }
  return set;
}

}  // namespace lightloom::nn
