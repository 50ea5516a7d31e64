#include <algorithm>
#include <cmath>

#include "nn/ops/elementwise.hpp"
#include "nn/steps/step.hpp"

namespace lightloom::nn {
namespace {

const Node& fixed_node(const Graph& graph, int node) {
  return graph.nodes[static_cast<std::size_t>(node)];
}

class RearrangeStep : public Step {
 public:
  RearrangeStep(const Graph& graph, int node)
      : node_(node),
        in_(fixed_node(graph, node).inputs.front()),
        places_(fixed_node(graph, node).places) {}

  void forward(Flow& flow) override {
    const Tensor& x = flow.value(in_);
    Tensor& y = flow.make_value(node_);
    const auto size = static_cast<std::size_t>(x.shape().size() / x.shape().images);
    for (std::size_t image = 0; image < static_cast<std::size_t>(flow.images); ++image) {
      const float* from = x.data() + image * size;
      float* to = y.data() + image * places_.size();
      for (std::size_t i = 0; i < places_.size(); ++i) to[i] = from[places_[i]];
    }
  }

  void backward(Flow& flow) override {
    const Tensor& dy = *flow.gradients[static_cast<std::size_t>(node_)];
    auto dx = flow.fresh(in_);
    std::ranges::fill(dx->values(), 0.0f);
    const auto size = static_cast<std::size_t>(dx->shape().size() / dx->shape().images);
    for (std::size_t image = 0; image < static_cast<std::size_t>(flow.images); ++image) {
      const float* from = dy.data() + image * places_.size();
      float* to = dx->data() + image * size;
      for (std::size_t i = 0; i < places_.size(); ++i) to[places_[i]] += from[i];
    }
    flow.give_gradient(in_, std::move(dx));
  }

 private:
  int node_, in_;
  std::vector<int> places_;
};

/// Straight through the rounding; nothing passes where the value was clipped.
class QuantiseStep : public Step {
 public:
  QuantiseStep(const Graph& graph, int node)
      : node_(node),
        in_(fixed_node(graph, node).inputs.front()),
        how_(fixed_node(graph, node).quantiser) {}

  void forward(Flow& flow) override {
    const std::span<const float> x = flow.value(in_).values();
    const std::span<float> y = flow.make_value(node_).values();
    const auto zero = static_cast<float>(how_.zero), low = static_cast<float>(how_.low) - zero,
               high = static_cast<float>(how_.high) - zero;
    for (std::size_t i = 0; i < x.size(); ++i)
      y[i] = std::clamp(std::rint(x[i] / how_.scale), low, high) * how_.scale;
  }

  void backward(Flow& flow) override {
    const std::span<const float> x = flow.value(in_).values();
    auto dx = flow.in_place_of_gradient(node_);
    const Tensor& dy = *flow.gradients[static_cast<std::size_t>(node_)];
    const float low = static_cast<float>(how_.low - how_.zero) * how_.scale,
                high = static_cast<float>(how_.high - how_.zero) * how_.scale;
    for (std::size_t i = 0; i < x.size(); ++i)
      dx->data()[i] = x[i] >= low && x[i] <= high ? dy.data()[i] : 0.0f;
    flow.give_gradient(in_, std::move(dx));
  }

  [[nodiscard]] std::vector<int> keeps() const override { return {in_}; }

 private:
  int node_, in_;
  FixedQuantiser how_;
};

class AffineTrainingStep : public Step {
 public:
  AffineTrainingStep(Network& network, int node)
      : node_(node),
        in_(fixed_node(network.graph(), node).inputs.front()),
        layer_(network.norms()[static_cast<std::size_t>(network.index_of(node))]) {}

  void forward(Flow& flow) override {
    const std::span<const float> x = flow.value(in_).values();
    const std::span<float> y = flow.make_value(node_).values();
    const std::size_t channels = layer_.scale.value.size();
    for (std::size_t i = 0; i < x.size(); i += channels)
      for (std::size_t c = 0; c < channels; ++c)
        y[i + c] = x[i + c] * layer_.scale.value[c] + layer_.shift.value[c];
  }

  void backward(Flow& flow) override {
    const std::span<const float> x = flow.value(in_).values();
    auto dx = flow.in_place_of_gradient(node_);
    const Tensor& dy = *flow.gradients[static_cast<std::size_t>(node_)];
    const std::size_t channels = layer_.scale.value.size();
    std::vector<double> d_scale(channels), d_shift(channels);
    for (std::size_t i = 0; i < x.size(); i += channels) {
      for (std::size_t c = 0; c < channels; ++c) {
        const float d = dy.data()[i + c];
        d_scale[c] += double{d} * x[i + c];
        d_shift[c] += d;
        dx->data()[i + c] = d * layer_.scale.value[c];
      }
    }
    for (std::size_t c = 0; c < channels; ++c) {
      layer_.scale.gradient[c] += static_cast<float>(d_scale[c]);
      layer_.shift.gradient[c] += static_cast<float>(d_shift[c]);
    }
    flow.give_gradient(in_, std::move(dx));
  }

  [[nodiscard]] std::vector<int> keeps() const override { return {in_}; }

 private:
  int node_, in_;
  NormLayer& layer_;
};

}  // namespace

std::unique_ptr<Step> make_affine_step(Network& network, int node) {
  return std::make_unique<AffineTrainingStep>(network, node);
}

std::unique_ptr<Step> make_fixed_step(const Graph& graph, int node) {
  if (fixed_node(graph, node).op == Op::rearrange)
    return std::make_unique<RearrangeStep>(graph, node);
  return std::make_unique<QuantiseStep>(graph, node);
}

}  // namespace lightloom::nn
