#pragma once

#include <memory>
#include <span>

#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// One scale and one shift per channel: gamma and beta of a normalisation.
struct ScaleShift {
  std::span<const float> scale, shift;
};

/// What a normalisation passes back: all overwritten, dx may be dy.
struct NormGradients {
  const Tensor& dy;
  Tensor& dx;
  std::span<float> d_scale, d_shift;  // of size channels
};

/// Per-channel numbers of a batch normalisation, each of size channels.
struct NormValues {
  std::span<const float> scale, shift;  // gamma, beta
  std::span<float> mean, variance;  // of the batch (biased), written by forward, read by backward
};

/// Batch normalisation with batch statistics and an optional ReLU fused behind it, and its gradient
/// (Ioffe and Szegedy, ICML 2015).
class BatchNormalisation {
 public:
  BatchNormalisation(double epsilon, bool relu);
  ~BatchNormalisation();
  BatchNormalisation(BatchNormalisation&&) noexcept;
  BatchNormalisation& operator=(BatchNormalisation&&) noexcept;

  void forward(const Tensor& x, const NormValues& values, Tensor& y);
  /// Belongs to the latest forward.
  void backward(const Tensor& x, const NormValues& values, const NormGradients& gradients);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> own_;
};

/// y = x * scale + shift per channel, then ReLU if asked; y may be x.
enum class Then { nothing, relu };
void scale_shift(const Tensor& x, const ScaleShift& by, Then then, Tensor& y);

}  // namespace lightloom::nn
