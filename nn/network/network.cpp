#include "nn/network/network.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/graph/consumers.hpp"
#include "nn/weights/multilevel/multilevel_card.hpp"

namespace lightloom::nn {
namespace {

Parameter parameter(std::string name, int size, float value) {
  const auto count = static_cast<std::size_t>(size);
  return {std::move(name), std::vector<float>(count, value), std::vector<float>(count, 0.0f), false,
          value};
}

/// Zero-mean normal weights (He et al., ICCV 2015): fan-out for convolutions, inputs for linear
/// layers.
std::vector<float> initial_weight(const LayerShape& shape, std::uint64_t seed, std::size_t layer) {
  std::vector<float> weight(static_cast<std::size_t>(shape.weights()));
  const bool linear = shape.kind == LayerShape::Kind::linear;
  const double fan = linear ? shape.in_channels
                            : double{1} * shape.out_channels / shape.groups * shape.kernel_area();
  const Stream stream({seed, Purpose::initial_weights, 0, static_cast<std::uint32_t>(layer)});
  fill_normal(stream, 0, weight);
  const auto deviation = static_cast<float>(std::sqrt(2.0 / fan));
  for (float& value : weight) value *= deviation;
  return weight;
}

WeightLayer make_weight_layer(const LayerShape& shape, const SourceCard& card,
                              NetworkSources& sources) {
  WeightLayer layer{.shape = shape, .source = sources.make(shape)};
  if (shape.bias) layer.bias = parameter(shape.name + ".bias", shape.out_channels, 0.0f);
  layer.activation_bits = card.activations;
  return layer;
}

/// A constant has a shift alone, of all its numbers.
NormLayer make_constant(const Node& node) {
  NormLayer constant{.name = node.name, .running = false};
  constant.shift = parameter(node.name, static_cast<int>(node.shape.size()), 0.0f);
  return constant;
}

NormLayer make_norm(const Node& node) {
  if (node.op == Op::constant) return make_constant(node);
  const int channels = node.shape.channels;
  NormLayer norm{.name = node.name, .running = node.op == Op::batch_norm, .epsilon = node.epsilon};
  norm.scale = parameter(node.name + ".scale", channels, 1.0f);
  norm.shift = parameter(node.name + ".shift", channels, 0.0f);
  norm.mean.assign(static_cast<std::size_t>(channels), 0.0f);
  norm.variance.assign(static_cast<std::size_t>(channels), 1.0f);
  return norm;
}

}  // namespace

Network::Network(Graph graph, const SourceCard& card, std::uint64_t seed, InitialWeights initial)
    : graph_(std::move(graph)), card_(card), index_(graph_.nodes.size(), -1) {
  NetworkSources sources(card_);
  for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
    const Node& node = graph_.nodes[n];
    if (node.op == Op::convolution || node.op == Op::linear) {
      index_[n] = static_cast<int>(weights_.size());
      weights_.push_back(
          make_weight_layer(layer_shape(graph_, static_cast<int>(n)), card, sources));
      WeightLayer& layer = weights_.back();
      if (initial == InitialWeights::drawn)
        layer.source->encode(initial_weight(layer.shape, seed, weights_.size() - 1));
    }
    if (is_norm(node.op) || node.op == Op::constant) {
      index_[n] = static_cast<int>(norms_.size());
      norms_.push_back(make_norm(node));
    }
  }
}

void Network::give_bias(std::size_t layer) {
  WeightLayer& to = weights_[layer];
  if (to.shape.bias) return;
  const auto node = std::find(index_.begin(), index_.end(), static_cast<int>(layer));
  for (auto at = node; at != index_.end(); ++at) {
    Node& own = graph_.nodes[static_cast<std::size_t>(at - index_.begin())];
    if (*at == static_cast<int>(layer) && !is_norm(own.op)) own.bias = true;
  }
  to.shape.bias = true;
  to.bias = parameter(to.shape.name + ".bias", to.shape.out_channels, 0.0f);
}

