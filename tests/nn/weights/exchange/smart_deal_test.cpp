#include <gtest/gtest.h>

#include <cmath>
#include <string_view>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/accounting/training_ledger.hpp"
#include "nn/models/models.hpp"
#include "nn/train/train.hpp"
#include "nn/weights/direct/learned_step_source.hpp"
#include "nn/weights/exchange/bucket_switch.hpp"
#include "nn/weights/exchange/exchange_source.hpp"
#include "nn/weights/exchange/smart_deal_source.hpp"

namespace lightloom::nn {
namespace {

Parameter coefficients(std::vector<float> value) {
  Parameter parameter{.name = "coefficients", .value = std::move(value)};
  parameter.gradient.resize(parameter.value.size());
  return parameter;
}

const PowerCode code{.bits = 4, .top = 0};

TEST(BucketSwitch, MovesOneExponentAlongTheDescentStep) {
  Parameter c = coefficients({0.5f, 0.5f, -0.5f, -0.5f});
  const std::vector<float> mask(4, 1.0f);
  BucketSwitch update({.momentum = 0}, code, c, mask);
  c.gradient = {1.0f, -1.0f, 1.0f, -1.0f};
  EXPECT_EQ(update.step(0.1), 4);
  EXPECT_EQ(c.value, (std::vector<float>{0.25f, 1.0f, -1.0f, -0.25f}));
  EXPECT_EQ(c.gradient, std::vector<float>(4, 0.0f));
}

TEST(BucketSwitch, ZerosGrowToTheSmallestPowerAndSmallOnesFallToZero) {
  Parameter c = coefficients({0.0f, 0.0078125f, 1.0f});
  const std::vector<float> mask(3, 1.0f);
  BucketSwitch update({.momentum = 0}, {.bits = 4, .top = 0}, c, mask);
  EXPECT_EQ(update.smallest(), 0.0078125f);  // 2^-7: 2^-8 lies below theta = 4e-3
  c.value = {0.0f, 0.0078125f, 1.0f};
  c.gradient = {-1.0f, 1.0f, -1.0f};
  update.step(0.1);
  EXPECT_EQ(c.value[0], 0.0078125f);
  EXPECT_EQ(c.value[1], 0.0f);
  EXPECT_EQ(c.value[2], 1.0f);  // the window's top holds
}

TEST(BucketSwitch, CountersFillBeforeACoefficientMoves) {
  Parameter c = coefficients({0.5f});
  const std::vector<float> mask(1, 1.0f);
  BucketSwitch update({.momentum = 0, .switch_bar = 3}, code, c, mask);
  for (int step = 0; step < 2; ++step) {
    c.gradient = {-1.0f};
    EXPECT_EQ(update.step(0.1), 0);
  }
  update.reset_counters();
  for (int step = 0; step < 3; ++step) {
    c.gradient = {-1.0f};
    EXPECT_EQ(update.step(0.1), step == 2 ? 1 : 0);
  }
  EXPECT_EQ(c.value[0], 1.0f);
}

TEST(BucketSwitch, LeavesMaskedEntriesAndTheDeadZoneAlone) {
  Parameter c = coefficients({0.0f, 0.5f});
  const std::vector<float> mask{0.0f, 1.0f};
  BucketSwitch update({.momentum = 0, .dead_zone = 0.05}, code, c, mask);
  c.gradient = {-1.0f, -0.4f};
  EXPECT_EQ(update.step(0.1), 0);
  EXPECT_EQ(c.value, (std::vector<float>{0.0f, 0.5f}));
}

TEST(SmartDeal, CodesAndCountersAloneLowerALoss) {
  const LayerShape shape{
      .name = "c", .in_channels = 16, .out_channels = 8, .kernel_height = 3, .kernel_width = 3};
  std::vector<float> start(static_cast<std::size_t>(shape.weights())), target(start.size()),
      weight(start.size());
  fill_normal(Stream({.seed = 1}), 0, start);
  fill_normal(Stream({.seed = 1}), 1, target);
  for (std::size_t i = 0; i < start.size(); ++i) {
    start[i] *= 0.1f;
    target[i] = start[i] + 0.05f * target[i];
  }
  ExchangeSource source({}, shape);
  source.encode(start);
  Parameter& c = *source.parameters()[0];
  Parameter& b = *source.parameters()[1];
  BucketSwitch update({.dead_zone = 2e-3}, source.power_code(), c, source.mask());
  const auto loss = [&] {
    source.materialise(weight);
    double sum = 0;
    for (std::size_t i = 0; i < weight.size(); ++i)
      sum += std::pow(double{weight[i]} - target[i], 2);
    return sum;
  };
  const double before = loss();
  double least = before;
  for (int step = 0; step < 60; ++step) {
    least = std::min(least, loss());
    for (std::size_t i = 0; i < weight.size(); ++i) weight[i] -= target[i];
    source.backward(weight);
    for (std::size_t i = 0; i < b.value.size(); ++i) {
      b.value[i] -= 0.02f * b.gradient[i];
      b.gradient[i] = 0;
    }
    update.step(0.02);
    for (const float value : c.value) {
      int exponent = 0;
      const float fraction = std::frexp(std::abs(value), &exponent);
      ASSERT_TRUE(fraction == 0.0f || fraction == 0.5f) << value;  // zero or a power of two
    }
  }
  EXPECT_LT(least, 0.8 * before);
}

bool power_or_zero(float value) {
  int exponent = 0;
  const float fraction = std::frexp(std::abs(value), &exponent);
  return fraction == 0.0f || fraction == 0.5f;
}

Parameter& constant(WeightSource& source, std::string_view name) {
  for (Parameter* one : source.constants())
    if (one->name == name) return *one;
  throw Error("no such constant");
}

TEST(SmartDeal, TrainsANetworkInItsCodesAlone) {
  const Dataset data = load_dataset({.name = "glyphs", .train_limit = 300, .test_limit = 10}, 1);
  SourceCard card{.source = "smart_deal"};
  card.settings.of<ExchangeCard>().iterations = 3;
  card.settings.of<BucketOptions>() = {.momentum = 0, .switch_bar = 3};
  const auto make = [&] { return Network(build_graph("lenet5", "glyphs"), card, 3); };
  Network start = make(), network = make(), again = make();
  const TrainCard recipe{.epochs = 2, .batch = 25, .optimizer = {.kind = OptimizerKind::sgd}};
  const TrainResult result = train(network, data, {recipe, 1});
  train(again, data, {recipe, 1});
  ASSERT_EQ(result.own_changes.size(), network.weight_layers().size());
  for (std::size_t l = 0; l < result.own_changes.size(); ++l) {
    WeightSource& source = *network.weight_layers()[l].source;
    if (dynamic_cast<SmartDealSource*>(&source) == nullptr) {
      EXPECT_EQ(result.own_changes[l], 0.0);
      continue;
    }
    EXPECT_GT(result.own_changes[l], 0.0);
    const std::vector<float>& values = constant(source, "coefficients").value;
    const std::vector<float>& mask = constant(source, "mask").value;
    EXPECT_NE(values, constant(*start.weight_layers()[l].source, "coefficients").value);
    EXPECT_EQ(values, constant(*again.weight_layers()[l].source, "coefficients").value);
    for (std::size_t i = 0; i < values.size(); ++i)
      ASSERT_TRUE(mask[i] != 0.0f ? power_or_zero(values[i]) : values[i] == 0.0f) << values[i];
  }
}

TEST(SmartDeal, CountersBeginAnewWithEveryEpoch) {
  const LayerShape shape{
      .name = "c", .in_channels = 16, .out_channels = 4, .kernel_height = 3, .kernel_width = 3};
  SmartDealSource source({}, {.momentum = 0, .switch_bar = 3}, shape);
  std::vector<float> weight(static_cast<std::size_t>(shape.weights()));
  fill_normal(Stream({.seed = 4}), 0, weight);
  source.encode(weight);
  const std::vector<float> push(weight.size(), 1.0f);
  const auto changes = [&](int epoch) {
    source.set_step(TrainingStep{.epoch = epoch});
    source.materialise(weight);
    source.backward(push);
    return source.own_step(0.1);
  };
  EXPECT_EQ(changes(0) + changes(0), 0);
  EXPECT_EQ(changes(1) + changes(1), 0) << "the two of the epoch before are forgotten";
  EXPECT_GT(changes(1), 0);
}

TEST(TrainingLedger, SumsANetworksLayersAndCountsDenseOnesAlike) {
  const LayerShape three{
      .name = "a", .in_channels = 64, .out_channels = 64, .kernel_height = 3, .kernel_width = 3};
  const LayerShape five{.name = "b",
                        .in_channels = 3,
                        .out_channels = 8,
                        .kernel_height = 5,
                        .kernel_width = 5,
                        .bias = true};
  const std::vector<LedgerLayer> layers{{three, exchange_streams(three), 7.5},
                                        {five, {{.name = "weight", .count = 600}}, 0}};
  const BucketOptions options{.momentum = 0};
  const TrainingLedgers sums = training_ledgers(layers, 20, options, {});
  const std::int64_t plain = 2 * 32 * (8 + 20);
  EXPECT_EQ(sums.fp32.stored_bits, 64 * (three.weights() + 600) + plain);
  EXPECT_EQ(sums.int8.stored_bits, 40 * (three.weights() + 600) + plain);
  EXPECT_EQ(sums.smart_deal.stored_bits,
            smart_deal_ledger({three, layers[0].streams, 7.5}, options, {}).stored_bits + 64 * 600 +
                plain);
  EXPECT_LT(4 * sums.int8.activation_bits, sums.fp32.activation_bits + 1);
}

TEST(TrainingLedger, WeightsShrinkAndActivationsDoNot) {
  const LayerShape shape{.name = "c",
                         .in_channels = 64,
                         .out_channels = 64,
                         .kernel_height = 3,
                         .kernel_width = 3,
                         .in_height = 8,
                         .in_width = 8};
  const TrainingLedger fp32 = dense_ledger(shape, {}), int8 = dense_ledger(shape, {.bits = 8});
  const BucketOptions signs{.momentum = 0};
  const TrainingLedger deal = smart_deal_ledger({shape, exchange_streams(shape), 1000}, signs, {});
  EXPECT_EQ(fp32.stored_bits, 64 * shape.weights());
  EXPECT_EQ(fp32.update_bits, 2 * 64 * shape.weights());
  // 4.46 bits of code, 24 more for every basis word, 2 bits of counter a coefficient, a momentum
  // for every basis word.
  EXPECT_EQ(deal.stored_bits, 64 * (2568 + 9 * 24) + 2 * 64 * 576 + 64 * 9 * 32);
  EXPECT_EQ(deal.update_bits, 2 * (2 * 64 * 576 + 2 * 64 * 9 * 32 + 4 * 1000));
  const TrainingLedger momentum = smart_deal_ledger({shape, exchange_streams(shape), 1000}, {}, {});
  EXPECT_EQ(momentum.stored_bits - deal.stored_bits, 32 * 64 * 576) << "the average of the release";
  EXPECT_LT(deal.weight_traffic_bits(), int8.weight_traffic_bits());
  EXPECT_LT(int8.weight_traffic_bits(), fp32.weight_traffic_bits());
  EXPECT_EQ(deal.activation_bits, fp32.activation_bits);
}

TEST(LearnedStep, StepGradientIsTheAuthorsFormula) {
  const LayerShape shape{.name = "c", .in_channels = 4, .out_channels = 5};
  LearnedStepSource source(shape, 3);
  std::vector<float> dense(20);
  fill_normal(Stream({.seed = 3}), 0, dense);
  source.encode(dense);
  std::vector<float> weight(20), g(20);
  fill_normal(Stream({.seed = 3}), 1, g);
  source.parameters()[1]->value[0] *= 0.5f;  // small enough that some saturate
  source.materialise(weight);
  source.backward(g);
  const double step = source.parameters()[1]->value[0];
  double expected = 0;
  int saturated = 0;
  for (std::size_t i = 0; i < 20; ++i) {
    const double ratio = dense[i] / step;
    const bool inside = std::abs(ratio) < 3;
    saturated += !inside;
    expected += g[i] * (inside ? std::nearbyint(ratio) - ratio : std::copysign(3.0, ratio));
    EXPECT_EQ(source.parameters()[0]->gradient[i], inside ? g[i] : 0.0f);
  }
  EXPECT_GT(saturated, 0);
  EXPECT_NEAR(source.parameters()[1]->gradient[0], expected / std::sqrt(20 * 3.0), 1e-5);
}

}  // namespace
}  // namespace lightloom::nn
