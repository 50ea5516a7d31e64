#include <algorithm>

#include "nn/ops/elementwise.hpp"
#include "nn/ops/normalisation.hpp"
#include "nn/steps/plain_step.hpp"

namespace lightloom::nn {
namespace {

NormLayer& parameters_of(Network& network, int node) {
  return network.norms()[static_cast<std::size_t>(network.index_of(node))];
}

/// Sums over all positions of dy x and dy, channel by channel.
void channel_sums(const Tensor& x, const Tensor& dy, std::span<float> along,
                  std::span<float> plain) {
  const int channels = static_cast<int>(along.size());
#pragma omp parallel for schedule(static)
  for (int c = 0; c < channels; ++c) {
    double with = 0, without = 0;
    for (std::int64_t i = c; i < dy.shape().size(); i += channels) {
      with += double{dy.data()[i]} * x.data()[i];
      without += dy.data()[i];
    }
    along[static_cast<std::size_t>(c)] = static_cast<float>(with);
    plain[static_cast<std::size_t>(c)] = static_cast<float>(without);
  }
}

class AffineTrainingStep : public PlainStep {
 public:
  AffineTrainingStep(Network& network, int node)
      : PlainStep(network.graph(), node),
        layer_(parameters_of(network, node)),
        zeros_(layer_.shift.value.size(), 0.0f),
        d_scale_(zeros_),
        d_shift_(zeros_) {}

  void forward(Flow& flow) override {
    scale_shift(flow.value(in()), {layer_.scale.value, layer_.shift.value}, Then::nothing,
                flow.make_value(node_));
  }
  void backward(Flow& flow) override {
    channel_sums(flow.value(in()), gradient(flow), d_scale_, d_shift_);
    accumulate(d_scale_, layer_.scale.gradient);
    accumulate(d_shift_, layer_.shift.gradient);
    auto dx = flow.in_place_of_gradient(node_);
    scale_shift(gradient(flow), {layer_.scale.value, zeros_}, Then::nothing, *dx);
    flow.give_gradient(in(), std::move(dx));
  }
  [[nodiscard]] std::vector<int> keeps() const override { return inputs_; }

 private:
  NormLayer& layer_;
  std::vector<float> zeros_, d_scale_, d_shift_;
};

class ConstantStep : public PlainStep {
 public:
  ConstantStep(Network& network, int node)
      : PlainStep(network.graph(), node), layer_(parameters_of(network, node)) {}

  void forward(Flow& flow) override {
    Tensor& y = flow.make_value(node_);
    const std::vector<float>& own = layer_.shift.value;
    for (std::int64_t image = 0; image < flow.images; ++image)
      std::copy(own.begin(), own.end(), y.data() + image * static_cast<std::int64_t>(own.size()));
  }
  void backward(Flow& flow) override {
    const std::span<const float> dy = gradient(flow).values();
    const std::size_t size = layer_.shift.value.size();
    for (std::size_t first = 0; first < dy.size(); first += size)
      accumulate(dy.subspan(first, size), layer_.shift.gradient);
  }

 private:
  NormLayer& layer_;
};

}  // namespace

std::unique_ptr<Step> make_parameter_step(Network& network, int node) {
  if (node_of(network.graph(), node).op == Op::constant)
    return std::make_unique<ConstantStep>(network, node);
  return std::make_unique<AffineTrainingStep>(network, node);
}

}  // namespace lightloom::nn
