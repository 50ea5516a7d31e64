#include "experiments/studies/cost_study.hpp"

#include <gtest/gtest.h>

#include "core/cards/tree.hpp"
#include "experiments/studies/workbench.hpp"
#include "nn/models/models.hpp"

namespace lightloom::experiments {
namespace {

Experiment experiment(const std::string& changes) {
  return read_experiment(parse_yaml(changes, "test"));
}

/// Stored bits of a network under the card's own source, and of its only baseline.
std::pair<double, double> bits(const SourceLayers& layers) {
  std::vector<double> sums;
  for (const auto& source : layers) {
    double& sum = sums.emplace_back(0);
    for (const cosim::CostLayer& layer : source)
      for (const nn::StoredStream& stream : layer.streams)
        sum += static_cast<double>(stream.count) * stream.bits;
  }
  return {sums.at(0), sums.at(1)};
}

TEST(Workbench, GivesTheLayersThatAFreshCountGivesForEveryNetworkAndSource) {
  Workbench workbench;
  const std::string source = "weights: {source: integer, bits: 4}\n";
  for (const int round : {1, 2})
    for (const std::string& changes :
         {source + "baselines: [{source: dense}]",
          source + "baselines: [{source: integer, bits: 2}]",
          std::string("weights: {source: integer, bits: 3}\nbaselines: [{source: dense}]"),
          "model: {name: lenet5}\n" + source + "baselines: [{source: dense}]",
          "dataset: {name: cifar10}\n" + source + "baselines: [{source: dense}]"}) {
      const Experiment card = experiment(changes);
      const nn::Graph graph = nn::build_graph(card.network.model, card.network.dataset.name);
      EXPECT_EQ(bits(workbench.layers(card)), bits(source_layers(graph, card.network)))
          << round << changes;
    }
}

}  // namespace
}  // namespace lightloom::experiments
