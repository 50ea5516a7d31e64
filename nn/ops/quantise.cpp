#include "nn/ops/quantise.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>

namespace lightloom::nn {
namespace {

constexpr std::size_t lanes = 16;

/// Beyond this tanh rounds to one in single precision.
constexpr double tanh_saturates = 9.02;

/// tanh|x| = e / (e + 2) with e = expm1(2|x|), which loses no digits near zero; within 1e-13, so
/// that rounded to single precision it is what any other careful tanh gives.
double tanh_one(double x) {
  constexpr double whole = 0x1.8p52;  // added to a small number, it leaves the nearest integer
  const double size = std::abs(x), y = 2 * (size > tanh_saturates ? tanh_saturates : size);
  const double shifted = y * 1.4426950408889634 + whole, k = shifted - whole;
  const double r = y - k * 0.6931471805599453;  // y = k ln2 + r
  // Taylor of expm1(r), |r| <= ln2/2: the first term left out is below 1e-14 of r.
  double p = 1.0 / 479001600;
  p = p * r + 1.0 / 39916800;
  p = p * r + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r * r + r;
  // 2^k from the integer in the lowest bits.
  const auto exponent = std::bit_cast<std::int64_t>(shifted) << 52;
  const double power = std::bit_cast<double>(exponent + std::bit_cast<std::int64_t>(1.0));
  const double e = power * p + (power - 1);
  return std::copysign(e / (e + 2), x);  // a NaN stays one
}

/// Fixed lanes: vectorises, and the result does not depend on where the array lies in memory.
template <class Combine>
std::array<float, lanes> over_lanes(std::span<const float> x, Combine combine) {
  std::array<float, lanes> acc{};
  const std::size_t whole = x.size() / lanes * lanes;
  for (std::size_t i = 0; i < whole; i += lanes)
    for (std::size_t j = 0; j < lanes; ++j) acc[j] = combine(acc[j], x[i + j]);
  for (std::size_t i = whole; i < x.size(); ++i) acc[i - whole] = combine(acc[i - whole], x[i]);
  return acc;
}

float largest_magnitude(std::span<const float> x) {
  const auto acc = over_lanes(x, [](float a, float b) {
    const float m = std::abs(b);
    return m > a ? m : a;
  });
  return *std::max_element(acc.begin(), acc.end());
}

float mean_magnitude(std::span<const float> x) {
  double sum = 0;
  for (const float value : x) sum += std::abs(value);
  return x.empty() ? 0.0f : static_cast<float>(sum / static_cast<double>(x.size()));
}

float sign(float x) { return static_cast<float>((x > 0.0f) - (x < 0.0f)); }

float clamp_unit(float x) { return std::min(std::max(x, -1.0f), 1.0f); }

/// The odd integers n = 2 round((t / 2R + 1/2) top) - top. In double, or who rounds the product
/// before the sum and who does not would part at every millionth weight.
void round_to_levels(std::span<const float> t, float range, int bits, std::span<float> levels) {
  const double top = std::exp2(bits) - 1, half = top / (2.0 * range);
  for (std::size_t i = 0; i < t.size(); ++i)
    levels[i] = static_cast<float>(2.0 * std::rint(t[i] * half + top / 2) - top);
}

/// t / M with M = max|t| at one element k: dt_j = g_j / M, less sign(t_k) sum(g t) / M^2 at k.
void rescale_backward(std::span<const float> t, float range, std::span<const float> d_out,
                      std::span<float> d_x) {
  std::size_t top = 0;
  double along = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    if (std::abs(t[i]) > std::abs(t[top])) top = i;
    along += static_cast<double>(d_out[i]) * t[i];
  }
  for (std::size_t i = 0; i < t.size(); ++i) d_x[i] += d_out[i] / range * (1.0f - t[i] * t[i]);
  d_x[top] -= static_cast<float>(along / range / range) * sign(t[top]) * (1.0f - t[top] * t[top]);
}

}  // namespace

void tanh_of(std::span<const float> x, std::span<float> t) {
  assert(x.size() == t.size());
  for (std::size_t i = 0; i < x.size(); ++i) t[i] = static_cast<float>(tanh_one(x[i]));
}

DorefaScale dorefa_forward(std::span<const float> x, int bits, std::span<float> squashed,
                           std::span<float> levels) {
  assert(bits >= 1 && bits <= 32 && squashed.size() == x.size() && levels.size() == x.size());
  if (bits == 1) {
    std::copy(x.begin(), x.end(), squashed.begin());
    for (std::size_t i = 0; i < x.size(); ++i) levels[i] = sign(x[i]);
    const float mean = mean_magnitude(x);
    return {.bits = bits, .range = mean, .scale = mean};
  }
  tanh_of(x, squashed);
  const float range = largest_magnitude(squashed);
  if (range == 0.0f) {
    std::fill(levels.begin(), levels.end(), 0.0f);
    return {.bits = bits};
  }
  if (bits == 32) {
    for (std::size_t i = 0; i < x.size(); ++i) levels[i] = squashed[i] / range;
    return {.bits = bits, .range = range, .scale = 1.0f};
  }
  round_to_levels(squashed, range, bits, levels);
  return {.bits = bits, .range = range, .scale = static_cast<float>(range / (std::exp2(bits) - 1))};
}

