#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/archives/matlab.hpp"
#include "core/error.hpp"
#include "nn/data/array_set.hpp"
#include "nn/data/readers.hpp"

namespace lightloom::nn {
namespace {

/// An array of whole numbers of 0 to 255, columns first.
struct SmallNumbers {
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> values;
};

/// Whole numbers of 0 to 255; empty where there are others.
std::vector<std::uint8_t> small_numbers(MatlabNumbers numbers) {
  if (numbers.type.kind == 'u' && numbers.type.width == 1) return std::move(numbers.bytes);
  std::vector<std::uint8_t> values(numbers.count());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double number = numbers.at(i);
    if (!(number >= 0 && number <= 255) || number != std::trunc(number)) return {};
    values[i] = static_cast<std::uint8_t>(number);
  }
  return values;
}

SmallNumbers find(const MatlabFile& file, const char* name) {
  const auto found =
      std::find_if(file.arrays.begin(), file.arrays.end(), [&](const MatlabHeader& one) {
        return one.name == name && !one.is_sparse && !one.is_complex;
      });
  SmallNumbers array;
  if (found != file.arrays.end())
    array = {.shape = found->shape, .values = small_numbers(read_matlab(file, *found).real)};
  require(!array.values.empty(), "'{}' holds no array '{}' of whole numbers (SVHN has X and y)",
          file.path, name);
  return array;
}

/// X is (height, width, channels, image), columns first.
void append_images(const SmallNumbers& x, ImageSet& set, const std::string& path) {
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
    const MatlabFile file = open_matlab(path);
    const SmallNumbers labels = find(file, "y");
    append_images(find(file, "X"), set, path);
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
