#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/data/images/picture.hpp"

namespace lightloom::nn {
namespace {

/// The pixels that a new one is made of and their shares, which sum to 1.
struct Taps {
  int first = 0;
  std::vector<double> weights;
};

std::vector<Taps> taps_of(int from, int to) {
  const double scale = static_cast<double>(from) / to, reach = std::max(scale, 1.0);
  std::vector<Taps> taps;
  for (int i = 0; i < to; ++i) {
    const double centre = (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(std::floor(centre - reach + 0.5)));
    const int last = std::min(from, static_cast<int>(std::floor(centre + reach + 0.5)));
    Taps one{.first = first, .weights = {}};
    double sum = 0;
    for (int pixel = first; pixel < last; ++pixel) {
      const double share = std::max(0.0, 1 - std::abs(pixel + 0.5 - centre) / reach);
      one.weights.push_back(share);
      sum += share;
    }
    for (double& share : one.weights) share /= sum;
    taps.push_back(std::move(one));
  }
  return taps;
}

std::uint8_t rounded_sample(double value) {
  return static_cast<std::uint8_t>(std::clamp(std::floor(value + 0.5), 0.0, 255.0));
}

/// One pass along an axis: pixel (line, i) is at line * lines + i * step samples.
struct Axis {
  std::size_t lines = 0, line_step = 0, step = 0;
};

/// Samples along an axis, to be read or to be written.
struct SamplesIn {
  const std::vector<std::uint8_t>& samples;
  Axis axis;
};
struct SamplesOut {
  std::vector<std::uint8_t>& samples;
  Axis axis;
};

void filter(const std::vector<Taps>& taps, const SamplesIn& source, const SamplesOut& target) {
  const auto& [from, in] = source;
  const auto& [to, out] = target;
  for (std::size_t line = 0; line < in.lines; ++line) {
    for (std::size_t i = 0; i < taps.size(); ++i) {
      double sum = 0;
      std::size_t at = line * in.line_step + static_cast<std::size_t>(taps[i].first) * in.step;
      for (const double share : taps[i].weights) {
        sum += share * from[at];
        at += in.step;
      }
      to[line * out.line_step + i * out.step] = rounded_sample(sum);
    }
  }
}

/// All channels of all rows.
Picture wider(const Picture& picture, int width) {
  Picture out{picture.height, width, picture.channels, {}};
  const auto channels = static_cast<std::size_t>(picture.channels);
  const auto old_row = static_cast<std::size_t>(picture.width) * channels,
             new_row = static_cast<std::size_t>(width) * channels;
  out.samples.resize(static_cast<std::size_t>(picture.height) * new_row);
  const std::vector<Taps> taps = taps_of(picture.width, width);
  for (std::size_t c = 0; c < channels; ++c) {
    const std::vector<std::uint8_t> plane(picture.samples.begin() + static_cast<std::ptrdiff_t>(c),
                                          picture.samples.end());
    std::vector<std::uint8_t> result(out.samples.size() - c);
    const auto rows = static_cast<std::size_t>(picture.height);
    filter(taps, {plane, {rows, old_row, channels}}, {result, {rows, new_row, channels}});
    for (std::size_t i = 0; i < result.size(); i += channels) out.samples[i + c] = result[i];
  }
  return out;
}

/// All columns, of all channels alike.
Picture taller(const Picture& picture, int height) {
  Picture out{height, picture.width, picture.channels, {}};
  const auto row =
      static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.channels);
  out.samples.resize(static_cast<std::size_t>(height) * row);
  filter(taps_of(picture.height, height), {picture.samples, {row, 1, row}},
         {out.samples, {row, 1, row}});
  return out;
}

}  // namespace

Picture resized(const Picture& picture, int side, const std::string& path) {
  constexpr double most = 1 << 28;
  const int shorter = std::min(picture.height, picture.width);
  const auto scaled = [&](int length) { return std::int64_t{side} * length / shorter; };
  if (shorter == side) return picture;
  const std::int64_t height = scaled(picture.height), width = scaled(picture.width);
  const double samples =
      static_cast<double>(height) * static_cast<double>(width) * picture.channels;
  require(samples <= most,
          "'{}' is {} x {} pixels, which dataset.resize: {} would scale to {} x {} (at most 2^28 "
          "samples are made: cut it to a less narrow image first)",
          path, picture.height, picture.width, side, height, width);
  return taller(wider(picture, static_cast<int>(width)), static_cast<int>(height));
}

Picture centre_crop(const Picture& picture, int height, int width, const std::string& path) {
  if (picture.height == height && picture.width == width) return picture;
  require(picture.height >= height && picture.width >= width,
          "'{}' is {} x {} pixels after scaling, smaller than the {} x {} needed (a larger "
          "dataset.resize)",
          path, picture.height, picture.width, height, width);
  // torchvision's CenterCrop: halves are rounded to even.
  const int top = static_cast<int>(std::nearbyint((picture.height - height) / 2.0)),
            left = static_cast<int>(std::nearbyint((picture.width - width) / 2.0));
  Picture out{height, width, picture.channels, {}};
  const auto channels = static_cast<std::ptrdiff_t>(picture.channels);
  for (int h = 0; h < height; ++h) {
    const auto first =
        picture.samples.begin() + (std::ptrdiff_t{top + h} * picture.width + left) * channels;
    out.samples.insert(out.samples.end(), first, first + width * channels);
  }
  return out;
}

}  // namespace lightloom::nn
