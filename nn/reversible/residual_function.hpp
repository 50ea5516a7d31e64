#pragma once

#include <optional>

#include "nn/reversible/branch_shape.hpp"
#include "nn/reversible/trained_product.hpp"

namespace lightloom::nn {

/// Gradients that are needed during one call only.
struct GradientScratch {
  Tensor d_hidden, d_input;
};

/// F(x; p) = V relu(W x + C p + b) + c: two 3x3 convolutions of one half's channels, and the
/// connection C, 1x1, to a pooled map p of the frozen network. V begins at zero, so that a block
/// begins as the identity; there is no normalisation.
class ResidualFunction {
 public:
  /// `tap_channels` 0: without a connection. Takes the numbers of its products from `draw`.
  ResidualFunction(const BranchShape& shape, int tap_channels, BranchDraw& draw);

  /// `hidden` receives relu(...), which `backward` wants again. `tap` is read where there is a
  /// connection. The same x gives the same bits, on a given number of threads.
  void forward(const Tensor& x, const Tensor& tap, Tensor& hidden, Tensor& y);

  /// What a backward pass goes through.
  struct Passed {
    const Tensor& x;
    const Tensor& tap;
    const Tensor& hidden;
  };
  /// Adds to the gradients of the parameters and to `dx`, of x; nothing goes to the tap.
  void backward(const Passed& passed, const Tensor& dy, Tensor& dx, GradientScratch& scratch);

  [[nodiscard]] std::vector<Parameter*> parameters();

 private:
  TrainedProduct first_, second_;
  std::optional<TrainedProduct> connection_;
};

}  // namespace lightloom::nn
