// Averages, weight decay by layer, prefetched batches, chips in turn, checkpoints of other cards.
#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "nn/data/prefetch.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/train/checkpoint.hpp"
#include "nn/train/train.hpp"
#include "nn/train/training_pass.hpp"
#include "tests/nn/reference.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::nn {
namespace {

Graph tiny_branching() {
  GraphBuilder net("tiny", {28, 28, 1});
  const int at = net.relu(
      net.batch_norm("bn", net.convolution("conv", 0, {.channels = 3, .kernel = 5, .stride = 4})));
  net.linear("fc", net.flatten(at), 10, true);
  return std::move(net).finish();
}

class TrainingRules : public testing::Test {
 protected:
  void SetUp() override { omp_set_num_threads(1); }
  /// Without validation images the last epoch is kept.
  Dataset data_ =
      load_dataset({.name = "glyphs", .train_limit = 150, .test_limit = 2, .validation = 0}, 1);

  Weights trained(const TrainCard& card) const {
    Network network(tiny_branching(), {}, 7);
    train(network, data_, {card, 7});
    return weights_of(network);
  }
};

bool is_statistic(const std::string& name) {
  return name.ends_with(".mean") || name.ends_with(".variance");
}

TEST_F(TrainingRules, StochasticWeightAveragingKeepsTheMeanOfTheLastEpochs) {
  const TrainCard plain{.epochs = 2, .schedule = {.kind = RateKind::constant, .rate = 0.01}};
  std::vector<Weights> ends;
  for (const int epochs : {2, 3, 4}) {
    TrainCard card = plain;
    card.epochs = epochs;
    ends.push_back(trained(card));
  }
  TrainCard card = plain;
  card.epochs = 4;
  card.swa.start = 2;
  const Weights mean = trained(card);
  for (std::size_t i = 0; i < mean.size(); ++i) {
    if (is_statistic(mean[i].name)) continue;
    for (std::size_t k = 0; k < mean[i].values.size(); ++k) {
      double sum = 0, largest = 0;
      for (const Weights& end : ends) {
        sum += end[i].values[k];
        largest = std::max(largest, std::abs(double{end[i].values[k]}));
      }
      // Three roundings of a running mean of numbers no larger than `largest`.
      EXPECT_NEAR(mean[i].values[k], sum / 3, 3 * 6e-8 * largest) << mean[i].name;
    }
  }
  Network network(tiny_branching(), {}, 7);
  set_weights(network, mean);
  TrainingPass pass(network, 7);
  pass.estimate_statistics(data_.train, 150, 64, {{}, 7, 4});
  EXPECT_EQ(network.norms()[0].mean, mean[mean.size() - 2].values)
      << "statistics over all training images, with the averaged weights";
}

TEST_F(TrainingRules, StochasticWeightAveragingHoldsItsOwnRate) {
  Network network(tiny_branching(), {}, 7);
  const TrainCard card{.epochs = 4, .schedule = {.rate = 0.01}, .swa = {.start = 3, .rate = 0.004}};
  const TrainResult result = train(network, data_, {card, 7});
  EXPECT_EQ(result.epochs[0].rate, 0.01);
  EXPECT_NE(result.epochs[1].rate, 0.004);
  EXPECT_EQ(result.epochs[2].rate, 0.004);
  EXPECT_EQ(result.epochs[3].rate, 0.004);
}

TEST_F(TrainingRules, WeightDecayLeavesNormsAndBiasesAndFollowsTheFirstRule) {
  Network network(tiny_branching(), {}, 7);
  // conv weight, fc weight, fc bias, bn scale, bn shift (the dense source has a gain of its own).
  std::map<std::string, double> decay;
  const auto look = [&](const DecayRules& rules) {
    const std::vector<double> all = weight_decays(network, rules, 0.1);
    const std::vector<Parameter*> parameters = network.parameters();
    ASSERT_EQ(all.size(), parameters.size());
    decay.clear();
    std::size_t i = 0;
    for (WeightLayer& layer : network.weight_layers()) {
      decay[layer.shape.name] = all[i];
      i += layer.source->parameters().size();
      if (!layer.bias.value.empty()) decay[layer.shape.name + ".bias"] = all[i++];
    }
    decay["bn.scale"] = all[i];
    decay["bn.shift"] = all[i + 1];
  };
  look({});
  const std::map<std::string, double> usual{
      {"conv", 0.1}, {"fc", 0.1}, {"fc.bias", 0}, {"bn.scale", 0}, {"bn.shift", 0}};
  EXPECT_EQ(decay, usual);
  look({.rules = {{"f*", 0.5}, {"*", 0.2}}});
  EXPECT_EQ(decay["fc"], 0.5);
  EXPECT_EQ(decay["conv"], 0.2);
  EXPECT_EQ(decay["fc.bias"], 0);
  look({.everything = true, .rules = {{"bn", 0.3}}});
  EXPECT_EQ(decay["bn.shift"], 0.3);
  EXPECT_EQ(decay["fc.bias"], 0.1);
  EXPECT_THROW(weight_decays(network, {.rules = {{"fcc", 0.1}}}, 0.1), Error);
}

TEST_F(TrainingRules, DecayWithoutAGradientShrinksByItsOwnShareAlone) {
  Parameter first{"a", {1, -2}, {0, 0}}, second{"b", {4}, {0}};
  const std::vector<Parameter*> both{&first, &second};
  Optimizer optimizer({.kind = OptimizerKind::adamw, .weight_decay = 9}, both, {0.5, 0});
  optimizer.step(0.1);
  EXPECT_FLOAT_EQ(first.value[0], 0.95f);
  EXPECT_FLOAT_EQ(first.value[1], -1.9f);
  EXPECT_EQ(second.value[0], 4);
}

TEST_F(TrainingRules, PrefetchedBatchesAreThoseOfFillBatchToTheBit) {
  std::vector<std::uint32_t> order(75);
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = (i * 37) % 150;
  const AugmentationDraw draw{{.crop = 3, .flip = true}, 3, 5};
  Prefetch batches(data_.train, order, 32, draw);
  Batch straight;
  std::size_t first = 0;
  while (const Batch* batch = batches.next()) {
    const std::size_t count = std::min<std::size_t>(32, order.size() - first);
    fill_batch(data_.train, std::span(order).subspan(first, count), straight, draw);
    const Tensor& images = straight.images;
    EXPECT_EQ(batch->labels, straight.labels);
    ASSERT_EQ(batch->images.shape(), images.shape());
    EXPECT_TRUE(std::equal(images.values().begin(), images.values().end(), batch->images.data()));
    first += count;
  }
  EXPECT_EQ(first, 75u) << "the short batch at the end too";
  EXPECT_EQ(batches.next(), nullptr);
}

/// Notes which training steps come by.
class OrderNotingEngine : public reference::SlowEngine {
 public:
  void load(int layer, const LayerShape& shape, std::span<const float> weights,
            std::uint32_t write) override {
    if (layer == 0) writes.push_back(write);
    SlowEngine::load(layer, shape, weights, write);
  }
  std::vector<std::uint32_t> writes;
};

TEST_F(TrainingRules, ChipsTakeTurnsInTrainingAndShareTheValidation) {
  data_ =
      load_dataset({.name = "glyphs", .train_limit = 150, .test_limit = 2, .validation = 0.2}, 1);
  OrderNotingEngine a, b, c;
  Network network(tiny_branching(), {}, 7);
  train(network, data_, {{.epochs = 1, .batch = 20, .noise_aware = true}, 7},
        {.engines = {&a, &b, &c}});
  // 120 images: steps 0 to 5, then one load for the validation.
  EXPECT_EQ(a.writes, (std::vector<std::uint32_t>{0, 3, 0}));
  EXPECT_EQ(b.writes, (std::vector<std::uint32_t>{1, 4, 0}));
  EXPECT_EQ(c.writes, (std::vector<std::uint32_t>{2, 5, 0}));
  EXPECT_EQ(a.firsts.back(), 0u);
  EXPECT_EQ(b.firsts.back(), 10u) << "30 images to choose by, ten each";
  EXPECT_EQ(c.firsts.back(), 20u);
}

TEST_F(TrainingRules, ACheckpointOfAnotherCardIsRefusedWithTheLineThatDiffers) {
  const std::string path = scratch_path("identity.h5").string();
  Network network(tiny_branching(), {}, 7);
  train(network, data_, {{.epochs = 1}, 7}, {.checkpoint = path, .identity = "rate: 1\nseed: 7\n"});
  EXPECT_NO_THROW(require_own_checkpoint(path, "rate: 1\nseed: 7\n"));
  for (const char* other : {"rate: 2\nseed: 7\n", "rate: 1\nseed: 7\nmore: 1\n", "rate: 1\n"}) {
    EXPECT_THROW(require_own_checkpoint(path, other), Error) << other;
    EXPECT_THROW(train(network, data_, {{.epochs = 1}, 7}, {.checkpoint = path, .identity = other}),
                 Error);
  }
  try {
    require_own_checkpoint(path, "rate: 2\nseed: 7\n");
  } catch (const Error& problem) {
    EXPECT_NE(std::string(problem.what()).find("there 'rate: 1', here 'rate: 2'"),
              std::string::npos)
        << problem.what();
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace lightloom::nn
