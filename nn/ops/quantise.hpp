#pragma once

#include <cstdint>
#include <span>

#include "nn/graph/graph.hpp"

namespace lightloom::nn {

/// tanh of every element, rounded to nearest but for one in a million. Plain arithmetic, so the
/// same bits wherever an element stands.
void tanh_of(std::span<const float> x, std::span<float> t);

/// What `dorefa_forward` leaves for the backward pass and for hardware: out = scale * level.
struct DorefaScale {
  int bits = 32;
  float range = 0;  // R = max|tanh x| (bits >= 2), E = mean|x| (1 bit); 0 for an all-zero tensor
  float scale =
      0;  // value of one unit of `levels`: R / (2^bits - 1); E for 1 bit; 1 when nothing is rounded
};

/// The symmetric DoReFa weight quantiser of Gu et al. (ICCV 2021), one scale for the whole tensor,
/// by its bits:
///   1        E sign(x), E = mean|x|, sign(0) = 0
///   2 to 31  t = tanh(x), R = max|t|: R n / (2^bits - 1), n odd in [-(2^bits - 1), 2^bits - 1];
///   rounds half to even;
///            zero is not a level
///   32       t / max|t| (a re-parameterisation, not the identity)
/// `levels` receives n (or the value itself for 32 bits): exact small integers in float up to 23
/// bits. An all-zero tensor gives scale 0, so zeros. `squashed` keeps tanh(x) (x itself for 1 bit)
/// for `dorefa_backward`. All the same size.
DorefaScale dorefa_forward(std::span<const float> x, int bits, std::span<float> squashed,
                           std::span<float> levels);

/// Adds the gradient of a loss with respect to x to `d_x`, given that with respect to the quantised
/// value: rounding passes it straight through, clamped to [-1, 1] in the quantiser's own units:
/// clamp(2 R g) / (2 R) (1 - t^2); for 1 bit clamp(E g) / E; for 32 bits the exact derivative, the
/// maximum included.
void dorefa_backward(std::span<const float> squashed, const DorefaScale& scale,
                     std::span<const float> d_out, std::span<float> d_x);

/// Uniform symmetric integers: codes in [-(2^(bits-1) - 1), 2^(bits-1) - 1], bits 2 to 24 (1 bit:
/// the signs), scale = max|x| times `clip` over the largest code (1 bit: mean|x|). Rounds half to
/// even, saturates. Returns the scale.
float integer_forward(std::span<const float> x, int bits, float clip, std::span<float> levels);

/// The share of max|x| at which clipping costs `integer_forward` the least mean squared error, by a
/// fixed search.
float best_clip(std::span<const float> x, int bits);

/// Running range of an activation tensor (moving-average observer, PyTorch's constant 0.01).
struct ActivationRange {
  float low = 0;
  float high = 0;
  bool seen = false;
};

/// Takes a batch into the range: the first sets it, later ones move it by 1 %. Training mode only.
void observe(std::span<const float> x, ActivationRange& range);

/// Affine unsigned integers, 1 to 16 bits, of a range widened to contain zero so that zero is
/// exact: the value is (level - zero) scale.
struct ActivationScale {
  int bits = 8;
  float scale = 1, zero = 0;
  float inverse = 1;  // of the scale

  [[nodiscard]] float top() const { return static_cast<float>((1 << bits) - 1); }
  /// Rounds half to even, saturates.
  [[nodiscard]] float level(float value) const;
  [[nodiscard]] float value(float level) const { return (level - zero) * scale; }
};
ActivationScale activation_scale(int bits, const ActivationRange& range);

/// Affine unsigned quantiser of an activation in place, 1 to 16 bits; the range is widened to
/// contain zero so that zero is exact. Its backward is the identity (straight through, also where
/// clipped). A range never seen leaves x alone.
void quantise_activation(std::span<float> x, int bits, const ActivationRange& range);

/// The number that the nearest integer of a fixed quantiser stands for; rounds half to even,
/// saturates. Its backward passes straight through where nothing is clipped.
float quantised(float x, const FixedQuantiser& how);
void quantise_fixed(std::span<const float> x, const FixedQuantiser& how, std::span<float> y);
/// `d_x` may be `d_y`.
void quantise_fixed_backward(std::span<const float> x, const FixedQuantiser& how,
                             std::span<const float> d_y, std::span<float> d_x);

}  // namespace lightloom::nn
