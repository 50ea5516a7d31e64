#include <stdexcept>

#include "nn/ops/elementwise.hpp"
#include "nn/ops/maps/attention.hpp"
#include "nn/ops/maps/pooling.hpp"
#include "nn/steps/map_engine.hpp"
#include "nn/steps/plain_step.hpp"

namespace lightloom::nn {
namespace {

class ActivationStep : public PlainStep {
 public:
  ActivationStep(const Graph& graph, int node)
      : PlainStep(graph, node), kind_(node_of(graph, node).activation) {}

  void forward(Flow& flow) override { activate(kind_, flow.value(in()), flow.make_value(node_)); }
  void backward(Flow& flow) override {
    auto dx = flow.in_place_of_gradient(node_);
    activate_backward(kind_, flow.value(keeps().front()), gradient(flow), *dx);
    flow.give_gradient(in(), std::move(dx));
  }
  [[nodiscard]] std::vector<int> keeps() const override {
    return {gradient_from_output(kind_) ? node_ : in()};
  }

 private:
  Activation kind_;
};

PoolKind pool_kind(const Node& node) {
  if (node.op == Op::max_pool) return PoolKind::max;
  return node.count_padding ? PoolKind::average : PoolKind::average_without_padding;
}

Window pool_window(const Graph& graph, int node) {
  const Node& own = node_of(graph, node);
  if (own.op != Op::global_pool) return own.window;
  const MapShape map = node_of(graph, own.inputs.front()).shape;
  return {.height = map.height, .width = map.width};
}

class PoolStep : public PlainStep {
 public:
  PoolStep(const Graph& graph, int node)
      : PlainStep(graph, node),
        pooling_(pool_kind(node_of(graph, node)), pool_window(graph, node)) {}

  void forward(Flow& flow) override { pooling_.forward(flow.value(in()), flow.make_value(node_)); }
  void backward(Flow& flow) override {
    auto dx = flow.fresh(in());
    pooling_.backward(gradient(flow), *dx);
    flow.give_gradient(in(), std::move(dx));
  }

 private:
  Pooling pooling_;
};

/// Channels last in memory: flattening is only another name for the same numbers.
class FlattenStep : public PlainStep {
 public:
  using PlainStep::PlainStep;
  void forward(Flow& flow) override {
    flow.values[static_cast<std::size_t>(node_)] = flow.values[static_cast<std::size_t>(in())];
  }
  void backward(Flow& flow) override {
    const auto& dy = flow.gradients[static_cast<std::size_t>(node_)];
    if (only_ours(dy)) {
      dy->view_as(flow.shape(in()));
      return flow.give_gradient(in(), dy);
    }
    auto dx = flow.fresh(in());  // others know it by its own shape
    std::ranges::copy(dy->values(), dx->values().begin());
    flow.give_gradient(in(), std::move(dx));
  }
};

class AddStep : public PlainStep {
 public:
  using PlainStep::PlainStep;
  void forward(Flow& flow) override {
    add(flow.value(inputs_[0]), flow.value(inputs_[1]), AddThen::nothing, flow.make_value(node_));
  }
  void backward(Flow& flow) override {
    for (const int input : inputs_) {
      flow.give_gradient(input, flow.gradients[static_cast<std::size_t>(node_)]);
    }
  }
};

class AddReluStep : public PlainStep {
 public:
  AddReluStep(const Graph& graph, int node, int output) : PlainStep(graph, node), output_(output) {}

  void forward(Flow& flow) override {
    add(flow.value(inputs_[0]), flow.value(inputs_[1]), AddThen::relu, flow.make_value(output_));
  }
  void backward(Flow& flow) override {
    auto dx = flow.in_place_of_gradient(output_);
    activate_backward(Activation::relu, flow.value(output_),
                      *flow.gradients[static_cast<std::size_t>(output_)], *dx);
    for (const int input : inputs_) flow.give_gradient(input, dx);
  }
  [[nodiscard]] std::vector<int> keeps() const override { return {output_}; }

 private:
  int output_;
};

class MultiplyStep : public PlainStep {
 public:
  using PlainStep::PlainStep;
  void forward(Flow& flow) override {
    multiply(flow.value(inputs_[0]), flow.value(inputs_[1]), flow.make_value(node_));
  }
  void backward(Flow& flow) override {
    auto d_left = flow.fresh(inputs_[0]), d_right = flow.fresh(inputs_[1]);
    multiply(gradient(flow), flow.value(inputs_[1]), *d_left);
    multiply_backward(flow.value(inputs_[0]), gradient(flow), *d_right);
    flow.give_gradient(inputs_[0], std::move(d_left));
    flow.give_gradient(inputs_[1], std::move(d_right));
  }
  [[nodiscard]] std::vector<int> keeps() const override { return inputs_; }
};

class ConcatStep : public PlainStep {
 public:
  using PlainStep::PlainStep;
  void forward(Flow& flow) override {
    Tensor& y = flow.make_value(node_);
    int at = 0;
    for (const int input : inputs_) {
      join_channels(flow.value(input), at, y);
      at += flow.shape(input).channels;
    }
  }
  void backward(Flow& flow) override {
    int at = 0;
    for (const int input : inputs_) {
      auto dx = flow.fresh(input);
      split_channels(gradient(flow), at, *dx);
      at += flow.shape(input).channels;
      flow.give_gradient(input, std::move(dx));
    }
  }
};

class DropoutStep : public PlainStep {
 public:
  DropoutStep(const Graph& graph, int node, std::uint64_t seed)
      : PlainStep(graph, node),
        rate_(node_of(graph, node).rate),
        stream_({seed, Purpose::dropout, 0, static_cast<std::uint32_t>(node)}) {}

