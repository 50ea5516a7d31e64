#pragma once

#include <span>

namespace lightloom::nn {

/// What a training needs of a weight that is a product of two, W = mix kernels, to multiply by the
/// two in its place: a convolution with `kernels` [inner, in, kh, kw], and a 1x1 convolution with
/// `mix` [out, inner] behind it. A role that a `WeightSource` may have besides.
class FactoredWeight {
 public:
  virtual ~FactoredWeight() = default;

  /// Outputs of the first; 0: the layer's weight is no such product.
  [[nodiscard]] virtual int inner_outputs() const = 0;
  /// Like `WeightCode::materialise`, but the two weights. Only where `inner_outputs` is above 0.
  virtual void materialise_factors(std::span<float> kernels, std::span<float> mix) = 0;
  /// Like `Learnable::backward`, from the gradients of the two. Refers to the latest
  /// `materialise_factors`.
  virtual void backward_factors(std::span<const float> d_kernels, std::span<const float> d_mix) = 0;
};

}  // namespace lightloom::nn
