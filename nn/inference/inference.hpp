#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "nn/graph/matrix_engine.hpp"
#include "nn/network/network.hpp"
#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

class PartInference;

/// A network ready to answer: every source materialised once, at construction. Later changes of the
/// network's parameters do not reach it. Refers to the network's graph, which must outlive it.
///
/// Without an engine, products run in oneDNN with batch normalisation folded into the weights and
/// bias, ReLU and residual sums fused. With one, every weight layer is loaded into it (once, with
/// number `write`) and multiplies through it; normalisation stays digital behind it.
class Inference {
 public:
  explicit Inference(Network& network, MatrixEngine* engine = nullptr, std::uint32_t write = 0);
  ~Inference();

  /// The logits (images, 1, 1, classes), valid until the next call. `first_image` is the number of
  /// the batch's first image in its data set.
  const Tensor& forward(const Tensor& images, std::uint64_t first_image = 0);

 private:
  std::unique_ptr<PartInference> all_;
};

/// The class of the largest logit of every image (the first one on ties).
std::vector<int> predictions(const Tensor& logits);

}  // namespace lightloom::nn
