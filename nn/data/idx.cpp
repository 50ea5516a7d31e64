#include <algorithm>
#include <filesystem>
#include <memory>
#include <span>

#include "core/archives/byte_stream.hpp"
#include "core/error.hpp"
#include "nn/data/array_set.hpp"
#include "nn/data/readers.hpp"

namespace lightloom::nn {
namespace {

/// A file, packed by gzip or not, read front to back; every problem is one `Error` that names it.
class Source {
 public:
  explicit Source(const std::string& path) : path_(path), file_(open_stream(path)) {}

  std::uint32_t big_endian() {
    std::uint8_t b[4];
    read_exactly(*file_, b, path_);
    return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
  }

  /// `count` bytes, in pieces so that a header that lies cannot make us allocate what is not there.
  LargeVector<std::uint8_t> read_all(std::uint64_t count) {
    constexpr std::uint64_t piece = 1 << 20;
    LargeVector<std::uint8_t> all;
    while (all.size() < count) {
      const std::size_t at = all.size();
      all.resize(static_cast<std::size_t>(std::min(count, at + piece)));
      read_exactly(*file_, std::span(all).subspan(at), path_);
    }
    return all;
  }

  /// Nothing may follow; also makes zlib check its checksum.
  void require_end() { lightloom::require_end(*file_, path_); }

 private:
  std::string path_;
  std::unique_ptr<ByteStream> file_;
};

/// A pair of files, gzipped or not: images (magic 2051) and labels (magic 2049).
ImageSet read_idx(const std::string& images_path, const std::string& labels_path,
                  const DatasetShape& expected) {
  ImageSet set{.image = expected.image, .pixels = {}, .labels = {}};
  Source images(images_path);
  require(images.big_endian() == 2051, "'{}' is not an IDX image file (wrong magic number)",
          images_path);
  const std::uint64_t count = images.big_endian();
  const std::uint32_t height = images.big_endian(), width = images.big_endian();
  require(height == static_cast<std::uint32_t>(set.image.height) &&
              width == static_cast<std::uint32_t>(set.image.width),
          "'{}' holds images of {}x{} ({} needs {}x{})", images_path, height, width, expected.name,
          set.image.height, set.image.width);
  set.pixels = images.read_all(count * height * width);
  images.require_end();

  Source labels(labels_path);
  require(labels.big_endian() == 2049, "'{}' is not an IDX label file (wrong magic number)",
          labels_path);
  require(labels.big_endian() == count, "'{}' and '{}' hold different numbers of records",
          images_path, labels_path);
  const LargeVector<std::uint8_t> numbers = labels.read_all(count);
  set.labels.assign(numbers.begin(), numbers.end());
  labels.require_end();
  require(std::all_of(set.labels.begin(), set.labels.end(),
                      [&](std::uint16_t label) { return label < expected.classes; }),
          "'{}' holds a label past the {} classes of {}", labels_path, expected.classes,
          expected.name);
  require(count > 0, "'{}' holds no images", images_path);
  return set;
}

/// Images and labels in turn.
ImageSet read_pairs(const std::vector<std::string>& paths, const DatasetShape& expected) {
  require(paths.size() % 2 == 0, "a data set of IDX files lists images and labels in turn");
  ImageSet all{.image = expected.image, .pixels = {}, .labels = {}};
  give_no_labels(expected, all);
  for (std::size_t i = 0; i < paths.size(); i += 2) {
    const ImageSet pair = read_idx(paths[i], paths[i + 1], expected);
    all.pixels.insert(all.pixels.end(), pair.pixels.begin(), pair.pixels.end());
    all.labels.insert(all.labels.end(), pair.labels.begin(), pair.labels.end());
  }
  return all;
}

/// What the first pair's headers and all labels say.
DatasetShape look_at_idx(const std::vector<std::string>& paths, const DatasetShape& known) {
  DatasetShape found = known;
  require(paths.size() % 2 == 0, "a data set of IDX files lists images and labels in turn");
  for (std::size_t i = 0; i < paths.size(); i += 2) {
    Source images(paths[i]), labels(paths[i + 1]);
    require(images.big_endian() == 2051 && labels.big_endian() == 2049,
            "'{}' and '{}' are not IDX images and their labels", paths[i], paths[i + 1]);
    images.big_endian();
    const std::uint32_t height = images.big_endian(), width = images.big_endian();
    constexpr std::uint32_t most = 1 << 16;
    require(height > 0 && height < most && width > 0 && width < most, "'{}' holds images of {}x{}",
            paths[i], height, width);
    if (known.image.height == 0) found.image.height = static_cast<int>(height);
    if (known.image.width == 0) found.image.width = static_cast<int>(width);
    if (known.image.channels == 0) found.image.channels = 1;
    if (known.classes > 0) break;
    for (const std::uint8_t label : labels.read_all(labels.big_endian()))
      found.classes = std::max(found.classes, label + 1);
  }
  if (known.task == Task::autoencoder) found.classes = static_cast<int>(found.image.size());
  return found;
}

/// As their authors name such files, or .idx.
bool is_idx(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename().string();
  return name.find("-ubyte") != std::string::npos || name.ends_with(".idx") ||
         name.ends_with(".idx.gz");
}

}  // namespace

Reader idx_reader() {
  const std::vector<std::string> train{"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"},
      test{"t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"};
  return {.format = "IDX files",
          .read = read_pairs,
          .takes = is_idx,
          .published = {{"mnist", train, test, {"MNIST/raw"}},
                        {"fashion-mnist", train, test, {"FashionMNIST/raw"}}},
          .look = look_at_idx};
}

}  // namespace lightloom::nn
