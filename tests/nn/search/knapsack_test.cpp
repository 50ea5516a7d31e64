#include "nn/search/knapsack.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/accounting/ratio.hpp"

namespace lightloom::nn {
namespace {

std::vector<LayerChoices> random_problem(std::uint64_t seed, int layers, int choices) {
  const Stream stream({.seed = seed, .purpose = Purpose::test});
  std::vector<LayerChoices> problem;
  std::uint64_t draw = 0;
  for (int l = 0; l < layers; ++l) {
    LayerChoices& layer = problem.emplace_back();
    for (int c = 0; c < choices; ++c)
      layer.choices.push_back({.cost = static_cast<std::int64_t>(1 + stream.below(40, draw)),
                               .error = stream.uniform(draw, 1)}),
          ++draw;
  }
  return problem;
}

/// Every assignment tried.
double brute_force(const std::vector<LayerChoices>& problem, std::int64_t budget) {
  double best = std::numeric_limits<double>::infinity();
  std::vector<std::size_t> pick(problem.size());
  for (;;) {
    std::int64_t cost = 0;
    double error = 0;
    for (std::size_t l = 0; l < problem.size(); ++l) {
      cost += problem[l].choices[pick[l]].cost;
      error += problem[l].choices[pick[l]].error;
    }
    if (cost <= budget) best = std::min(best, error);
    std::size_t l = 0;
    while (l < pick.size() && ++pick[l] == problem[l].choices.size()) pick[l++] = 0;
    if (l == pick.size()) return best;
  }
}

TEST(Search, FindsTheOptimumThatTryingEverythingFinds) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto problem = random_problem(seed, 5, 4);
    for (const std::int64_t budget : {30, 60, 100, 200}) {
      const SearchResult result = search_choices(problem, budget);
      const double best = brute_force(problem, budget);
      if (result.chosen.empty()) {
        EXPECT_TRUE(std::isinf(best));
        continue;
      }
      EXPECT_NEAR(result.error, best, 1e-12);
      EXPECT_LE(result.cost, budget);
      std::int64_t cost = 0;
      double error = 0;
      for (std::size_t l = 0; l < problem.size(); ++l) {
        cost += problem[l].choices[result.chosen[l]].cost;
        error += problem[l].choices[result.chosen[l]].error;
      }
      EXPECT_EQ(cost, result.cost);
      EXPECT_NEAR(error, result.error, 1e-12);
    }
  }
}

TEST(Search, FitsTheBudgetExactlyAndRefusesOneLess) {
  const std::vector<LayerChoices> problem{{.choices = {{.cost = 5, .error = 1}}},
                                          {.choices = {{.cost = 7, .error = 1}}}};
  EXPECT_EQ(search_choices(problem, 12).cost, 12);
  EXPECT_TRUE(search_choices(problem, 11).chosen.empty());
}

TEST(Search, MoreBudgetNeverHurts) {
  const auto problem = random_problem(99, 20, 12);
  double before = std::numeric_limits<double>::infinity();
  for (std::int64_t budget = 100; budget < 700; budget += 50) {
    const SearchResult result = search_choices(problem, budget);
    if (result.chosen.empty()) continue;
    EXPECT_LE(result.error, before);
    before = result.error;
  }
}

TEST(Search, CoarseCostsStayWithinTheBudgetAndBoundTheStates) {
  const auto problem = random_problem(7, 12, 10);
  const SearchResult exact = search_choices(problem, 180),
                     coarse = search_choices(problem, 180, 10);
  ASSERT_FALSE(exact.chosen.empty() || coarse.chosen.empty());
  EXPECT_LE(coarse.cost, 180);
  EXPECT_LE(coarse.states, 19u);
  EXPECT_GE(coarse.error, exact.error);
}

TEST(Search, BeatsTheBestUniformSettingOfItsGridAtEqualMemory) {
  // Two layers of very different worth: the uniform setting spends as much on either.
  const LayerShape shapes[] = {
      {.name = "a", .in_channels = 16, .out_channels = 16, .kernel_height = 3, .kernel_width = 3},
      {.name = "b", .in_channels = 16, .out_channels = 32, .kernel_height = 3, .kernel_width = 3}};
  const double sensitivity[] = {10.0, 0.1};
  const SourceCard base{
      .source = "multilevel",
      .settings = MultilevelCard{.bits = {3, 6, 3}, .intra = 2, .cross_share = 0.5}};
  std::vector<LayerChoices> layers;
  double uniform_error = 0;
  std::int64_t uniform_cost = 0;
  for (std::size_t l = 0; l < 2; ++l) {
    std::vector<float> dense(static_cast<std::size_t>(shapes[l].weights()));
    fill_normal(Stream({.seed = l}), 0, dense);
    for (float& value : dense) value *= 0.1f;
    const SearchLayer layer{shapes[l], dense, sensitivity[l], {}};
    layers.push_back(all_choices(layer, base, {}));
    drop_dominated(layers.back().choices);
    const LayerChoices own = all_choices(layer, base, {.intra = {}});
    uniform_error += own.choices[0].error;
    uniform_cost += own.choices[0].cost;
  }
  const SearchResult result = search_choices(layers, uniform_cost);
  ASSERT_FALSE(result.chosen.empty());
  EXPECT_LT(result.error, 0.8 * uniform_error);
  const SourceCard card = chosen_card(base, layers, result);
  const Ratio ratio = ratio_of({.layers = {shapes[0], shapes[1]}}, card);
  EXPECT_EQ(ratio.memory_bits, result.cost);
  EXPECT_THROW(chosen_card(base, layers, search_choices(layers, 10)), Error);
}

