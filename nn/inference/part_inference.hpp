#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "nn/graph/graph_cut.hpp"
#include "nn/graph/matrix_engine.hpp"
#include "nn/network/network.hpp"
#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

struct Flow;
class InferenceStep;

/// What weight layers multiply through.
struct Through {
  MatrixEngine* engine = nullptr;  // none: oneDNN
  std::uint32_t write = 0;         // number of the writing of each layer
};

/// The nodes of a network between two cuts, ready to answer as an `Inference` is, which is the case
/// of all of them: behind the first part of `from` up to that of `to`, which holds it. Only layers
/// among them are loaded into the engine.
class PartInference {
 public:
  PartInference(Network& network, const GraphCut& from, const GraphCut& to,
                const Through& through = {});
  ~PartInference();

  /// The values of `to.frontier`, valid until the next call, from those of `from.frontier`, each in
  /// the order of the list. `first_image` is the number of the batch's first image, for noise.
  std::span<const Tensor* const> forward(std::span<const Tensor* const> given,
                                         std::uint64_t first_image = 0);

 private:
  struct Planned {
    std::unique_ptr<InferenceStep> step;
    std::vector<int> done;  // values that nobody reads any more
  };

  std::unique_ptr<Flow> flow_;
  std::vector<Planned> steps_;
  std::vector<int> given_, asked_;
  std::vector<const Tensor*> answers_;
};

/// Pointers to the tensors of a batch, as `PartInference::forward` takes them.
std::vector<const Tensor*> pointers(std::span<const Tensor> batch);

}  // namespace lightloom::nn
