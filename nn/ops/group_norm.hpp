#pragma once

#include <span>

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
void group_norm(const Tensor& x, const GroupNorm& how, std::span<const float> scale,
                std::span<const float> shift, Tensor& y);

/// Overwrites d_scale, d_shift and dx; sums are in a fixed order. dx may be dy.
void group_norm_backward(const Tensor& x, const GroupNorm& how, std::span<const float> scale,
                         const Tensor& dy, Tensor& dx, std::span<float> d_scale,
                         std::span<float> d_shift);

}  // namespace lightloom::nn
