#include "nn/train/measured_part.hpp"

#include <algorithm>

#include "nn/data/batch.hpp"
#include "nn/inference/inference.hpp"
#include "nn/inference/number_errors.hpp"
#include "nn/inference/part_inference.hpp"

namespace lightloom::nn {
namespace {

/// Whether the weight layer, or the normalisation or constant, of each number stands in the second
/// part of a cut.
struct Behind {
  std::vector<bool> layers, norms;

  Behind(const Network& network, const GraphCut* cut)
      : layers(network.weight_layers().size(), true), norms(network.norms().size(), true) {
    if (cut == nullptr) return;
    const Graph& graph = network.graph();
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      const int number = network.index_of(static_cast<int>(n));
      if (number < 0 || !cut->first[n]) continue;
      (is_weight_layer(graph.nodes[n].op) ? layers : norms)[static_cast<std::size_t>(number)] =
          false;
    }
  }
};

}  // namespace

GivenPart given_part(const MeasuredPart& measured) {
  return {.cut = &measured.cut,
          .values = [&values = measured.train](
                        const Tensor& /*images*/, std::span<const std::uint32_t> numbers,
                        std::vector<Tensor>& batch) { values.take(numbers, batch); }};
}

std::vector<bool> trained_parameters(Network& network, const GraphCut* cut) {
  const Behind behind(network, cut);
  std::vector<bool> trained;
  for (std::size_t l = 0; l < behind.layers.size(); ++l) {
    WeightLayer& layer = network.weight_layers()[l];
    const std::size_t own = layer.source->parameters().size() + (layer.bias.value.empty() ? 0 : 1);
    trained.insert(trained.end(), own, behind.layers[l]);
  }
  for (std::size_t n = 0; n < behind.norms.size(); ++n)
    trained.insert(trained.end(), network.norms()[n].scale.value.empty() ? 1 : 2, behind.norms[n]);
  return trained;
}

std::vector<bool> trained_layers(const Network& network, const GraphCut* cut) {
  return Behind(network, cut).layers;
}

double validation_accuracy(Network& network, const ImageSet& validation, const MeasuredPart& part) {
  PartInference rest(network, part.cut, cut_at_output(network.graph()));
  std::vector<Tensor> values;
  NumberErrors errors;
  std::int64_t correct = 0;
  for_each_batch(validation, {0, validation.size()}, 250,
                 [&](const Batch& batch, std::size_t first) {
                   const auto count = static_cast<std::size_t>(batch.images.shape().images);
                   part.validation.take(first, first + count, values);
                   const Tensor& answers = *rest.forward(pointers(values), first).front();
                   if (validation.has_numbers()) return add_errors(answers, batch.targets, errors);
                   const std::vector<int> guesses = predictions(answers);
                   for (std::size_t i = 0; i < count; ++i)
                     correct += guesses[i] == batch.labels[i] ? 1 : 0;
                 });
  return validation.has_numbers()
             ? errors.explained()
             : static_cast<double>(correct) / static_cast<double>(validation.size());
}

}  // namespace lightloom::nn
