#include "nn/data/images/array_layout.hpp"

#include <fmt/ranges.h>

#include "core/error.hpp"

namespace lightloom::nn {
namespace {

using Lengths = std::vector<std::int64_t>;

/// Channels are 1, 3 or 4 where nothing else says so.
bool is_colour(std::int64_t side) { return side == 1 || side == 3 || side == 4; }

int side_of(std::int64_t side, const std::string& path) {
  constexpr std::int64_t most = 1 << 24;
  require(side >= 1 && side <= most, "'{}' has an axis of {} elements", path, side);
  return static_cast<int>(side);
}

MapShape last(const Lengths& shape, const std::string& path) {
  return {side_of(shape[1], path), side_of(shape[2], path), side_of(shape[3], path)};
}

MapShape first(const Lengths& shape, const std::string& path) {
  return {side_of(shape[2], path), side_of(shape[3], path), side_of(shape[1], path)};
}

/// Whether the sides that are known are those of `image`.
bool agrees(const MapShape& image, const MapShape& known) {
  const auto same = [](int side, int wanted) { return wanted == 0 || side == wanted; };
  return same(image.height, known.height) && same(image.width, known.width) &&
         same(image.channels, known.channels);
}

std::string text_of(const MapShape& image) {
  return fmt::format("{} x {} of {} channels", image.height, image.width, image.channels);
}

}  // namespace

MapShape image_of(const Lengths& shape, const DatasetShape& known, const std::string& path) {
  if (shape.size() == 2) return {1, 1, side_of(shape[1], path)};
  if (shape.size() == 3) return {side_of(shape[1], path), side_of(shape[2], path), 1};
  require(
      shape.size() == 4,
      "'{}' has the shape ({}) where images are (count, height, width, channels), (count, "
      "channels, height, width) or (count, height, width), and rows of numbers (count, numbers)",
      path, fmt::join(shape, ", "));
  const MapShape as_last = last(shape, path), as_first = first(shape, path);
  if (known.reading.layout == SampleOrder::channels_last || as_last == as_first) return as_last;
  if (known.reading.layout == SampleOrder::channels_first) return as_first;
  const bool fits_last = agrees(as_last, known.image), fits_first = agrees(as_first, known.image);
  if (fits_last != fits_first) return fits_last ? as_last : as_first;
  const bool last_is_colour = is_colour(shape[3]), first_is_colour = is_colour(shape[1]);
  require(last_is_colour != first_is_colour,
          "'{}' of shape ({}) may hold images of {} or of {} (say dataset.layout: channels_last or "
          "channels_first)",
          path, fmt::join(shape, ", "), text_of(as_last), text_of(as_first));
  return last_is_colour ? as_last : as_first;
}

bool has_channels_first(const Lengths& shape, const DatasetShape& expected,
                        const std::string& path) {
  const MapShape& image = expected.image;
  const Lengths rows(shape.begin() + (shape.empty() ? 0 : 1), shape.end());
  const Lengths as_last{image.height, image.width, image.channels},
      as_first{image.channels, image.height, image.width}, flat{image.size()},
      grey{image.height, image.width};
  const SampleOrder layout = expected.reading.layout;
  const bool one_way = image.channels == 1 || image.height * image.width == 1;
  const bool is_flat = rows == flat;
  if (one_way &&
      (rows == as_last || rows == as_first || is_flat || (rows == grey && image.channels == 1)))
    return false;
  const bool fits_last = rows == as_last || is_flat, fits_first = rows == as_first || is_flat;
  require(fits_last || fits_first,
          "'{}' has the shape ({}) where {} needs (count, {}, {}, {}) or (count, {}, {}, {}); give "
          "the data set a name of its own to take another shape from the file",
          path, fmt::join(shape, ", "), expected.name, image.height, image.width, image.channels,
          image.channels, image.height, image.width);
  require(fits_last != fits_first || layout != SampleOrder::automatic,
          "'{}' of shape ({}) may be read as (height, width, channels) or as (channels, height, "
          "width), {} x {} x {} (say dataset.layout: channels_last or channels_first)",
          path, fmt::join(shape, ", "), image.height, image.width, image.channels);
  return fits_last == fits_first ? layout == SampleOrder::channels_first : fits_first;
}

}  // namespace lightloom::nn
