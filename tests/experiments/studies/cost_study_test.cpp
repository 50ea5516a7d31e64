#include "experiments/studies/cost_study.hpp"

#include <gtest/gtest.h>

#include <cmath>

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

TEST(CostStudy, SourcesWithoutFactorsPayForNoBanksOfLight) {
  const std::string light = "generator: {kind: photonic, electronic: {static_power_mW: 3}}\n",
                    own = "weights: {source: multilevel, intra: 2, cross: 8}\n",
                    ternary = "baselines: [{source: ternary}, {source: integer, bits: 2}]\n";
  const Experiment card = experiment(light + own + ternary);
  const nn::Graph graph = nn::build_graph(card.network.model, card.network.dataset.name);
  const auto inputs = cost_inputs(source_layers(graph, card.network), card.hardware);
  EXPECT_EQ(inputs.at(0).generator.kind, "photonic");
  EXPECT_EQ(inputs.at(1).generator.kind, "electronic");
  EXPECT_EQ(inputs.at(1).generator.electronic.static_power_mW, 3);
  EXPECT_EQ(inputs.at(2).generator.kind, "none");
  // Five trits a byte are 0.8 of two-bit words; bytes are whole in every layer.
  const auto layers = source_layers(graph, card.network);
  for (std::size_t i = 0; i < layers[1].size(); ++i) {
    const auto weights = static_cast<double>(layers[1][i].shape.weights());
    EXPECT_EQ(static_cast<double>(layers[1][i].streams[0].count), std::ceil(weights / 5));
    EXPECT_EQ(layers[1][i].work.lookups, layers[1][i].streams[0].count);
  }
}

}  // namespace
}  // namespace lightloom::experiments
