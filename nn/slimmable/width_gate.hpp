#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/ops/tensor.hpp"
#include "nn/optim/parameter.hpp"

namespace lightloom::nn {

/// Chooses among widths from the mean of every channel of a map: logits = B relu(A x + a) + b, with
/// x the means [channels], A [hidden, channels], B [choices, hidden]. B and b begin at zero, so
/// that all choices are alike.
class WidthGate {
 public:
  struct Sizes {
    int channels = 1, hidden = 16, choices = 2;
  };
  /// A is normal, of variance 2 / channels, by `seed`.
  WidthGate(const Sizes& sizes, std::uint64_t seed);

  [[nodiscard]] const Sizes& sizes() const { return sizes_; }
  /// Logits [images, choices] of features [images, channels].
  std::vector<double> logits(std::span<const float> features);
  /// Adds the gradients of the parameters from those of the latest `logits`.
  void backward(std::span<const float> features, std::span<const double> d_logits);
  /// The largest logit of every image, the first of equals. No noise.
  std::vector<std::size_t> choose(std::span<const float> features);

  [[nodiscard]] std::vector<Parameter*> parameters();
  /// Of its numbers, 32 each.
  [[nodiscard]] std::int64_t bits() const;

 private:
  Sizes sizes_;
  Parameter hidden_weight_, hidden_bias_, weight_, bias_;
  std::vector<double> hidden_;  // of the latest logits, [images, hidden]
};

/// The mean of every channel of every image, [images, channels].
std::vector<float> pooled(const Tensor& map);

}  // namespace lightloom::nn