  void forward(Flow& flow) override {
    drop(flow.value(in()), {rate_, stream_, flow.step}, flow.make_value(node_));
  }
  void backward(Flow& flow) override {
    auto dx = flow.in_place_of_gradient(node_);
    drop(gradient(flow), {rate_, stream_, flow.step}, *dx);
    flow.give_gradient(in(), std::move(dx));
  }

 private:
  double rate_;
  Stream stream_;
};

class SoftmaxStep : public PlainStep {
 public:
  using PlainStep::PlainStep;
  void forward(Flow& flow) override { softmax(flow.value(in()), flow.make_value(node_)); }
  void backward(Flow& flow) override {
    auto dx = flow.in_place_of_gradient(node_);
    softmax_backward(flow.value(node_), gradient(flow), *dx);
    flow.give_gradient(in(), std::move(dx));
  }
  [[nodiscard]] std::vector<int> keeps() const override { return {node_}; }
};

class AttentionStep : public PlainStep {
 public:
  AttentionStep(const Graph& graph, int node)
      : PlainStep(graph, node), heads_(node_of(graph, node).groups) {}

  void forward(Flow& flow) override {
    const AttentionInputs inputs = values(flow);
    Tensor& y = flow.make_value(node_);
    if (!attend_on_engine(flow, node_, inputs, y)) attention(inputs, y);
  }
  void backward(Flow& flow) override {
    auto dq = flow.fresh(inputs_[0]), dk = flow.fresh(inputs_[1]), dv = flow.fresh(inputs_[2]);
    attention_backward(values(flow), gradient(flow), {*dq, *dk, *dv});
    flow.give_gradient(inputs_[0], std::move(dq));
    flow.give_gradient(inputs_[1], std::move(dk));
    flow.give_gradient(inputs_[2], std::move(dv));
  }
  [[nodiscard]] std::vector<int> keeps() const override { return inputs_; }

 private:
  [[nodiscard]] AttentionInputs values(const Flow& flow) const {
    return {flow.value(inputs_[0]), flow.value(inputs_[1]), flow.value(inputs_[2]), heads_};
  }

  int heads_;
};

class SubsampleStep : public PlainStep {
 public:
  using PlainStep::PlainStep;
  void forward(Flow& flow) override { subsample(flow.value(in()), flow.make_value(node_)); }
  void backward(Flow& flow) override {
    auto dx = flow.fresh(in());
    subsample_backward(gradient(flow), *dx);
    flow.give_gradient(in(), std::move(dx));
  }
};

}  // namespace

std::unique_ptr<Step> make_plain_step(const Graph& graph, int node, std::uint64_t seed) {
  if (auto step = make_map_step(graph, node)) return step;
  switch (node_of(graph, node).op) {
    case Op::activation:
      return std::make_unique<ActivationStep>(graph, node);
    case Op::max_pool:
    case Op::average_pool:
    case Op::global_pool:
      return std::make_unique<PoolStep>(graph, node);
    case Op::flatten:
      return std::make_unique<FlattenStep>(graph, node);
    case Op::add:
      return std::make_unique<AddStep>(graph, node);
    case Op::multiply:
      return std::make_unique<MultiplyStep>(graph, node);
    case Op::concat:
      return std::make_unique<ConcatStep>(graph, node);
    case Op::dropout:
      return std::make_unique<DropoutStep>(graph, node, seed);
    case Op::softmax:
      return std::make_unique<SoftmaxStep>(graph, node);
    case Op::attention:
      return std::make_unique<AttentionStep>(graph, node);
    case Op::subsample:
      return std::make_unique<SubsampleStep>(graph, node);
    case Op::input:
    case Op::convolution:
    case Op::linear:
    case Op::batch_norm:
    case Op::group_norm:
    case Op::layer_norm:
    case Op::affine:
    case Op::constant:
    case Op::rearrange:
    case Op::matrix_product:
    case Op::resize:
    case Op::quantise:
      break;  // steps with parameters, none, or made already
  }
  throw std::logic_error("node " + node_of(graph, node).name + " has no plain step");
}

std::unique_ptr<Step> make_add_relu_step(const Graph& graph, int node, int output) {
  return std::make_unique<AddReluStep>(graph, node, output);
}

}  // namespace lightloom::nn
