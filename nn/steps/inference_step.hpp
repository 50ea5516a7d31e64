#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "nn/ops/products/product.hpp"
#include "nn/steps/step.hpp"

namespace lightloom::nn {

/// One operation of an inference.
class InferenceStep {
 public:
  virtual ~InferenceStep() = default;
  virtual void forward(Flow& flow) = 0;
};

/// What follows a weight layer and can be computed with it.
struct FusedTail {
  int norm = -1;           // node of a batch normalisation folded into the weights
  int other = -1;          // node whose value is added
  bool take_over = false;  // nobody reads `other` afterwards: the sum may take its place
  std::optional<Activation> activation;
  int output = 0;  // node whose value results
};

/// The value of a tail's output, to be filled: holding what is added to it, if anything is.
Tensor& output_of(const FusedTail& tail, Flow& flow);

/// A weight layer in oneDNN with its tail. `shared` must outlive the step.
std::unique_ptr<InferenceStep> make_fused_product(Network& network, int node, const FusedTail& tail,
                                                  ProductWorkspace& shared);
/// The same in integers, exact up to the factor of every output channel, for weights and inputs of
/// at most 8 bits on processors that multiply them; else nullptr.
std::unique_ptr<InferenceStep> make_integer_product(Network& network, int node,
                                                    const FusedTail& tail,
                                                    ProductWorkspace& shared);
/// A weight layer through an engine, which it loads.
std::unique_ptr<InferenceStep> make_engine_product(Network& network, int node, MatrixEngine& engine,
                                                   std::uint32_t write);
/// A batch normalisation with running statistics, ReLU fused when `output` is not `node`.
std::unique_ptr<InferenceStep> make_affine(Network& network, int node, int output);
/// A group or layer normalisation, a scale per channel or a constant.
std::unique_ptr<InferenceStep> make_parameter_inference(Network& network, int node);
/// Any other operation. Dropout does nothing.
std::unique_ptr<InferenceStep> make_plain_inference(const Graph& graph, int node, int output);

/// A normalisation as y = x * scale + shift.
struct Affine {
  std::vector<float> scale, shift;
};
Affine affine_of(const NormLayer& norm);

}  // namespace lightloom::nn
