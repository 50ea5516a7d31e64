#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/random/random.hpp"
#include "nn/data/dataset.hpp"
#include "nn/slimmable/slimmable_network.hpp"
#include "nn/weights/multilevel/multilevel_card.hpp"

namespace lightloom::nn {

/// Two stages with a residual sum and a projection between them: the gate goes behind `a2`.
inline Graph slim_graph(const MapShape& image = {12, 12, 1}, int classes = 4) {
  GraphBuilder net("slim", image);
  const auto layer = [&](const std::string& name, int from, const ConvolutionOptions& options) {
    return net.batch_norm("bn." + name, net.convolution(name, from, options));
  };
  int at = net.relu(layer("a1", 0, {.channels = 8, .kernel = 3, .stride = 2, .padding = 1}));
  at = net.relu(net.add(layer("a2", at, {.channels = 8, .kernel = 3, .padding = 1}), at));
  const int body = layer("b1", at, {.channels = 16, .kernel = 3, .stride = 2, .padding = 1});
  const int way = layer("b0", at, {.channels = 16, .stride = 2});
  at = net.relu(
      net.add(layer("b2", net.relu(body), {.channels = 16, .kernel = 3, .padding = 1}), way));
  net.linear("fc", net.global_pool(at), classes, true);
  return std::move(net).finish();
}

inline SlimCard slim_card(bool gated) {
  SlimCard card{.widths = {0.25, 0.5, 0.75, 1}, .file = {}, .gate = {}};
  if (gated)
    card.gate =
        GateCard{.after = "a2", .trunk = 0.5, .choices = 4, .schedule = {}, .optimizer = {}};
  return card;
}

inline SourceCard slim_two_level() {
  SourceCard card{.source = "multilevel", .settings = {}, .layers = {}};
  auto& own = card.settings.of<MultilevelCard>();
  own.intra = 2;
  own.cross = 5;
  own.bits = {4, 4, 4};
  return card;
}

/// Images of 12 x 12 pixels of four classes: which quarter is brighter, by less where `hard`, every
/// other image, is. A bright row at the top says which images are easy.
inline ImageSet slim_images(std::size_t count, std::uint64_t seed) {
  ImageSet set{.image = {12, 12, 1}, .pixels = {}, .labels = {}, .normalise = {}};
  const Stream noise({.seed = seed});
  for (std::size_t i = 0; i < count; ++i) {
    const auto label = static_cast<int>(noise.below(4, i, 0));
    const bool hard = noise.below(2, i, 1) == 1;
    set.labels.push_back(static_cast<std::uint16_t>(label));
    for (int y = 0; y < 12; ++y)
      for (int x = 0; x < 12; ++x) {
        const bool bright = (y >= 6) == (label >= 2) && (x >= 6) == (label % 2 == 1);
        const int pixel = 12 * y + x;
        const double level = 80 + (bright ? (hard ? 12 : 70) : 0) + (y == 0 && !hard ? 90 : 0) +
                             25 * noise.normal(i, 2 + static_cast<std::uint64_t>(pixel));
        set.pixels.push_back(static_cast<std::uint8_t>(std::clamp(level, 0.0, 255.0)));
      }
  }
  return set;
}

inline const Dataset& slim_data() {
  static const Dataset data{.shape = {.image = {12, 12, 1}, .classes = 4},
                            .train = slim_images(480, 1),
                            .validation = slim_images(10, 2),
                            .test = slim_images(400, 3)};
  return data;
}

}  // namespace lightloom::nn
