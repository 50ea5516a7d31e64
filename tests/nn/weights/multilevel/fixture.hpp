#pragma once

#include <cmath>
#include <vector>

#include "core/random/random.hpp"
#include "nn/weights/multilevel/multilevel_source.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {

inline std::vector<float> normals(std::int64_t count, double spread, std::uint64_t shot = 0) {
  std::vector<float> values(static_cast<std::size_t>(count));
  fill_normal(Stream({.seed = 5, .purpose = Purpose::test}), shot, values);
  for (float& value : values) value *= static_cast<float>(spread);
  return values;
}

inline LayerShape convolution(int in, int out, int kernel, int groups = 1) {
  return {.name = "conv",
          .in_channels = in,
          .out_channels = out,
          .kernel_height = kernel,
          .kernel_width = kernel,
          .groups = groups};
}

inline SourceCard multilevel(int intra, int cross, FactorBits bits = {}) {
  return {.source = "multilevel",
          .settings = MultilevelCard{.bits = bits, .intra = intra, .cross = cross}};
}

inline std::vector<float> materialised(WeightSource& source, const LayerShape& shape) {
  std::vector<float> weight(static_cast<std::size_t>(shape.weights()));
  source.materialise(weight);
  return weight;
}

inline double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(double{a[i]} - b[i], 2);
  return std::sqrt(sum);
}

inline double norm(const std::vector<float>& a) {
  return distance(a, std::vector<float>(a.size()));
}

/// A layer and how it is generated.
struct Case {
  LayerShape shape;
  int intra, cross;
};

/// The generator that a card makes of a layer.
inline MultilevelSource generator(const SourceCard& card, const LayerShape& shape) {
  return dynamic_cast<MultilevelSource&>(*make_source(card, shape));
}

}  // namespace lightloom::nn
