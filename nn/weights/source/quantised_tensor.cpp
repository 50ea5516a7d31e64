#include "nn/weights/source/quantised_tensor.hpp"

#include <algorithm>
#include <cmath>

#include "core/random/random.hpp"
#include "nn/weights/source/latent.hpp"

namespace lightloom::nn {

QuantisedTensor make_tensor(const char* name, std::int64_t count, int bits, Rounding rounding) {
  QuantisedTensor tensor{
      .bits = bits, .rounded = rounding == Rounding::dorefa, .scale = {.range = 0, .scale = 1}};
  const auto size = static_cast<std::size_t>(count);
  tensor.latent.name = name;
  for (auto* buffer :
       {&tensor.latent.value, &tensor.latent.gradient, &tensor.levels, &tensor.d_value})
    buffer->resize(size);
  if (tensor.rounded) tensor.squashed.resize(size);
  return tensor;
}

void quantise(QuantisedTensor& tensor) {
  tensor.unclamped = false;
  if (tensor.rounded)
    tensor.scale = dorefa_forward(tensor.latent.value, tensor.bits, tensor.squashed, tensor.levels);
  else
    std::copy(tensor.latent.value.begin(), tensor.latent.value.end(), tensor.levels.begin());
}

void round_to_levels(QuantisedTensor& tensor) {
  if (!tensor.on() || !tensor.rounded || tensor.bits < 2 || tensor.bits > 15) return;
  quantise(tensor);
  std::vector<float>& latent = tensor.latent.value;
  const float full = std::exp2(static_cast<float>(tensor.bits)) - 1;
  float top = 0;  // the largest magnitude: the quantiser's range is its
  for (const float value : latent) top = std::max(top, std::abs(value));
  for (std::size_t i = 0; i < latent.size(); ++i) {
    const float level = tensor.levels[i];
    latent[i] = std::abs(level) >= full ? std::copysign(top, level)
                                        : std::atanh(tensor.scale.scale * level);
  }
}

void keep_unrounded(QuantisedTensor& tensor, double ratio, const TrainingStep& step,
                    std::uint64_t which) {
  if (!tensor.rounded || tensor.scale.scale == 0.0f) return;
  tensor.unclamped = true;
  const Stream stream({.seed = step.seed, .purpose = Purpose::quant_noise, .layer = step.layer});
  for (std::size_t i = 0; i < tensor.levels.size(); ++i)
    if (stream.uniform(i, 3 * step.step + which) >= ratio)
      tensor.levels[i] = tensor.squashed[i] / tensor.scale.scale;
}

void add_gradient(QuantisedTensor& tensor, float outside) {
  if (!tensor.on()) return;
  for (float& d : tensor.d_value) d *= outside;
  std::vector<float>& gradient = tensor.latent.gradient;
  if (!tensor.rounded || (tensor.unclamped && tensor.bits == 1)) {
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] += tensor.d_value[i];
  } else if (tensor.unclamped) {
    for (std::size_t i = 0; i < gradient.size(); ++i)
      gradient[i] += tensor.d_value[i] * (1.0f - tensor.squashed[i] * tensor.squashed[i]);
  } else {
    dorefa_backward(tensor.squashed, tensor.scale, tensor.d_value, gradient);
  }
}

double set_latent(QuantisedTensor& tensor, std::span<const float> values) {
  std::copy(values.begin(), values.end(), tensor.latent.value.begin());
  if (!tensor.rounded || values.empty()) return 1;
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  to_latent(tensor.latent.value, tensor.bits, 1.0f);
  return tensor.bits == 32 && largest > 0 ? largest
                                          : 1.0;  // 32 bits: the quantiser stretches to one
}

}  // namespace lightloom::nn
