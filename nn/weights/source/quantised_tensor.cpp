#include "nn/weights/source/quantised_tensor.hpp"

#include <algorithm>
#include <cmath>

#include "core/random/random.hpp"
#include "nn/weights/source/latent.hpp"

namespace lightloom::nn {

Factor make_factor(const char* name, std::int64_t count, int bits, Rounding rounding) {
  Factor factor{
      .bits = bits, .rounded = rounding == Rounding::dorefa, .scale = {.range = 0, .scale = 1}};
  const auto size = static_cast<std::size_t>(count);
  factor.latent.name = name;
  for (auto* buffer :
       {&factor.latent.value, &factor.latent.gradient, &factor.levels, &factor.d_value})
    buffer->resize(size);
  if (factor.rounded) factor.squashed.resize(size);
  return factor;
}

void quantise(Factor& factor) {
  factor.unclamped = false;
  if (factor.rounded)
    factor.scale = dorefa_forward(factor.latent.value, factor.bits, factor.squashed, factor.levels);
  else
    std::copy(factor.latent.value.begin(), factor.latent.value.end(), factor.levels.begin());
}

void keep_unrounded(Factor& factor, double ratio, const TrainingStep& step, std::uint64_t which) {
  if (!factor.rounded || factor.scale.scale == 0.0f) return;
  factor.unclamped = true;
  const Stream stream({.seed = step.seed, .purpose = Purpose::quant_noise, .layer = step.layer});
  for (std::size_t i = 0; i < factor.levels.size(); ++i)
    if (stream.uniform(i, 3 * step.step + which) >= ratio)
      factor.levels[i] = factor.squashed[i] / factor.scale.scale;
}

void add_gradient(Factor& factor, float outside) {
  if (!factor.on()) return;
  for (float& d : factor.d_value) d *= outside;
  std::vector<float>& gradient = factor.latent.gradient;
  if (!factor.rounded || (factor.unclamped && factor.bits == 1)) {
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] += factor.d_value[i];
  } else if (factor.unclamped) {
    for (std::size_t i = 0; i < gradient.size(); ++i)
      gradient[i] += factor.d_value[i] * (1.0f - factor.squashed[i] * factor.squashed[i]);
  } else {
    dorefa_backward(factor.squashed, factor.bits, factor.scale, factor.d_value, gradient);
  }
}

double set_latent(Factor& factor, std::span<const float> values) {
  std::copy(values.begin(), values.end(), factor.latent.value.begin());
  if (!factor.rounded || values.empty()) return 1;
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  to_latent(factor.latent.value, factor.bits, 1.0f);
  return factor.bits == 32 && largest > 0 ? largest
                                          : 1.0;  // 32 bits: the quantiser stretches to one
}

}  // namespace lightloom::nn
