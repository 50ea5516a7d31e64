#pragma once

#include <cstdint>
#include <vector>

#include "nn/graph/graph.hpp"

namespace lightloom::nn {

/// Shift and scale of the pixels per channel, as many published weights expect:
/// (value / 255 - mean) / std.
struct Normalise {
  std::vector<double> mean, std;  // one number per channel; empty: pixels stay in [0, 1]
};

/// Labelled images, 8 bits a channel, (image, height, width, channel). Unless normalised a pixel is
/// value / 255, so in [0, 1]: inputs of intensity-coded hardware cannot be negative.
struct ImageSet {
  MapShape image;
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint16_t> labels;
  Normalise normalise;

  [[nodiscard]] std::size_t size() const { return labels.size(); }
};

}  // namespace lightloom::nn
