#pragma once

#include <span>

#include "nn/ops/normalisation.hpp"
#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// Over what a normalisation without running statistics takes mean and (biased) variance.
struct GroupNorm {
  int groups = 1;             // of consecutive channels (Wu and He, ECCV 2018) ...
  bool per_position = false;  // ... at every position of the map alone: layer norm for groups = 1
                              // (Ba, Kiros and Hinton, arXiv:1607.06450, over the channels)
  double epsilon = 1e-5;
};

/// y = (x - mean) / sqrt(variance + epsilon) * scale + shift, scale and shift per channel. y may be
/// x.
void group_norm(const Tensor& x, const GroupNorm& how, const ScaleShift& by, Tensor& y);

/// Sums are in a fixed order.
void group_norm_backward(const Tensor& x, const GroupNorm& how, std::span<const float> scale,
                         const NormGradients& gradients);

}  // namespace lightloom::nn
