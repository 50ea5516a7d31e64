// Training all widths together.
#include "nn/slimmable/sandwich.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/ops/elementwise.hpp"
#include "nn/slimmable/gated_inference.hpp"
#include "nn/train/training_pass.hpp"
#include "tests/nn/slimmable/small_slim.hpp"

namespace lightloom::nn {
namespace {

TrainCard sandwich_recipe(int epochs) {
  TrainCard recipe;
  recipe.epochs = epochs;
  recipe.batch = 32;
  recipe.schedule.rate = 0.01;
  recipe.optimizer.kind = OptimizerKind::adam;
  return recipe;
}

TEST(Sandwich, HasBothEndsAndDrawsWidthsBetween) {
  std::set<std::size_t> seen;
  for (std::uint64_t step = 0; step < 40; ++step) {
    const auto one = sandwich(6, 2, 3, step);
    ASSERT_EQ(one.size(), 4u);
    EXPECT_EQ(one.front(), 5u) << "the widest first";
    EXPECT_EQ(one.back(), 0u);
    EXPECT_NE(one[1], one[2]);
    for (const std::size_t between : {one[1], one[2]}) {
      EXPECT_TRUE(between > 0 && between < 5);
      seen.insert(between);
    }
    EXPECT_EQ(one, sandwich(6, 2, 3, step));
  }
  EXPECT_EQ(seen.size(), 4u);
  EXPECT_EQ(sandwich(2, 2, 3, 0), (std::vector<std::size_t>{1, 0}));
  EXPECT_EQ(sandwich(4, 2, 3, 0).size(), 4u);
}

/// A step by hand: gradients of the widest from labels, of the others from the soft labels of an
/// average of the widest, one update.
TEST(Sandwich, AddsUpTheGradientsOfItsWidthsForOneUpdate) {
  omp_set_num_threads(1);
  Dataset data = slim_data();
  constexpr std::size_t steps = 3, batch = 32;
  std::vector<std::uint32_t> some(steps * batch);
  std::iota(some.begin(), some.end(), 0u);
  data.train = chosen_images(slim_data().train, some);
  TrainCard recipe = sandwich_recipe(1);
  recipe.schedule = {.kind = RateKind::constant, .rate = 0.05, .milestones = {}};
  recipe.optimizer = {.kind = OptimizerKind::sgd, .momentum = 0};
  const Graph graph = slim_graph();
  SlimmableNetwork trained(graph, {}, slim_card(false), 5), by_hand(graph, {}, slim_card(false), 5);
  const SlimCard card = slim_card(false);
  train_sandwich(trained, {.data = data, .card = card, .recipe = {recipe, 9}});

  std::vector<std::vector<float>> average;
  for (Parameter* p : by_hand.whole().parameters()) average.push_back(p->value);
  std::vector<std::uint32_t> order(data.train.size());
  fill_permutation(Stream({9, Purpose::shuffle}), 0, order);
  for (std::size_t step = 0; step < steps; ++step) {
    Batch images;
    fill_batch(data.train, std::span(order).subspan(step * batch, batch), images, {{}, 9, 0});
    Network teacher(graph, {}, 5);
    for (std::size_t p = 0; p < average.size(); ++p) teacher.parameters()[p]->value = average[p];
    TrainingPass copy_pass(teacher, 0);
    Tensor soft, d;
    const Tensor& answers = copy_pass.forward(images.images, {});
    soft.resize(answers.shape());
    copy(answers, soft);
    for (const std::size_t w : sandwich(4, 2, 9, step)) {
      by_hand.refresh(w);
      TrainingPass pass(by_hand.network(w), 0);
      const Tensor& logits = pass.forward(images.images, {});
      if (w == 3)
        cross_entropy(logits, images.labels, d);
      else
        distillation(logits, {soft, images.labels}, {.temperature = 1, .beta = 1}, d);
      pass.backward(d);
      by_hand.hand_over(w);
    }
    const auto decay =
        static_cast<float>(1 - std::min(0.997, (2.0 + static_cast<double>(step)) /
                                                   (11.0 + static_cast<double>(step))));
    for (std::size_t p = 0; p < average.size(); ++p) {
      Parameter& own = *by_hand.whole().parameters()[p];
      for (std::size_t i = 0; i < own.value.size(); ++i) {
        own.value[i] -= 0.05f * own.gradient[i];
        own.gradient[i] = 0;
        average[p][i] += decay * (own.value[i] - average[p][i]);
      }
    }
  }
  for (std::size_t p = 0; p < average.size(); ++p) {
    const Parameter &one = *trained.whole().parameters()[p],
                    &other = *by_hand.whole().parameters()[p];
    for (std::size_t i = 0; i < one.value.size(); ++i)
      ASSERT_NEAR(one.value[i], other.value[i], 1e-5 * (1 + std::fabs(other.value[i]))) << one.name;
  }
  for (std::size_t n = 0; n < trained.whole().norms().size(); ++n)
    for (std::size_t c = 0; c < trained.whole().norms()[n].mean.size(); ++c)
      ASSERT_NEAR(trained.whole().norms()[n].mean[c], by_hand.whole().norms()[n].mean[c], 1e-5)
          << "soft labels leave the statistics alone";
}

TEST(Sandwich, TrainsEveryWidthAndTakesItsStatistics) {
  omp_set_num_threads(1);
  const SlimCard card = slim_card(true);
  for (const bool two_level : {false, true}) {
    SlimmableNetwork slim(slim_graph(), two_level ? slim_two_level() : SourceCard{}, card, 5);
    const TrainCard recipe = sandwich_recipe(4);
    const SlimTraining training{.data = slim_data(), .card = card, .recipe = {recipe, 5}};
    const auto epochs = train_sandwich(slim, training);
    EXPECT_LT(epochs.back().widest, epochs.front().widest);
    take_statistics(slim, training);
    const auto correct = evaluate_widths(slim, slim_data().test);
    for (std::size_t w = 0; w < slim.count(); ++w)  // chance is 0.25, its deviation 0.022
      EXPECT_GT(std::ranges::count(correct[w], true), 400 * (0.25 + 4 * 0.022)) << slim.width(w);
    const NormLayer &narrow = slim.network(0).norms()[4], &whole = slim.whole().norms()[4];
    EXPECT_NE(narrow.mean[0], whole.mean[0]) << "behind the trunk, statistics are a width's own";
    EXPECT_EQ(slim.network(0).norms()[0].mean, slim.whole().norms()[0].mean);
    const std::vector<float> mean = narrow.mean, variance = narrow.variance;
    for (std::size_t w = 0; w < slim.count(); ++w)
      for (NormLayer& norm : slim.network(w).norms()) norm.mean.assign(norm.mean.size(), 9.0f);
    take_statistics(slim, training);
    EXPECT_EQ(narrow.mean, mean) << "of the images alone, whatever was there before";
    EXPECT_EQ(narrow.variance, variance);
  }
}

TEST(Sandwich, RepeatsToTheBitAndDrawsAnewForAnotherSeed) {
  omp_set_num_threads(1);
  const SlimCard card = slim_card(false);
  std::vector<Weights> weights;
  for (const std::uint64_t seed : {5u, 5u, 6u}) {
    SlimmableNetwork slim(slim_graph(), slim_two_level(), card, 5);
    const TrainCard recipe = sandwich_recipe(1);
    train_sandwich(slim, {.data = slim_data(), .card = card, .recipe = {recipe, seed}});
    weights.push_back(weights_of(slim.whole()));
  }
  bool differs = false;
  for (std::size_t i = 0; i < weights[0].size(); ++i) {
    EXPECT_EQ(weights[0][i].values, weights[1][i].values) << weights[0][i].name;
    differs = differs || weights[0][i].values != weights[2][i].values;
  }
  EXPECT_TRUE(differs);
}

TEST(Sandwich, RefusesWhatDoesNotGoWithWidths) {
  TrainCard recipe;
  EXPECT_NO_THROW(check_slim_recipe(recipe));
  recipe.distill = true;
  EXPECT_THROW(check_slim_recipe(recipe), Error);
  recipe = {};
  recipe.noise_aware = true;
  EXPECT_THROW(check_slim_recipe(recipe), Error);
}

}  // namespace
}  // namespace lightloom::nn
