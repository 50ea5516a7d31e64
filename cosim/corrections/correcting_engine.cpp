#include "cosim/corrections/correcting_engine.hpp"

#include <algorithm>

namespace lightloom::cosim {

std::int64_t NetworkCorrector::numbers() const {
  std::int64_t sum = 0, widest = 0;
  for (const LayerCorrector& layer : layers) {
    sum += layer.numbers();
    widest = std::max(widest, layer.numbers());
  }
  return shared ? widest : sum;
}

void CorrectingEngine::load(int layer, const nn::LayerShape& shape, std::span<const float> weights,
                            std::uint32_t write) {
  chip_.load(layer, shape, weights, write);
  shapes_[static_cast<std::size_t>(layer)] = shape;
}

void CorrectingEngine::multiply(int layer, const nn::InputMaps& inputs, std::span<float> outputs) {
  chip_.multiply(layer, inputs, outputs);
  const auto k = static_cast<std::size_t>(layer);
  correct(corrector_.layers[k], {shapes_[k], chip_.passes(layer)}, inputs, outputs);
}

}  // namespace lightloom::cosim
