#include "nn/train/frozen_copy.hpp"

#include "nn/steps/inference_step.hpp"

namespace lightloom::nn {
namespace {

Graph without_statistics(Graph graph) {
  for (Node& node : graph.nodes)
    if (node.op == Op::batch_norm) node.op = Op::affine;
  return graph;
}

}  // namespace

Network frozen_copy(Network& network) {
  Network copy(without_statistics(network.graph()), SourceCard{}, 0, InitialWeights::none);
  for (std::size_t l = 0; l < copy.weight_layers().size(); ++l) {
    WeightLayer &from = network.weight_layers()[l], &to = copy.weight_layers()[l];
    to.source->encode(dense_weight(from));
    to.bias.value = from.bias.value;
    to.activation_bits = from.activation_bits;
    to.range = from.range;
  }
  for (std::size_t n = 0; n < copy.norms().size(); ++n) {
    const NormLayer& from = network.norms()[n];
    NormLayer& to = copy.norms()[n];
    to.scale.value = from.scale.value;
    to.shift.value = from.shift.value;
    if (!from.running) continue;
    Affine affine = affine_of(from);
    to.scale.value = std::move(affine.scale);
    to.shift.value = std::move(affine.shift);
  }
  return copy;
}

}  // namespace lightloom::nn
