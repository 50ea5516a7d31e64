#include <algorithm>
#include <cstdint>

#include "core/error.hpp"
#include "nn/data/array_set.hpp"
#include "nn/data/readers.hpp"
#include "nn/files/matlab.hpp"

namespace lightloom::nn {
namespace {

const MatlabArray& find(const std::vector<MatlabArray>& arrays, const char* name,
                        const std::string& path) {
  const auto found = std::find_if(arrays.begin(), arrays.end(),
                                  [&](const MatlabArray& one) { return one.name == name; });
  require(found != arrays.end(), "'{}' holds no array '{}' of whole numbers (SVHN has X and y)",
          path, name);
  return *found;
}

/// X is (height, width, channels, image), columns first.
void append_images(const MatlabArray& x, ImageSet& set, const std::string& path) {
  const MapShape& map = set.image;
  require(x.shape.size() >= 3 && x.shape.size() <= 4 && x.shape[0] == map.height &&
              x.shape[1] == map.width && x.shape[2] == map.channels,
          "'{}' holds images of another shape than {} x {} x {}", path, map.height, map.width,
          map.channels);
  const std::size_t size = static_cast<std::size_t>(map.size()), images = x.values.size() / size;
  const auto area = static_cast<std::size_t>(std::int64_t{map.height} * map.width);
  for (std::size_t n = 0; n < images; ++n) {
    for (std::size_t h = 0; h < static_cast<std::size_t>(map.height); ++h) {
      for (std::size_t w = 0; w < static_cast<std::size_t>(map.width); ++w) {
        const std::size_t at = n * size + h + static_cast<std::size_t>(map.height) * w;
        for (std::size_t c = 0; c < static_cast<std::size_t>(map.channels); ++c)
          set.pixels.push_back(x.values[at + c * area]);
      }
    }
  }
}

/// SVHN's cropped digits: X, uint8 (height, width, channels, count), and y, 1 to 10, where 10 is
/// the digit zero.
ImageSet read_svhn(const std::vector<std::string>& paths, const DatasetShape& expected) {
  ImageSet set{.image = expected.image, .pixels = {}, .labels = {}};
  give_no_labels(expected, set);
  for (const std::string& path : paths) {
    const std::vector<MatlabArray> arrays = read_matlab(path);
    const MatlabArray& labels = find(arrays, "y", path);
    append_images(find(arrays, "X", path), set, path);
    for (const std::uint8_t label : labels.values) {
      require(label >= 1 && label <= expected.classes, "'{}' holds the label {} (SVHN has 1 to {})",
              path, label, expected.classes);
      set.labels.push_back(
          static_cast<std::uint16_t>(label % expected.classes));  // 10 is the digit zero
    }
    require(set.pixels.size() == set.labels.size() * static_cast<std::size_t>(set.image.size()),
            "'{}' holds different numbers of images and labels", path);
  }
  return set;
}

}  // namespace

Reader svhn_reader() {
  return {.format = "MATLAB files",
          .read = read_svhn,
          .takes = [](const std::string& path) { return path.ends_with(".mat"); },
          .published = {{"svhn", {"train_32x32.mat"}, {"test_32x32.mat"}}}};
}

}  // namespace lightloom::nn
