#include <algorithm>
#include <cmath>
#include <cstdint>

#include "nn/ops/elementwise.hpp"
#include "nn/ops/products/integer_product.hpp"
#include "nn/ops/quantise.hpp"
#include "nn/steps/inference_step.hpp"

namespace lightloom::nn {
namespace {

/// What sums of levels stand for, by output channel.
struct Meaning {
  std::vector<float> factor, bias;
};

Meaning meaning_of(const IntegerRows& rows, float input, const WeightLayer& layer,
                   const NormLayer* norm) {
  Meaning made;
  const Affine affine = norm == nullptr ? Affine{} : affine_of(*norm);
  for (std::size_t c = 0; c < rows.factors.size(); ++c) {
    const double scale = norm == nullptr ? 1.0 : affine.scale[c];
    const double shift = norm == nullptr ? 0.0 : affine.shift[c];
    const double bias = layer.bias.value.empty() ? 0.0 : layer.bias.value[c];
    made.factor.push_back(static_cast<float>(scale * input * rows.factors[c]));
    made.bias.push_back(static_cast<float>(scale * bias + shift));
  }
  return made;
}

void take_levels(const ActivationScale& scale, std::span<const float> x,
                 std::span<std::uint8_t> levels) {
  const auto count = static_cast<std::int64_t>(x.size());
  const float *from = x.data(), inverse = scale.inverse, top = scale.top();
  std::uint8_t* to = levels.data();
#pragma omp parallel for simd schedule(static)
  for (std::int64_t i = 0; i < count; ++i) {
    // In this order what is no number becomes 0, which has no byte of its own.
    const float level = std::min(std::max(0.0f, std::rint(from[i] * inverse)), top);
    to[i] = static_cast<std::uint8_t>(static_cast<int>(level));
  }
}

/// y = factor sum + bias, or that added to y; ReLU if asked.
template <bool adds, bool relu>
void finish(std::span<const std::int32_t> sums, const Meaning& meaning, Tensor& y) {
  const auto channels = static_cast<std::int64_t>(meaning.factor.size());
  const auto pixels = static_cast<std::int64_t>(sums.size()) / channels;
  const float *factor = meaning.factor.data(), *bias = meaning.bias.data();
#pragma omp parallel for schedule(static)
  for (std::int64_t p = 0; p < pixels; ++p) {
    const std::int32_t* from = sums.data() + p * channels;
    float* to = y.data() + p * channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      float value = factor[c] * static_cast<float>(from[c]) + bias[c];
      if constexpr (adds) value += to[c];
      to[c] = relu ? std::max(value, 0.0f) : value;
    }
  }
}

class IntegerProductStep : public InferenceStep {
 public:
  struct Parts {
    int in;
    FusedTail tail;
    ActivationScale scale;
    LayerShape shape;
    Meaning meaning;
  };
  IntegerProductStep(Parts parts, std::span<const std::int8_t> levels, ProductWorkspace& shared)
      : parts_(std::move(parts)), product_(parts_.shape, levels), shared_(shared) {}

  void forward(Flow& flow) override {
    const Tensor& x = flow.value(parts_.in);
    shared_.levels.resize(x.values().size());
    take_levels(parts_.scale, x.values(), shared_.levels);
    Tensor& y = output_of(parts_.tail, flow);
    shared_.sums.resize(y.values().size());
    product_.forward(shared_.levels, flow.images, shared_.sums);
    const bool adds = parts_.tail.other >= 0, relu = parts_.tail.activation == Activation::relu;
    if (adds)
      relu ? finish<true, true>(shared_.sums, parts_.meaning, y)
           : finish<true, false>(shared_.sums, parts_.meaning, y);
    else
      relu ? finish<false, true>(shared_.sums, parts_.meaning, y)
           : finish<false, false>(shared_.sums, parts_.meaning, y);
    if (parts_.tail.activation && !relu) activate(*parts_.tail.activation, y, y);
  }

 private:
  Parts parts_;
  IntegerProduct product_;
  ProductWorkspace& shared_;
};

/// The scale of a layer's inputs, where they are levels of at most 8 bits that count from zero.
std::optional<ActivationScale> levels_from_zero(const WeightLayer& layer) {
  constexpr int most_bits = 8;
  if (layer.activation_bits < 1 || layer.activation_bits > most_bits || !layer.range.seen)
    return std::nullopt;
  const ActivationScale scale = activation_scale(layer.activation_bits, layer.range);
  return scale.zero == 0 ? std::optional(scale) : std::nullopt;
}

}  // namespace

std::unique_ptr<InferenceStep> make_integer_product(Network& network, int node,
                                                    const FusedTail& tail,
                                                    ProductWorkspace& shared) {
  auto& layer = network.weight_layers()[static_cast<std::size_t>(network.index_of(node))];
  const std::optional<ActivationScale> scale = levels_from_zero(layer);
  if (!multiplies_bytes() || !scale || !sums_fit(layer.shape)) return nullptr;
  const std::vector<float> weights = dense_weight(layer);
  const std::optional<IntegerRows> rows = integer_rows(weights, layer.shape.out_channels);
  if (!rows) return nullptr;
  const NormLayer* norm =
      tail.norm < 0 ? nullptr
                    : &network.norms()[static_cast<std::size_t>(network.index_of(tail.norm))];
  const int in = network.graph().nodes[static_cast<std::size_t>(node)].inputs.front();
  return std::make_unique<IntegerProductStep>(
      IntegerProductStep::Parts{in, tail, *scale, layer.shape,
                                meaning_of(*rows, scale->scale, layer, norm)},
      rows->levels, shared);
}

}  // namespace lightloom::nn