std::vector<Parameter*> Network::parameters() {
  std::vector<Parameter*> all;
  for (WeightLayer& layer : weights_) {
    for (Parameter* own : layer.source->parameters()) all.push_back(own);
    if (!layer.bias.value.empty()) all.push_back(&layer.bias);
  }
  for (NormLayer& norm : norms_) {
    if (!norm.scale.value.empty()) all.push_back(&norm.scale);
    all.push_back(&norm.shift);
  }
  return all;
}

std::vector<float> dense_weight(WeightLayer& layer) {
  std::vector<float> dense(static_cast<std::size_t>(layer.shape.weights()));
  layer.source->materialise(dense);
  return dense;
}

namespace {

/// Scales the kernels in `weight` to the norm of the largest one and `norm` so that it gives the
/// same output.
void equalise(std::span<float> weight, NormLayer& norm) {
  const std::size_t rows = norm.mean.size(), columns = weight.size() / rows;
  std::vector<double> lengths;
  for (std::size_t r = 0; r < rows; ++r) {
    double square = 0;
    for (const float w : weight.subspan(r * columns, columns)) square += double{w} * w;
    lengths.push_back(std::sqrt(square));
  }
  const double largest = *std::max_element(lengths.begin(), lengths.end());
  for (std::size_t r = 0; r < rows; ++r) {
    if (lengths[r] == 0) continue;
    const double factor = largest / lengths[r];
    for (float& w : weight.subspan(r * columns, columns)) w = static_cast<float>(factor * w);
    const double before = norm.variance[r] + norm.epsilon;
    norm.mean[r] = static_cast<float>(factor * norm.mean[r]);
    norm.variance[r] = static_cast<float>(factor * factor * norm.variance[r]);
    const double after = norm.variance[r] + norm.epsilon;
    norm.scale.value[r] *= static_cast<float>(std::sqrt(after / before) / factor);
  }
}

/// The normalisation that alone reads each weight layer, or null.
std::vector<NormLayer*> following_norms(Network& network) {
  const auto readers = consumers(network.graph());
  std::vector<NormLayer*> norms(network.weight_layers().size(), nullptr);
  for (std::size_t n = 0; n < readers.size(); ++n) {
    const Op op = network.graph().nodes[n].op;
    if (op != Op::convolution && op != Op::linear) continue;
    const int node = static_cast<int>(n);
    const int norm = only_reader(network.graph(), readers, node, Op::batch_norm);
    if (norm >= 0)
      norms[static_cast<std::size_t>(network.index_of(node))] =
          &network.norms()[static_cast<std::size_t>(network.index_of(norm))];
  }
  return norms;
}

void copy_norms(const Network& teacher, Network& student) {
  for (std::size_t n = 0; n < teacher.norms().size(); ++n) {
    const NormLayer& from = teacher.norms()[n];
    NormLayer& to = student.norms()[n];
    to.scale.value = from.scale.value;
    to.shift.value = from.shift.value;
    to.mean = from.mean;
    to.variance = from.variance;
  }
}

}  // namespace

void copy_weights(Network& teacher, Network& student) {
  require(teacher.weight_layers().size() == student.weight_layers().size() &&
              teacher.norms().size() == student.norms().size(),
          "cannot copy weights from '{}' to '{}' (teacher and student need the same model)",
          teacher.graph().name, student.graph().name);
  copy_norms(teacher, student);
  const std::vector<NormLayer*> norms = following_norms(student);
  for (std::size_t n = 0; n < teacher.weight_layers().size(); ++n) {
    WeightLayer& from = teacher.weight_layers()[n];
    WeightLayer& to = student.weight_layers()[n];
    require(from.shape.weights() == to.shape.weights(), "cannot copy weights: layer '{}' differs",
            from.shape.name);
    if (from.shape.bias) student.give_bias(n);
    std::vector<float> weight = dense_weight(from);
    const SourceCard card = card_for(student.source_card(), to.shape.name);
    if (card.settings.of<MultilevelCard>().projection.equalise && norms[n] != nullptr &&
        !to.shape.bias)
      equalise(weight, *norms[n]);
    to.source->encode(weight);
    to.bias.value = from.bias.value;
    if (from.range.seen) to.range = from.range;
  }
}

}  // namespace lightloom::nn