TEST(Search, CountsHarmByItsRule) {
  const LayerShape shape{
      .name = "a", .in_channels = 16, .out_channels = 16, .kernel_height = 3, .kernel_width = 3};
  SearchLayer layer{.shape = shape, .dense = std::vector<float>(2304), .sensitivity = 3};
  fill_normal(Stream({.seed = 4}), 0, layer.dense);
  const SourceCard base{.source = "multilevel",
                        .settings = MultilevelCard{.intra = 2, .cross_share = 0.5}};
  const SearchGrid grid{.intra = {2}, .cross_share = {0.5, 1}, .bits = {{3, 4, 4}, {32, 32, 32}}};
  const auto errors = [&](HarmRule rule) {
    layer.rule = rule;
    std::vector<double> all;
    for (const Choice& choice : all_choices(layer, base, grid).choices)
      all.push_back(choice.error / layer.sensitivity);
    return all;
  };
  const std::vector<double> squared = errors({});  // base, then two shares of two precisions
  ASSERT_EQ(squared.size(), 5u);
  EXPECT_GT(squared[1], 1.01 * squared[2]) << "three bits round";
  const std::vector<double> harm = errors({.power = 2, .rounding = 3});
  for (const std::size_t rounded : {1u, 3u}) {
    const double rank = squared[rounded + 1];
    const double counted = rank + 3 * (squared[rounded] - rank);
    EXPECT_NEAR(harm[rounded], counted * counted, 1e-4 * counted * counted);
    EXPECT_NEAR(harm[rounded + 1], rank * rank, 1e-4 * rank * rank);
  }
}

/// The squared error of a layer's own fit under a card.
double error_of_own_fit(SourceCard card, const SearchLayer& layer) {
  card.settings.of<MultilevelCard>().projection.method = ProjectionCard::Method::svd;
  const auto source = make_source(card, layer.shape);
  source->encode(layer.dense);
  std::vector<float> weight(layer.dense.size());
  source->materialise(weight);
  double sum = 0;
  for (std::size_t i = 0; i < weight.size(); ++i)
    sum += std::pow(double{weight[i]} - layer.dense[i], 2);
  return sum;
}

TEST(Search, JudgesEverySettingAsItsOwnFitWould) {
  const LayerShape shapes[] = {
      {.name = "square",
       .in_channels = 12,
       .out_channels = 20,
       .kernel_height = 3,
       .kernel_width = 3},
      {.name = "pixel", .in_channels = 12, .out_channels = 20},
      {.name = "wide", .in_channels = 2, .out_channels = 40, .kernel_height = 3, .kernel_width = 3},
      {.name = "depthwise",
       .in_channels = 16,
       .out_channels = 16,
       .kernel_height = 3,
       .kernel_width = 3,
       .groups = 16},
      {.name = "groups",
       .in_channels = 16,
       .out_channels = 24,
       .kernel_height = 3,
       .kernel_width = 3,
       .groups = 2}};
  const SourceCard base{.source = "multilevel",
                        .settings = MultilevelCard{.intra = 2, .cross_share = 0.5}};
  for (const LayerShape& shape : shapes) {
    SearchLayer layer{.shape = shape,
                      .dense = std::vector<float>(static_cast<std::size_t>(shape.weights()))};
    fill_normal(Stream({.seed = 6}), 0, layer.dense);
    for (const Choice& choice : all_choices(layer, base, {}).choices) {
      const double own = error_of_own_fit(choice.card, layer);
      EXPECT_NEAR(choice.error, own, 1e-5 * own + 1e-9)
          << shape.name << ", setting " << choice.setting;
    }
  }
}

TEST(Search, AShareOfChannelsIsAtLeastOneOfThem) {
  const LayerShape shape{.name = "narrow", .in_channels = 16, .out_channels = 8};
  const SourceCard card{.source = "multilevel",
                        .settings = MultilevelCard{.bits = {4, 4, 4}, .cross_share = 1. / 32}};
  EXPECT_EQ(stored_bits(shape, card), 4 * (16 + 8));
}

TEST(Search, TriesFewerKernelsWhereAQuarterOfThemIsTooMuch) {
  const LayerShape shapes[] = {
      {.name = "a", .in_channels = 64, .out_channels = 64, .kernel_height = 3, .kernel_width = 3},
      {.name = "fc", .kind = LayerShape::Kind::linear, .in_channels = 64, .out_channels = 10}};
  const SourceCard base{.source = "multilevel",
                        .settings = MultilevelCard{.bits = {4, 4, 4}, .intra = 1, .cross = 16}};
  // 16 kernels of 9 + 64 + 64 numbers of 4 bits, and 640 of 8.
  const std::int64_t quarter = 16 * 137 * 4 + 640 * 8;
  EXPECT_EQ(grid_within(shapes, base, quarter).cross_share, SearchGrid{}.cross_share);
  const SearchGrid finer = grid_within(shapes, base, quarter - 1);
  EXPECT_GT(finer.cross_share.size(), SearchGrid{}.cross_share.size());
  const auto found = [&](const SearchGrid& grid) {
    std::vector<LayerChoices> layers;
    for (const LayerShape& shape : shapes) {
      SearchLayer layer{.shape = shape,
                        .dense = std::vector<float>(static_cast<std::size_t>(shape.weights()))};
      fill_normal(Stream({.seed = 6}), 0, layer.dense);
      layers.push_back(all_choices(layer, base, grid));
    }
    return search_choices(layers, quarter / 2);
  };
  EXPECT_TRUE(found({}).chosen.empty());
  EXPECT_FALSE(found(finer).chosen.empty());
}

}  // namespace
}  // namespace lightloom::nn
