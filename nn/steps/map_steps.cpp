#include "nn/ops/function_steps.hpp"
#include "nn/ops/maps/gather.hpp"
#include "nn/ops/maps/matrix_product.hpp"
#include "nn/ops/maps/resize.hpp"
#include "nn/ops/quantise.hpp"
#include "nn/steps/map_engine.hpp"
#include "nn/steps/plain_step.hpp"

namespace lightloom::nn {
namespace {

class FunctionStep : public PlainStep {
 public:
  FunctionStep(const Graph& graph, int node)
      : PlainStep(graph, node), function_(node_of(graph, node).function) {}

  void forward(Flow& flow) override { apply(*function_, flow.value(in()), flow.make_value(node_)); }
  void backward(Flow& flow) override {
    auto dx = flow.in_place_of_gradient(node_);
    apply_backward(*function_, flow.value(in()), gradient(flow), *dx);
    flow.give_gradient(in(), std::move(dx));
  }
  [[nodiscard]] std::vector<int> keeps() const override { return inputs_; }

 private:
  FunctionPointer function_;
};

/// Rounding to the numbers of a quantiser whose scale is fixed.
class QuantiseStep : public PlainStep {
 public:
  QuantiseStep(const Graph& graph, int node)
      : PlainStep(graph, node), how_(node_of(graph, node).quantiser) {}

  void forward(Flow& flow) override {
    quantise_fixed(flow.value(in()).values(), how_, flow.make_value(node_).values());
  }
  void backward(Flow& flow) override {
    auto dx = flow.in_place_of_gradient(node_);
    quantise_fixed_backward(flow.value(in()).values(), how_, gradient(flow).values(), dx->values());
    flow.give_gradient(in(), std::move(dx));
  }
  [[nodiscard]] std::vector<int> keeps() const override { return inputs_; }

 private:
  FixedQuantiser how_;
};

std::vector<std::int64_t> sizes_of(const Graph& graph, const std::vector<int>& nodes) {
  std::vector<std::int64_t> sizes;
  for (const int node : nodes) sizes.push_back(node_of(graph, node).shape.size());
  return sizes;
}

class GatherStep : public PlainStep {
 public:
  GatherStep(const Graph& graph, int node)
      : PlainStep(graph, node), gather_(node_of(graph, node).places, sizes_of(graph, inputs_)) {}

  void forward(Flow& flow) override {
    std::vector<const Tensor*> inputs;
    for (const int input : inputs_) inputs.push_back(&flow.value(input));
    gather_.forward(inputs, flow.make_value(node_));
  }
  void backward(Flow& flow) override {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      auto dx = flow.fresh(inputs_[i]);
      gather_.backward(i, gradient(flow), *dx);
      flow.give_gradient(inputs_[i], std::move(dx));
    }
  }

 private:
  Gather gather_;
};

class MatrixProductStep : public PlainStep {
 public:
  using PlainStep::PlainStep;
  void forward(Flow& flow) override {
    Tensor& y = flow.make_value(node_);
    if (!multiply_on_engine(flow, node_, y))
      matrix_product(flow.value(inputs_[0]), flow.value(inputs_[1]), y);
  }
  void backward(Flow& flow) override {
    auto left = flow.fresh(inputs_[0]), right = flow.fresh(inputs_[1]);
    matrix_product_backward(flow.value(inputs_[0]), flow.value(inputs_[1]), gradient(flow),
                            {*left, *right});
    flow.give_gradient(inputs_[0], std::move(left));
    flow.give_gradient(inputs_[1], std::move(right));
  }
  [[nodiscard]] std::vector<int> keeps() const override { return inputs_; }
};

class ResizeStep : public PlainStep {
 public:
  ResizeStep(const Graph& graph, int node)
      : PlainStep(graph, node), table_(node_of(graph, node).resize) {}

  void forward(Flow& flow) override { resize(*table_, flow.value(in()), flow.make_value(node_)); }
  void backward(Flow& flow) override {
    auto dx = flow.fresh(in());
    resize_backward(*table_, gradient(flow), *dx);
    flow.give_gradient(in(), std::move(dx));
  }

 private:
  std::shared_ptr<const ResizeTable> table_;
};

}  // namespace

std::unique_ptr<Step> make_map_step(const Graph& graph, int node) {
  const Node& own = node_of(graph, node);
  if (own.op == Op::activation && own.activation == Activation::function)
    return std::make_unique<FunctionStep>(graph, node);
  if (own.op == Op::quantise) return std::make_unique<QuantiseStep>(graph, node);
  if (own.op == Op::rearrange) return std::make_unique<GatherStep>(graph, node);
  if (own.op == Op::matrix_product) return std::make_unique<MatrixProductStep>(graph, node);
  if (own.op == Op::resize) return std::make_unique<ResizeStep>(graph, node);
  return nullptr;
}

}  // namespace lightloom::nn