void dorefa_backward(std::span<const float> squashed, const DorefaScale& scale,
                     std::span<const float> d_out, std::span<float> d_x) {
  const int bits = scale.bits;
  assert(squashed.size() == d_out.size() && squashed.size() == d_x.size());
  // An all-zero tensor has no scale; the limit R -> 0 of the clamped rule is the plain
  // straight-through gradient.
  if (scale.range == 0.0f) {
    for (std::size_t i = 0; i < d_x.size(); ++i) d_x[i] += d_out[i];
    return;
  }
  if (bits == 32) return rescale_backward(squashed, scale.range, d_out, d_x);
  const float span = bits == 1 ? scale.range : 2.0f * scale.range, inverse = 1.0f / span;
  if (bits == 1) {
    for (std::size_t i = 0; i < d_x.size(); ++i) d_x[i] += clamp_unit(span * d_out[i]) * inverse;
    return;
  }
  for (std::size_t i = 0; i < d_x.size(); ++i) {
    const float slope = 1.0f - squashed[i] * squashed[i];
    d_x[i] += clamp_unit(span * d_out[i]) * inverse * slope;
  }
}

float integer_forward(std::span<const float> x, int bits, float clip, std::span<float> levels) {
  assert(bits >= 1 && bits <= 24 && levels.size() == x.size());
  if (bits == 1) {
    for (std::size_t i = 0; i < x.size(); ++i) levels[i] = sign(x[i]);
    return mean_magnitude(x);
  }
  const float top = static_cast<float>((1 << (bits - 1)) - 1);
  const float scale = clip * largest_magnitude(x) / top;
  const float inverse = scale > 0.0f ? 1.0f / scale : 0.0f;
  for (std::size_t i = 0; i < x.size(); ++i)
    levels[i] = std::min(std::max(std::rint(x[i] * inverse), -top), top);
  return scale;
}

float best_clip(std::span<const float> x, int bits) {
  if (bits == 1) return 1.0f;
  const float largest = largest_magnitude(x);
  const float top = static_cast<float>((1 << (bits - 1)) - 1);
  float best = 1.0f;
  double least = std::numeric_limits<double>::infinity();
  for (int step = 100; step >= 10 && largest > 0.0f; step -= 2) {
    const float clip = static_cast<float>(step) / 100.0f;
    const float scale = clip * largest / top, inverse = 1.0f / scale;
    double error = 0;
    for (const float value : x) {
      const float miss = std::min(std::max(std::rint(value * inverse), -top), top) * scale - value;
      error += static_cast<double>(miss) * miss;
    }
    if (error < least) {
      least = error;
      best = clip;
    }
  }
  return best;
}

void observe(std::span<const float> x, ActivationRange& range) {
  if (x.empty()) return;
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  if (!range.seen) {
    range = {.low = *low, .high = *high, .seen = true};
    return;
  }
  range.low += 0.01f * (*low - range.low);
  range.high += 0.01f * (*high - range.high);
}

ActivationScale activation_scale(int bits, const ActivationRange& range) {
  assert(bits >= 1 && bits <= 16);
  const float low = std::min(range.low, 0.0f), high = std::max(range.high, 0.0f);
  ActivationScale made{.bits = bits};
  made.scale = std::max((high - low) / made.top(), std::numeric_limits<float>::epsilon());
  made.zero = std::min(std::max(-std::rint(low / made.scale), 0.0f), made.top());
  made.inverse = 1.0f / made.scale;
  return made;
}

float ActivationScale::level(float value) const {
  return std::min(std::max(std::rint(value * inverse + zero), 0.0f), top());
}

void quantise_activation(std::span<float> x, int bits, const ActivationRange& range) {
  if (!range.seen) return;
  const ActivationScale scale = activation_scale(bits, range);
  for (float& value : x) value = scale.value(scale.level(value));
}

float quantised(float x, const FixedQuantiser& how) {
  const auto low = static_cast<float>(how.low - how.zero),
             high = static_cast<float>(how.high - how.zero);
  return std::clamp(std::rint(x / how.scale), low, high) * how.scale;
}

void quantise_fixed(std::span<const float> x, const FixedQuantiser& how, std::span<float> y) {
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = quantised(x[i], how);
}

void quantise_fixed_backward(std::span<const float> x, const FixedQuantiser& how,
                             std::span<const float> d_y, std::span<float> d_x) {
  const float low = static_cast<float>(how.low - how.zero) * how.scale,
              high = static_cast<float>(how.high - how.zero) * how.scale;
  for (std::size_t i = 0; i < x.size(); ++i) d_x[i] = x[i] >= low && x[i] <= high ? d_y[i] : 0.0f;
}

}  // namespace lightloom::nn
