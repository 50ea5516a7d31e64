#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/error.hpp"
#include "nn/graph/matrix_engine.hpp"
#include "nn/network/network.hpp"
#include "nn/ops/quantise.hpp"
#include "nn/weights/direct/integer_source.hpp"
#include "nn/weights/direct/learned_step_source.hpp"
#include "nn/weights/direct/power_source.hpp"

namespace lightloom::nn {

namespace integers {

/// The distance of neighbouring weights: of a stored scale, or the smallest power of two in use.
inline float weight_scale(WeightLayer& layer, const std::string& kind,
                          const std::vector<float>& dense) {
  if (kind == power_kind) {
    float least = 0;
    for (const float w : dense)
      if (w != 0 && (least == 0 || std::abs(w) < least)) least = std::abs(w);
    return least == 0 ? 1 : least;
  }
  for (const CodedStream& stream : layer.source->codes())
    if (stream.name == "scale" && stream.words.size() == 1)
      return std::bit_cast<float>(stream.words[0]);
  throw Error(fmt::format("layer '{}' does not store integers of one scale", layer.shape.name));
}

inline std::vector<std::int64_t> integers_of(const std::vector<float>& dense, float scale,
                                             const std::string& layer) {
  std::vector<std::int64_t> integers;
  for (const float w : dense) {
    const float n = scale > 0 ? std::rint(w / scale) : 0.0f;
    require(n * scale == w, "a weight of layer '{}' is no multiple of its scale", layer);
    integers.push_back(static_cast<std::int64_t>(n));
  }
  return integers;
}

/// The step of `quantise_activation`, by the rule that it documents.
inline float input_scale(const WeightLayer& layer) {
  require(layer.activation_bits > 0 && layer.range.seen,
          "layer '{}' does not quantise its inputs (weights.activations), or never saw any",
          layer.shape.name);
  const float low = std::min(layer.range.low, 0.0f), high = std::max(layer.range.high, 0.0f);
  const float top = static_cast<float>((1 << layer.activation_bits) - 1);
  return std::max((high - low) / top, std::numeric_limits<float>::epsilon());
}

/// One output: the window at (h, w) of output channel `out`.
inline std::int64_t sum_at(const LayerShape& s, const std::int64_t* image,
                           const std::vector<std::int64_t>& weights, int out, int h, int w) {
  const int in_group = s.in_channels / s.groups, out_group = s.out_channels / s.groups;
  std::int64_t sum = 0;
  for (int i = 0; i < s.kernel_height; ++i) {
    const int y = h * s.stride.height - s.padding.top + i * s.dilation.height;
    if (y < 0 || y >= s.in_height) continue;
    for (int j = 0; j < s.kernel_width; ++j) {
      const int x = w * s.stride.width - s.padding.left + j * s.dilation.width;
      if (x < 0 || x >= s.in_width) continue;
      const std::int64_t* pixel = image + (std::int64_t{y} * s.in_width + x) * s.in_channels +
                                  std::int64_t{out / out_group} * in_group;
      for (int c = 0; c < in_group; ++c) {
        const std::int64_t at =
            ((std::int64_t{out} * in_group + c) * s.kernel_height + i) * s.kernel_width + j;
        sum += weights[static_cast<std::size_t>(at)] * pixel[c];
      }
    }
  }
  return sum;
}

}  // namespace integers

/// Products as integer hardware computes them: integer weights times integer activations, summed
/// exactly in 64 bits, one multiplication by both scales at the end. Checks the fake-quantised
/// path, which multiplies rounded floats. For networks whose layers quantise their inputs and whose
/// sources are uniform integers, learned steps or powers of two.
class IntegerEngine : public MatrixEngine {
 public:
  /// Takes the integers that the sources store now. Throws `Error` for other sources and for layers
  /// without a quantiser that has seen its range.
  explicit IntegerEngine(Network& network);

  /// Throws `Error` when the weights are not those integers times their scale, to the bit.
  void load(int layer, const LayerShape& shape, std::span<const float> weights,
            std::uint32_t write) override;
  /// Throws `Error` when an input is not a level of the layer's quantiser, to the bit.
  void multiply(int layer, const InputMaps& inputs, std::span<float> outputs) override;

  /// The largest magnitude of a sum so far: what an accumulator must hold.
  [[nodiscard]] std::int64_t largest_sum() const { return largest_sum_; }

 private:
  struct Layer {
    LayerShape shape;
    std::vector<std::int64_t> weights;
    float weight_scale = 1, input_scale = 1;
  };

  std::vector<Layer> layers_;
  std::int64_t largest_sum_ = 0;
};

inline IntegerEngine::IntegerEngine(Network& network) {
  for (WeightLayer& layer : network.weight_layers()) {
    const std::string kind = card_for(network.source_card(), layer.shape.name).source;
    require(kind == integer_kind || kind == learned_step_kind || kind == power_kind,
            "the weights of layer '{}' are not integers but '{}'", layer.shape.name, kind);
    const std::vector<float> dense = dense_weight(layer);
    const float scale = integers::weight_scale(layer, kind, dense);
    layers_.push_back({.shape = layer.shape,
                       .weights = integers::integers_of(dense, scale, layer.shape.name),
                       .weight_scale = scale,
                       .input_scale = integers::input_scale(layer)});
  }
}

inline void IntegerEngine::load(int layer, const LayerShape& shape, std::span<const float> weights,
                                std::uint32_t /*write*/) {
  const Layer& own = layers_.at(static_cast<std::size_t>(layer));
  require(weights.size() == own.weights.size(), "layer '{}' has other weights", shape.name);
  for (std::size_t i = 0; i < weights.size(); ++i)
    require(static_cast<float>(own.weights[i]) * own.weight_scale == weights[i],
            "the weights of layer '{}' changed", shape.name);
}

inline void IntegerEngine::multiply(int layer, const InputMaps& inputs, std::span<float> outputs) {
  const Layer& own = layers_.at(static_cast<std::size_t>(layer));
  const LayerShape& s = own.shape;
  std::vector<std::int64_t> codes;
  for (const float x : inputs.values) {
    const float code = std::rint(x / own.input_scale);
    require(code * own.input_scale == x, "an input of layer '{}' is no level of its quantiser",
            s.name);
    codes.push_back(static_cast<std::int64_t>(code));
  }
  const double scale = double{own.weight_scale} * own.input_scale;
  std::size_t at = 0;
  for (int n = 0; n < inputs.images; ++n) {
    const std::int64_t* image =
        codes.data() + std::int64_t{n} * s.in_height * s.in_width * s.in_channels;
    for (int h = 0; h < s.out_height; ++h)
      for (int w = 0; w < s.out_width; ++w)
        for (int out = 0; out < s.out_channels; ++out) {
          const std::int64_t sum = integers::sum_at(s, image, own.weights, out, h, w);
          largest_sum_ = std::max(largest_sum_, std::abs(sum));
          outputs[at++] = static_cast<float>(scale * static_cast<double>(sum));
        }
  }
}

}  // namespace lightloom::nn
