#include "nn/search/layer_harm.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "nn/models/models.hpp"

namespace lightloom::nn {
namespace {

Network network_with(const SourceCard& card, std::uint64_t seed = 1) {
  return Network(build_graph("cnn3", "glyphs"), card, seed);
}

SourceCard searched_multilevel() {
  return {.source = "multilevel",
          .activations = 8,
          .settings =
              MultilevelCard{.bits = {.basis = 3, .intra = 6, .cross = 3}, .intra = 2, .cross = 8}};
}

/// A loss whose curvature per layer is known.
CalibrationLoss quadratic(Network& reference, const std::vector<double>& curvature) {
  std::vector<std::vector<float>> weights;
  for (WeightLayer& layer : reference.weight_layers()) weights.push_back(dense_weight(layer));
  return [weights, curvature](Network& network) {
    double loss = 0.7;
    for (std::size_t l = 0; l < weights.size(); ++l) {
      const std::vector<float> now = dense_weight(network.weight_layers()[l]);
      for (std::size_t i = 0; i < now.size(); ++i)
        loss += curvature[l] * std::pow(double{now[i]} - weights[l][i], 2);
    }
    return loss;
  };
}

TEST(NetworkSearch, MeasuresTheCurvatureOfEveryLayerAndLeavesTheNetworkAsItWas) {
  Network network = network_with({});
  const std::vector<double> curvature{3.0, 0.5, 0.01, 2.0};
  ASSERT_EQ(network.weight_layers().size(), curvature.size());
  const CalibrationLoss loss = quadratic(network, curvature);
  const std::vector<double> found = layer_sensitivities(network, searched_multilevel(), loss);
  for (std::size_t l = 0; l < curvature.size(); ++l)
    EXPECT_NEAR(found[l], curvature[l], 1e-6 * curvature[l]);
  EXPECT_EQ(loss(network), 0.7);
}

TEST(NetworkSearch, RulesWithoutImagesLookAtTheWeightsAlone) {
  Network network = network_with({});
  const LayerHarm relative = relative_harm(network), trained = trained_harm(network);
  EXPECT_EQ(relative.rule.power, 1);
  EXPECT_EQ(trained.rule.power, 2);
  ASSERT_EQ(trained.sensitivities.size(), network.weight_layers().size());
  for (std::size_t l = 0; l < trained.sensitivities.size(); ++l) {
    const std::vector<float> weight = dense_weight(network.weight_layers()[l]);
    double norm = 0;
    for (const float value : weight) norm += double{value} * value;
    EXPECT_NEAR(relative.sensitivities[l] * norm, 1, 1e-12);
    EXPECT_NEAR(std::pow(trained.sensitivities[l] * norm * norm, 4),
                static_cast<double>(weight.size()), 1e-9 * static_cast<double>(weight.size()));
  }
}

TEST(NetworkSearch, StaysWithinItsBudgetAndBeatsTheUniformSetting) {
  Network network = network_with({});
  const std::vector<double> curvature{3.0, 0.5, 0.01, 2.0};
  SourceCard base = searched_multilevel();
  base.activations = 0;
  const SearchGrid grid{
      .intra = {1, 2, 3}, .cross_share = {0.25, 0.4}, .bits = {{2, 2, 2}, {3, 6, 3}}};
  const MemoryBudget budget(network.shape());
  const double uniform = ratio_of(network.shape(), base).memory_ratio;
  const NetworkChoices choices = network_choices(network, base, grid, {{curvature}});
  const SearchResult result = search_choices(choices.layers, budget.bits_at(uniform));
  const SourceCard found = chosen_card(base, choices.layers, result);
  const double ratio = ratio_of(network.shape(), found).memory_ratio;
  EXPECT_LE(ratio, uniform);
  EXPECT_DOUBLE_EQ(ratio, budget.ratio_with(result.cost));

  const CalibrationLoss loss = quadratic(network, curvature);
  const auto loss_of = [&](const SourceCard& card) {
    Network student = network_with(card, 3);
    copy_weights(network, student);
    return loss(student) - 0.7;
  };
  const double searched = loss_of(found);
  EXPECT_NEAR(searched, result.error, 1e-6 * searched);
  EXPECT_LT(searched, loss_of(base));
  EXPECT_TRUE(search_choices(choices.layers, budget.bits_at(0.001)).chosen.empty());
}

TEST(MemoryBudget, GivesBackTheBitsThatARatioCameFromAndNotOneMore) {
  const NetworkShape shape = network_with({}).shape();
  const MemoryBudget budget(shape);
  for (std::int64_t bits = 0; bits < 100000; bits += 37) {
    EXPECT_EQ(budget.bits_at(budget.ratio_with(bits)), bits);
    EXPECT_LT(budget.bits_at(budget.ratio_with(bits) * (1 - 1e-6) - 1e-9), bits);
  }
  // Without a weight: biases and normalisations alone.
  const Ratio dense = ratio_of(shape, {});
  std::int64_t weights = 0;
  for (const LayerShape& layer : shape.layers) weights += 32 * layer.weights();
  EXPECT_DOUBLE_EQ(budget.ratio_with(weights), 1.0);
  EXPECT_EQ(budget.bits_at(1.0), weights);
  EXPECT_EQ(dense.dense_memory_bits - weights,
            static_cast<std::int64_t>(
                std::llround(budget.ratio_with(0) * static_cast<double>(dense.dense_memory_bits))));
}

TEST(NetworkChoices, NeverLoseToTheBestUniformSettingOfTheSameCost) {
  Network network = network_with({});
  const SearchGrid grid{
      .intra = {1, 2}, .cross_share = {0.25, 0.5}, .bits = {{3, 3, 3}, {4, 6, 4}}};
  const std::vector<double> sensitivities{5.0, 0.1, 1.0, 1.0};
  // A cost of the caller's: words, whatever their bits.
  const ChoiceCost words = [](const LayerShape& shape, const SourceCard& card) {
    std::int64_t count = 0;
    for (const StoredStream& stream : stored_streams(card, shape)) count += stream.count;
    return count;
  };
  for (const ChoiceCost& cost : {ChoiceCost(stored_bits), words}) {
    const NetworkChoices choices =
        network_choices(network, searched_multilevel(), grid, {{sensitivities}, cost});
    ASSERT_EQ(choices.uniform.size(), 8u);
    for (const UniformChoice& uniform : choices.uniform) {
      std::int64_t by_hand = 0;
      for (const WeightLayer& layer : network.weight_layers())
        by_hand += cost(layer.shape, uniform.card);
      EXPECT_EQ(uniform.cost, by_hand);
      const SearchResult found = search_choices(choices.layers, uniform.cost);
      EXPECT_LE(found.cost, uniform.cost);
      EXPECT_LE(found.error, choices.best_uniform(uniform.cost)->error * (1 + 1e-12));
      EXPECT_LE(choices.best_uniform(uniform.cost)->error, uniform.error);
    }
    EXPECT_EQ(choices.best_uniform(choices.least_cost() - 1), nullptr);
  }
}

}  // namespace
}  // namespace lightloom::nn
