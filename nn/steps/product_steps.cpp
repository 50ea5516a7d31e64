#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/random/random.hpp"
#include "nn/graph/gradient_reader.hpp"
#include "nn/ops/elementwise.hpp"
#include "nn/ops/products/product.hpp"
#include "nn/steps/step.hpp"
#include "nn/weights/direct/float_source.hpp"
#include "nn/weights/source/factored_weight.hpp"

namespace lightloom::nn {
namespace {

int input_of(const Network& network, int node) {
  return network.graph().nodes[static_cast<std::size_t>(node)].inputs.front();
}

/// The input of a weight layer, quantised if the layer asks for it, kept until its gradient is
/// taken.
class StepInput {
 public:
  StepInput(WeightLayer& layer, int node) : layer_(layer), node_(node) {}

  const Tensor& observed(Flow& flow) {
    if (!rounds()) return flow.value(node_);
    observe(flow.value(node_).values(), layer_.range);
    quantised_ = flow.fresh(node_);
    copy(flow.value(node_), *quantised_);
    quantise_activation(quantised_->values(), layer_.activation_bits, layer_.range);
    return *quantised_;
  }
  [[nodiscard]] const Tensor& kept(const Flow& flow) const {
    return rounds() ? *quantised_ : flow.value(node_);
  }
  void release() { quantised_.reset(); }

  [[nodiscard]] bool rounds() const { return layer_.activation_bits > 0; }
  [[nodiscard]] int node() const { return node_; }
  /// Whether nobody asks for its gradient.
  [[nodiscard]] bool given(const Flow& flow) const {
    return flow.given[static_cast<std::size_t>(node_)];
  }
  [[nodiscard]] std::vector<int> keeps() const {
    return rounds() ? std::vector<int>{} : std::vector<int>{node_};
  }

 private:
  WeightLayer& layer_;
  int node_;
  std::shared_ptr<Tensor> quantised_;
};

class ProductStep : public Step {
 public:
  ProductStep(Network& network, int node, ProductWorkspace& shared, Precision precision)
      : node_(node),
        number_(network.index_of(node)),
        layer_(network.weight_layers()[static_cast<std::size_t>(number_)]),
        input_(layer_, input_of(network, node)),
        shared_(shared),
        product_(layer_.shape, &shared, {.packing = Packing::each_call, .precision = precision}),
        d_bias_(layer_.bias.value.size()) {}

  void forward(Flow& flow) override {
    const std::span<const float> dense = weights(flow);
    const Tensor& x = input_.observed(flow);
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
    if (auto* reader = dynamic_cast<GradientReader*>(flow.engine))
      reader->take_gradient(number_, dy.values());
    shared_.plain_gradient.resize(static_cast<std::size_t>(layer_.shape.weights()));
    product_.backward_weights(input_.kept(flow), dy, shared_.plain_gradient, d_bias_);
    layer_.source->backward(shared_.plain_gradient);
    accumulate(d_bias_, layer_.bias.gradient);
    input_.release();
    if (input_.given(flow)) return;
    auto dx = flow.fresh(input_.node());
    product_.backward_input(dy, *dx);
    flow.give_gradient(input_.node(), std::move(dx));
  }

  [[nodiscard]] std::vector<int> keeps() const override { return input_.keeps(); }

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

