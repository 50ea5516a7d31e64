#include "core/error.hpp"
#include "core/files/hdf5_images.hpp"
#include "nn/data/readers.hpp"

namespace lightloom::nn {
namespace {

void append_file(const std::string& path, const DatasetShape& expected, ImageSet& set) {
  const Hdf5Images file = read_hdf5_images(path);
  const std::vector<std::int64_t>& shape = file.images.shape;
  const MapShape& map = expected.image;
  std::vector<std::int64_t> wanted{shape[0], map.height, map.width};
  if (map.channels > 1 || shape.size() == 4) wanted.push_back(map.channels);
  require(shape == wanted, "'{}' holds images of shape ({}) where {} needs (count, {}, {}, {})",
          path, fmt::join(shape, ", "), expected.name, map.height, map.width, map.channels);
  require(file.labels.shape == std::vector<std::int64_t>{shape[0]},
          "'{}' holds {} images and labels of shape ({})", path, shape[0],
          fmt::join(file.labels.shape, ", "));
  set.pixels.insert(set.pixels.end(), file.images.values.begin(), file.images.values.end());
  for (const std::int64_t label : file.labels.values) {
    require(label >= 0 && label < expected.classes,
            "'{}' holds the label {}, which is not one of the {} classes of {}", path, label,
            expected.classes, expected.name);
    set.labels.push_back(static_cast<std::uint16_t>(label));
  }
}

/// The data sets `images`, uint8 (count, height, width, channels), and `labels` (count).
ImageSet read_files(const std::vector<std::string>& paths, const DatasetShape& expected) {
  ImageSet set{.image = expected.image};
  for (const std::string& path : paths) append_file(path, expected, set);
  return set;
}

}  // namespace

Reader hdf5_reader() {
  return {.format = "HDF5 files", .read = read_files, .takes = [](const std::string& path) {
            return path.ends_with(".h5") || path.ends_with(".hdf5");
          }};
}

}  // namespace lightloom::nn
