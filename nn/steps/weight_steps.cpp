#include <algorithm>
#include <cmath>

#include "core/random/random.hpp"
#include "nn/graph/gradient_reader.hpp"
#include "nn/ops/elementwise.hpp"
#include "nn/ops/group_norm.hpp"
#include "nn/ops/normalisation.hpp"
#include "nn/ops/products/product.hpp"
#include "nn/steps/step.hpp"
#include "nn/weights/direct/float_source.hpp"

namespace lightloom::nn {
namespace {

class ProductStep : public Step {
 public:
  ProductStep(Network& network, int node, ProductWorkspace& shared, Precision precision)
      : node_(node),
        in_(network.graph().nodes[static_cast<std::size_t>(node)].inputs.front()),
        number_(network.index_of(node)),
        layer_(network.weight_layers()[static_cast<std::size_t>(number_)]),
        shared_(shared),
        product_(layer_.shape, &shared, {.packing = Packing::each_call, .precision = precision}),
        d_bias_(layer_.bias.value.size()) {}

  void forward(Flow& flow) override {
    const std::span<const float> dense = weights(flow);
    const Tensor& x = layer_.activation_bits > 0 ? quantised(flow) : flow.value(in_);
    Tensor& y = flow.make_value(node_);
    if (flow.engine == nullptr) {
      product_.forward(x, layer_.bias.value, y);
      return;
    }
    flow.engine->load(number_, layer_.shape, dense, static_cast<std::uint32_t>(flow.step));
    flow.engine->multiply(number_, {x.values(), flow.images, flow.first_image}, y.values());
    if (!layer_.bias.value.empty()) add_bias(layer_.bias.value, y);
  }

  /// Straight through the engine and the quantiser: the gradient is that of the digital product.
  void backward(Flow& flow) override {
    const Tensor& dy = *flow.gradients[static_cast<std::size_t>(node_)];
    const Tensor& x = layer_.activation_bits > 0 ? *quantised_ : flow.value(in_);
    if (auto* reader = dynamic_cast<GradientReader*>(flow.engine))
      reader->take_gradient(number_, dy.values());
    shared_.plain_gradient.resize(static_cast<std::size_t>(layer_.shape.weights()));
    product_.backward_weights(x, dy, shared_.plain_gradient, d_bias_);
    layer_.source->backward(shared_.plain_gradient);
    accumulate(d_bias_, layer_.bias.gradient);
    quantised_.reset();
    if (flow.given[static_cast<std::size_t>(in_)]) return;  // needs no gradient
    auto dx = flow.fresh(in_);
    product_.backward_input(dy, *dx);
    flow.give_gradient(in_, std::move(dx));
  }

  [[nodiscard]] std::vector<int> keeps() const override {
    return layer_.activation_bits > 0 ? std::vector<int>{} : std::vector<int>{in_};
  }

 private:
  /// The layer's weight, put into the product; not copied where the source stores it as it is and
  /// nothing is added.
  std::span<const float> weights(const Flow& flow) {
    const auto* stored = dynamic_cast<const FloatSource*>(layer_.source.get());
    if (stored != nullptr && flow.weight_noise == 0) {
      product_.view_weights(stored->weight());
      return stored->weight();
    }
    const std::span<float> dense = product_.new_weights();
    layer_.source->materialise(dense);
    if (flow.weight_noise > 0) add_noise(flow, dense);
    return dense;
  }

  /// Normal noise of a share of the layer's largest weight, anew at each step.
  void add_noise(const Flow& flow, std::span<float> dense) {
    noise_.resize(dense.size());
    const Stream stream({flow.seed, Purpose::weight_noise, 0, static_cast<std::uint32_t>(number_)});
    fill_normal(stream, flow.step, noise_);
    float largest = 0;
    for (const float weight : dense) largest = std::max(largest, std::fabs(weight));
    const float deviation = static_cast<float>(flow.weight_noise) * largest;
    for (std::size_t i = 0; i < dense.size(); ++i) dense[i] += deviation * noise_[i];
  }

  const Tensor& quantised(Flow& flow) {
    observe(flow.value(in_).values(), layer_.range);
    quantised_ = flow.fresh(in_);
    copy(flow.value(in_), *quantised_);
    quantise_activation(quantised_->values(), layer_.activation_bits, layer_.range);
    return *quantised_;
  }

  int node_, in_, number_;
  WeightLayer& layer_;
  ProductWorkspace& shared_;
  Product product_;
  std::vector<float> d_bias_, noise_;
  std::shared_ptr<Tensor> quantised_;
};

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

std::unique_ptr<Step> make_product_step(Network& network, int node, ProductWorkspace& shared,
                                        Precision precision) {
  return std::make_unique<ProductStep>(network, node, shared, precision);
}

std::unique_ptr<Step> make_norm_step(Network& network, int node, int output) {
  return std::make_unique<NormStep>(network, node, output);
}

}  // namespace lightloom::nn
