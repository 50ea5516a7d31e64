#include "experiments/studies/costs/cost_study.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
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
      EXPECT_EQ(bits(*workbench.layers(card)), bits(source_layers(graph, card.network)))
          << round << changes;
    }
}

CostStudy study_of(const std::string& changes) {
  const Experiment card = experiment(changes);
  const nn::Graph graph = nn::build_graph(card.network.model, card.network.dataset.name);
  return study_cost(card.network, card.hardware, source_layers(graph, card.network));
}

TEST(CostStudy, PartsOfTheCriticalPathAddUpToTheTimeAndOneOfThemBinds) {
  Json json;
  add_cost(json, study_of("weights: {source: integer, bits: 4}\nbaselines: [{source: dense}]"));
  ASSERT_EQ(json["sources"].size(), 2u);
  for (const Json& source : json["sources"]) {
    double sum = 0, most = 0;
    for (const double part : source["critical_parts_s"]) {
      sum += part;
      most = std::max(most, part);
    }
    const double time = source["time_s"];
    EXPECT_NEAR(sum, time, 1e-9 * time);
    EXPECT_EQ(source["critical_parts_s"][source["bound_by"].get<std::string>()], most);
    for (const Json& stage : source["stages"]) {
      double busy = 0;
      for (const double part : stage["busy_parts_s"]) busy += part;
      EXPECT_NEAR(busy, stage["states_s"]["busy"].get<double>(), 1e-9 * time);
    }
  }
  EXPECT_EQ(json["bound_by"], json["sources"]["int4"]["bound_by"]);
  for (const Json& layer : json["layers"]) {
    EXPECT_TRUE(layer["critical_s"].is_object());
    EXPECT_TRUE(layer["critical_parts_s"].contains(layer["bound_by"].get<std::string>()));
    EXPECT_TRUE(layer["roof"].is_string());
  }
}

TEST(CostStudy, SaysWhatEachLaterBatchCostsUnderEverySource) {
  const CostStudy study =
      study_of("weights: {source: integer, bits: 4}\nbaselines: [{source: dense}]");
  Json json;
  add_cost(json, study);
  Labelled data;
  add_cost(data, study);
  for (std::size_t i = 0; i < 2; ++i) {
    const Json& source = json["sources"][study.labels[i]];
    EXPECT_LT(source["steady"]["time_s"], source["time_s"]) << study.labels[i];
    EXPECT_LT(source["steady"]["energy_J"], source["energy_J"]) << study.labels[i];
    EXPECT_GT(source["steady"]["resident_bytes"], 0);
    EXPECT_TRUE(source["steady"]["bound_by"].is_string());
    for (const auto& [key, name] :
         {std::pair("time_s", "steady_time"), {"energy_J", "steady_energy"}})
      EXPECT_EQ(std::get<std::vector<double>>(data.variable(name)->values)[i],
                source["steady"][key]);
  }
  EXPECT_EQ(json["time_s"], json["sources"]["int4"]["time_s"]);  // that of a cold batch
}

TEST(CostStudy, ArraysByPartAddUpToTheTime) {
  const CostStudy study =
      study_of("weights: {source: integer, bits: 4}\nbaselines: [{source: dense}]");
  Labelled data;
  add_cost(data, study);
  const auto& parts = std::get<std::vector<double>>(data.variable("time_by_part")->values);
  const auto& by_layer = std::get<std::vector<double>>(data.variable("layer_time_by_part")->values);
  const std::size_t count = parts.size() / 2;
  for (std::size_t i = 0; i < 2; ++i) {
    const double time = study.reports[i].time_s();
    const auto sum = [&](const std::vector<double>& values) {
      const std::size_t share = values.size() / 2;
      const auto first = values.begin() + static_cast<std::ptrdiff_t>(i * share);
      return std::accumulate(first, first + static_cast<std::ptrdiff_t>(share), 0.0);
    };
    EXPECT_NEAR(sum(parts), time, 1e-9 * time);
    EXPECT_NEAR(sum(by_layer), time, 1e-9 * time);
  }
  EXPECT_EQ(count, size_of(data.axis("part")->values));
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

const std::string bank_of_levels =
    "core: {kind: mrr-bank, correction: none, bank: {trim_power_mW: 0.25}, sparse_dac: {levels: "
    "16}}\ngenerator: {kind: electronic}\n";

// Baselines have no lists: each of their cells is a conversion, and no bank is theirs.
TEST(CostStudy, ABankOfLevelsServesTheSourceThatListsItsValuesAlone) {
  Json json;
  add_cost(json, study_of(bank_of_levels +
                          "weights: {source: crew, bits: 4}\nbaselines: [{source: integer, bits: "
                          "4}]"));
  const Json &own = json["sources"]["crew4"], &plain = json["sources"]["int4"];
  EXPECT_GT(own["weight_conversions"], 0);
  EXPECT_LT(own["weight_conversions"], plain["weight_conversions"].get<double>() / 4);
  EXPECT_EQ(own["weight_switchings"], plain["weight_conversions"]);
  EXPECT_EQ(plain["weight_switchings"], 0);
  EXPECT_TRUE(own["area_parts_mm2"].contains("core weight switches"));
  EXPECT_TRUE(own["energy_parts_J"].contains("weight switching"));
  EXPECT_FALSE(plain["area_parts_mm2"].contains("core level bank"));
  double sum = 0;
  for (const Json& layer : json["layers"]) sum += layer["weight_conversions"].get<double>();
  EXPECT_NEAR(own["weight_conversions"], sum, 1e-9 * sum);
}

TEST(CostStudy, ABankOfLevelsIsRefusedForOtherSourcesWithTheirNames) {
  const auto refusal = [](const std::string& changes) {
    try {
      experiment(bank_of_levels + changes);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal("weights: {source: crew}"), "");
  EXPECT_NE(refusal("weights: {source: integer}").find("source 'integer'"), std::string::npos);
  EXPECT_NE(refusal("weights: {source: crew, scales: filter}").find("scales: layer"),
            std::string::npos);
  EXPECT_NE(refusal("weights: {source: crew, layers: [{layer: fc, source: dense}]}")
                .find("'dense' for 'fc'"),
            std::string::npos);
  EXPECT_NE(refusal("weights: {source: crew}\nway: reload").find("way: source"), std::string::npos);
}

}  // namespace
}  // namespace lightloom::experiments
