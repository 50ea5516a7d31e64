#include <algorithm>

#include "nn/ops/elementwise.hpp"
#include "nn/ops/group_norm.hpp"
#include "nn/ops/normalisation.hpp"
#include "nn/steps/step.hpp"

namespace lightloom::nn {
namespace {

class NormStep : public Step {
 public:
  NormStep(Network& network, int node, int output)
      : in_(network.graph().nodes[static_cast<std::size_t>(node)].inputs.front()),
        output_(output),
        layer_(network.norms()[static_cast<std::size_t>(network.index_of(node))]),
        norm_(layer_.epsilon, node != output),
        mean_(layer_.mean.size()),
        variance_(layer_.mean.size()),
        d_scale_(layer_.mean.size()),
        d_shift_(layer_.mean.size()) {}

  void forward(Flow& flow) override {
    norm_.forward(flow.value(in_), values(), flow.make_value(output_));
    const auto pixels = static_cast<double>(flow.shape(in_).pixels());
    const auto unbiased = static_cast<float>(pixels / std::max(1.0, pixels - 1.0));
    const auto share = static_cast<float>(layer_.momentum);
    for (std::size_t c = 0; c < mean_.size(); ++c) {
      layer_.mean[c] += share * (mean_[c] - layer_.mean[c]);
      layer_.variance[c] += share * (unbiased * variance_[c] - layer_.variance[c]);
    }
  }

  void backward(Flow& flow) override {
    auto dx = flow.in_place_of_gradient(output_);
    const Tensor& dy = *flow.gradients[static_cast<std::size_t>(output_)];
    norm_.backward(flow.value(in_), values(), {dy, *dx, d_scale_, d_shift_});
    accumulate(d_scale_, layer_.scale.gradient);
    accumulate(d_shift_, layer_.shift.gradient);
    flow.give_gradient(in_, std::move(dx));
  }

  [[nodiscard]] std::vector<int> keeps() const override { return {in_}; }

 private:
  NormValues values() { return {layer_.scale.value, layer_.shift.value, mean_, variance_}; }

  int in_, output_;
  NormLayer& layer_;
  BatchNormalisation norm_;
  std::vector<float> mean_, variance_, d_scale_, d_shift_;
};

class GroupNormStep : public Step {
 public:
  GroupNormStep(Network& network, int node)
      : node_(node),
        in_(network.graph().nodes[static_cast<std::size_t>(node)].inputs.front()),
        layer_(network.norms()[static_cast<std::size_t>(network.index_of(node))]),
        d_scale_(layer_.mean.size()),
        d_shift_(layer_.mean.size()) {
    const Node& own = network.graph().nodes[static_cast<std::size_t>(node)];
    const bool layer_norm = own.op == Op::layer_norm;
    how_ = {layer_norm ? 1 : own.groups, layer_norm, own.epsilon};
  }

  void forward(Flow& flow) override {
    group_norm(flow.value(in_), how_, {layer_.scale.value, layer_.shift.value},
               flow.make_value(node_));
  }

  void backward(Flow& flow) override {
    auto dx = flow.in_place_of_gradient(node_);
    const Tensor& dy = *flow.gradients[static_cast<std::size_t>(node_)];
    group_norm_backward(flow.value(in_), how_, layer_.scale.value, {dy, *dx, d_scale_, d_shift_});
    accumulate(d_scale_, layer_.scale.gradient);
    accumulate(d_shift_, layer_.shift.gradient);
    flow.give_gradient(in_, std::move(dx));
  }

  [[nodiscard]] std::vector<int> keeps() const override { return {in_}; }

 private:
  int node_, in_;
  NormLayer& layer_;
  GroupNorm how_;
  std::vector<float> d_scale_, d_shift_;
};

}  // namespace

std::unique_ptr<Step> make_group_norm_step(Network& network, int node) {
  return std::make_unique<GroupNormStep>(network, node);
}

std::unique_ptr<Step> make_norm_step(Network& network, int node, int output) {
  return std::make_unique<NormStep>(network, node, output);
}

}  // namespace lightloom::nn