  int node_, number_;
  WeightLayer& layer_;
  StepInput input_;
  ProductWorkspace& shared_;
  Product product_;
  std::vector<float> d_bias_, noise_;
};

LayerShape first_of(const LayerShape& whole, int inner) {
  LayerShape first = whole;
  first.out_channels = inner;
  first.bias = false;
  return first;
}

LayerShape second_of(const LayerShape& whole, int inner) {
  LayerShape second;
  second.name = whole.name;
  second.in_channels = inner;
  second.out_channels = whole.out_channels;
  second.bias = whole.bias;
  second.in_height = second.out_height = whole.out_height;
  second.in_width = second.out_width = whole.out_width;
  return second;
}

/// The layer's weight as a product of two; null where it is none.
FactoredWeight* factors_of(const WeightLayer& layer) {
  auto* weight = dynamic_cast<FactoredWeight*>(layer.source.get());
  return weight != nullptr && weight->inner_outputs() > 0 ? weight : nullptr;
}

/// A weight layer whose source is a product of two weights, as the two layers that these are: the
/// whole weight never exists, nor its gradient.
class FactoredStep : public Step {
 public:
  FactoredStep(Network& network, int node, ProductWorkspace& shared, Precision precision)
      : node_(node),
        layer_(network.weight_layers()[static_cast<std::size_t>(network.index_of(node))]),
        input_(layer_, input_of(network, node)),
        weight_(*factors_of(layer_)),
        inner_(weight_.inner_outputs()),
        first_(first_of(layer_.shape, inner_), &shared,
               {.packing = Packing::each_call, .precision = precision}),
        second_(second_of(layer_.shape, inner_), &shared,
                {.packing = Packing::each_call, .precision = precision}),
        d_kernels_(static_cast<std::size_t>(first_of(layer_.shape, inner_).weights())),
        d_mix_(static_cast<std::size_t>(second_of(layer_.shape, inner_).weights())),
        d_bias_(layer_.bias.value.size()) {}

  void forward(Flow& flow) override {
    assert(flow.engine == nullptr && flow.weight_noise == 0);
    weight_.materialise_factors(first_.new_weights(), second_.new_weights());
    middle_ = flow.pool.take(middle_shape(flow));
    first_.forward(input_.observed(flow), {}, *middle_);
    second_.forward(*middle_, layer_.bias.value, flow.make_value(node_));
  }

  void backward(Flow& flow) override {
    const Tensor& dy = *flow.gradients[static_cast<std::size_t>(node_)];
    second_.backward_weights(*middle_, dy, d_mix_, d_bias_);
    middle_.reset();
    auto d_middle = flow.pool.take(middle_shape(flow));
    second_.backward_input(dy, *d_middle);
    first_.backward_weights(input_.kept(flow), *d_middle, d_kernels_, {});
    weight_.backward_factors(d_kernels_, d_mix_);
    accumulate(d_bias_, layer_.bias.gradient);
    input_.release();
    if (input_.given(flow)) return;
    auto dx = flow.fresh(input_.node());
    first_.backward_input(*d_middle, *dx);
    flow.give_gradient(input_.node(), std::move(dx));
  }

  [[nodiscard]] std::vector<int> keeps() const override { return input_.keeps(); }

 private:
  [[nodiscard]] TensorShape middle_shape(const Flow& flow) const {
    return {flow.images, layer_.shape.out_height, layer_.shape.out_width, inner_};
  }

  int node_;
  WeightLayer& layer_;
  StepInput input_;
  FactoredWeight& weight_;
  int inner_;
  Product first_, second_;
  std::vector<float> d_kernels_, d_mix_, d_bias_;
  std::shared_ptr<Tensor> middle_;
};

/// Whether the layer's weight is a product of two that take fewer multiplications than the one.
bool gains_by_factors(const WeightLayer& layer) {
  const FactoredWeight* weight = factors_of(layer);
  if (weight == nullptr) return false;
  const std::int64_t columns = layer.shape.matrix_columns(), outputs = layer.shape.out_channels;
  return weight->inner_outputs() * (columns + outputs) < columns * outputs;
}

}  // namespace

std::unique_ptr<Step> make_product_step(Network& network, int node, ProductWorkspace& shared,
                                        const ProductPlan& plan) {
  const WeightLayer& layer =
      network.weight_layers()[static_cast<std::size_t>(network.index_of(node))];
  if (plan.factored && gains_by_factors(layer))
    return std::make_unique<FactoredStep>(network, node, shared, plan.precision);
  return std::make_unique<ProductStep>(network, node, shared, plan.precision);
}

}  // namespace lightloom::nn
