#include <cmath>

#include "nn/ops/elementwise.hpp"
#include "nn/ops/normalisation.hpp"
#include "nn/steps/inference_step.hpp"

namespace lightloom::nn {
namespace {

int input_of(const Graph& graph, int node) {
  return graph.nodes[static_cast<std::size_t>(node)].inputs.front();
}

/// The input of a weight layer, quantised if the layer asks for it.
class LayerInput {
 public:
  LayerInput(const Network& network, int node)
      : in_(input_of(network.graph(), node)),
        bits_(layer_of(network, node).activation_bits),
        range_(layer_of(network, node).range) {}

  const Tensor& of(Flow& flow) {
    if (bits_ == 0) return flow.value(in_);
    quantised_.resize(flow.value(in_).shape());
    copy(flow.value(in_), quantised_);
    quantise_activation(quantised_.values(), bits_, range_);
    return quantised_;
  }

  /// Products of rounded numbers are computed directly: analog and integer arithmetic are compared
  /// with them.
  [[nodiscard]] bool rounded() const { return bits_ > 0; }

  static const WeightLayer& layer_of(const Network& network, int node) {
    return network.weight_layers()[static_cast<std::size_t>(network.index_of(node))];
  }

 private:
  int in_, bits_;
  ActivationRange range_;
  Tensor quantised_;
};

/// Scales the weights of every output channel and moves the rest of the normalisation into the
/// bias.
void fold(const Affine& norm, std::vector<float>& weights, std::vector<float>& bias) {
  const std::size_t channels = norm.scale.size();
  const std::size_t each = weights.size() / channels;
  bias.resize(channels, 0.0f);
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t i = c * each; i < (c + 1) * each; ++i) weights[i] *= norm.scale[c];
    bias[c] = bias[c] * norm.scale[c] + norm.shift[c];
  }
}

class FusedProduct : public InferenceStep {
 public:
  FusedProduct(Network& network, int node, const FusedTail& tail, ProductWorkspace& shared)
      : tail_(tail),
        input_(network, node),
        product_(LayerInput::layer_of(network, node).shape, &shared),
        bias_(LayerInput::layer_of(network, node).bias.value) {
    auto& layer = network.weight_layers()[static_cast<std::size_t>(network.index_of(node))];
    std::vector<float> weights = dense_weight(layer);
    if (tail.norm >= 0) {
      const auto number = static_cast<std::size_t>(network.index_of(tail.norm));
      fold(affine_of(network.norms()[number]), weights, bias_);
    }
    product_.set_weights(weights);
  }

  void forward(Flow& flow) override {
    const Tensor& x = input_.of(flow);
    product_.forward(x, bias_, output_of(tail_, flow),
                     {.accumulate = tail_.other >= 0,
                      .activation = tail_.activation,
                      .method = input_.rounded() ? Method::direct : Method::quickest});
  }

 private:
  FusedTail tail_;
  LayerInput input_;
  Product product_;
  std::vector<float> bias_;
};

class EngineProduct : public InferenceStep {
 public:
  EngineProduct(Network& network, int node, MatrixEngine& engine, std::uint32_t write)
      : node_(node),
        number_(network.index_of(node)),
        input_(network, node),
        bias_(LayerInput::layer_of(network, node).bias.value),
        engine_(engine) {
    auto& layer = network.weight_layers()[static_cast<std::size_t>(number_)];
    engine.load(number_, layer.shape, dense_weight(layer), write);
  }

  void forward(Flow& flow) override {
    const Tensor& x = input_.of(flow);
    Tensor& y = flow.make_value(node_);
    engine_.multiply(number_, {x.values(), flow.images, flow.first_image}, y.values());
    if (!bias_.empty()) add_bias(bias_, y);
  }

 private:
  int node_, number_;
  LayerInput input_;
  std::vector<float> bias_;
  MatrixEngine& engine_;
};

class AffineStep : public InferenceStep {
 public:
  AffineStep(Network& network, int node, int output)
      : in_(input_of(network.graph(), node)),
        output_(output),
        then_(output == node ? Then::nothing : Then::relu),
        affine_(affine_of(network.norms()[static_cast<std::size_t>(network.index_of(node))])) {}

  void forward(Flow& flow) override {
    scale_shift(flow.value(in_), {affine_.scale, affine_.shift}, then_, flow.make_value(output_));
  }

 private:
  int in_, output_;
  Then then_;
  Affine affine_;
};

/// A step of training whose forward is the same in inference.
class SameAsTraining : public InferenceStep {
 public:
  explicit SameAsTraining(std::unique_ptr<Step> step) : step_(std::move(step)) {}
  void forward(Flow& flow) override { step_->forward(flow); }

 private:
  std::unique_ptr<Step> step_;
};

class Nothing : public InferenceStep {
 public:
  Nothing(int in, int node) : in_(in), node_(node) {}
  void forward(Flow& flow) override {
    flow.values[static_cast<std::size_t>(node_)] = flow.values[static_cast<std::size_t>(in_)];
  }

 private:
  int in_, node_;
};

}  // namespace

Tensor& output_of(const FusedTail& tail, Flow& flow) {
  if (tail.other < 0) return flow.make_value(tail.output);
  const auto& other = flow.values[static_cast<std::size_t>(tail.other)];
  if (tail.take_over && only_ours(other)) {
    flow.values[static_cast<std::size_t>(tail.output)] = other;
    return *other;
  }
  Tensor& y = flow.make_value(tail.output);
  copy(*other, y);
  return y;
}

Affine affine_of(const NormLayer& norm) {
  Affine affine;
  for (std::size_t c = 0; c < norm.mean.size(); ++c) {
    const double scale = norm.scale.value[c] / std::sqrt(norm.variance[c] + norm.epsilon);
    affine.scale.push_back(static_cast<float>(scale));
    affine.shift.push_back(static_cast<float>(norm.shift.value[c] - scale * norm.mean[c]));
  }
  return affine;
}

std::unique_ptr<InferenceStep> make_fused_product(Network& network, int node, const FusedTail& tail,
                                                  ProductWorkspace& shared) {
  if (auto in_integers = make_integer_product(network, node, tail, shared)) return in_integers;
  return std::make_unique<FusedProduct>(network, node, tail, shared);
}

std::unique_ptr<InferenceStep> make_engine_product(Network& network, int node, MatrixEngine& engine,
                                                   std::uint32_t write) {
  return std::make_unique<EngineProduct>(network, node, engine, write);
}

std::unique_ptr<InferenceStep> make_affine(Network& network, int node, int output) {
  return std::make_unique<AffineStep>(network, node, output);
}

std::unique_ptr<InferenceStep> make_parameter_inference(Network& network, int node) {
  const Op op = network.graph().nodes[static_cast<std::size_t>(node)].op;
  const bool norm = op == Op::group_norm || op == Op::layer_norm;
  return std::make_unique<SameAsTraining>(norm ? make_group_norm_step(network, node)
                                               : make_parameter_step(network, node));
}

std::unique_ptr<InferenceStep> make_plain_inference(const Graph& graph, int node, int output) {
  if (graph.nodes[static_cast<std::size_t>(node)].op == Op::dropout) {
    return std::make_unique<Nothing>(input_of(graph, node), node);
  }
  return std::make_unique<SameAsTraining>(output == node ? make_plain_step(graph, node, 0)
                                                         : make_add_relu_step(graph, node, output));
}

}  // namespace lightloom::nn
