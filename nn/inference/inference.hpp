#pragma once

#include <memory>
#include <span>
#include <vector>

#include "nn/graph/matrix_engine.hpp"
#include "nn/network/network.hpp"
#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

struct Flow;
class InferenceStep;

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
  struct Planned {
    std::unique_ptr<InferenceStep> step;
    std::vector<int> done;  // values that nobody reads any more
  };

  std::unique_ptr<Flow> flow_;
  std::vector<Planned> steps_;
};

/// The class of the largest logit of every image (the first one on ties).
std::vector<int> predictions(const Tensor& logits);

}  // namespace lightloom::nn
