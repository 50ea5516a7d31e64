#include "core/files/npy.hpp"

#include "core/error.hpp"
#include "nn/data/readers.hpp"

namespace lightloom::nn {
namespace {

/// Throws `Error` for Fortran order, which images and labels are not kept in.
NpyArray read_whole_numbers(const std::string& path) {
  NpyArray array = read_npy(path);
  require(array.kind == 'i' || array.kind == 'u',
          "'{}' holds elements of the NumPy type {} (images are uint8, labels integers)", path,
          array.type());
  require(!array.columns_first || array.shape.size() < 2,
          "'{}' is in Fortran order (save it with np.ascontiguousarray)", path);
  return array;
}

/// (count, height, width, channels); one channel may go without its axis.
void append_images(const std::string& path, const DatasetShape& expected, ImageSet& set) {
  const NpyArray array = read_whole_numbers(path);
  const MapShape& map = expected.image;
  std::vector<std::int64_t> wanted{array.shape.empty() ? 0 : array.shape[0], map.height, map.width};
  if (map.channels > 1 || array.shape.size() == 4) wanted.push_back(map.channels);
  require(array.kind == 'u' && array.width == 1 && array.shape == wanted,
          "'{}' holds {} of shape ({}) where {} needs uint8 images (count, {}, {}, {})", path,
          array.type(), fmt::join(array.shape, ", "), expected.name, map.height, map.width,
          map.channels);
  set.pixels.insert(set.pixels.end(), array.bytes.begin(), array.bytes.end());
}

void append_labels(const std::string& path, const DatasetShape& expected, ImageSet& set) {
  const NpyArray array = read_whole_numbers(path);
  require(array.shape.size() == 1, "'{}' holds an array of {} axes where labels have one", path,
          array.shape.size());
  for (std::int64_t i = 0; i < array.count(); ++i) {
    const std::int64_t label = array.integer(i);
    require(label >= 0 && label < expected.classes,
            "'{}' holds the label {} in place {}, which is not one of the {} classes of {}", path,
            label, i, expected.classes, expected.name);
    set.labels.push_back(static_cast<std::uint16_t>(label));
  }
}

/// uint8 images (count, height, width, channels) and their integer labels (count), in turn.
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

}  // namespace

Reader npy_reader() {
  return {.format = "NumPy files", .read = read_npy_pairs, .takes = [](const std::string& path) {
            return path.ends_with(".npy");
          }};
}

}  // namespace lightloom::nn
