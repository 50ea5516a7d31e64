// Layers whose weight is a product of two, trained as the two layers that these are.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "core/error.hpp"
#include "nn/network/network.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/train/train.hpp"
#include "nn/train/training_pass.hpp"
#include "nn/weights/multilevel/multilevel_card.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn {
namespace {

/// Both levels on, level 2 alone with a stride (1x1), dilation and uneven padding, a group that no
/// two layers make, a bias, a quantised input.
Graph many_layers() {
  GraphBuilder net("many", {9, 7, 3});
  int at = net.relu(net.batch_norm(
      "n0", net.convolution("stem", 0, {.channels = 12, .kernel = 3, .padding = 1})));
  at = net.relu(net.batch_norm(
      "n1",
      net.convolution(
          "wide", at,
          {.channels = 16, .kernel = 3, .stride = PerAxis(2, 1), .padding = Sides(1, 0, 1, 2)})));
  at = net.relu(net.batch_norm(
      "n2", net.convolution("short", at, {.channels = 20, .kernel = 1, .stride = 2})));
  at = net.relu(net.convolution(
      "groups", at, {.channels = 16, .kernel = 3, .padding = 1, .groups = 4, .bias = true}));
  at = net.relu(net.convolution(
      "last", at, {.channels = 16, .kernel = 3, .padding = 2, .dilation = 2, .bias = true}));
  net.linear("fc", net.flatten(at), 5, true);
  return std::move(net).finish();
}

SourceCard two_levels(int activations, FactorBits bits) {
  SourceCard card{.source = "multilevel",
                  .settings = MultilevelCard{.bits = bits, .intra = 2, .cross = 5}};
  card.activations = activations;
  return card;
}

struct Passed {
  std::vector<float> logits;
  std::vector<std::vector<float>> gradients;
  std::vector<std::string> names;
};

Passed passed(const SourceCard& card, ProductPlan plan) {
  Network network(many_layers(), card, 3);
  for (WeightLayer& layer : network.weight_layers())
    for (std::size_t i = 0; i < layer.bias.value.size(); ++i)
      layer.bias.value[i] = 0.1f * static_cast<float>(i % 3);
  TrainingPass pass(network, 1, nullptr, plan);
  const TensorShape shape(4, network.graph().nodes[0].shape);
  const Tensor images = reference::tensor(
      reference::random_doubles(static_cast<std::size_t>(shape.size()), 1), shape);
  const Tensor& logits = pass.forward(images, {});
  Passed all{.logits = {logits.values().begin(), logits.values().end()}};
  Tensor d_logits(logits.shape());
  for (std::size_t i = 0; i < d_logits.values().size(); ++i)
    d_logits.values()[i] = 0.1f * static_cast<float>(i % 7) - 0.3f;
  pass.backward(d_logits);
  for (const Parameter* parameter : network.parameters()) {
    all.gradients.push_back(parameter->gradient);
    all.names.push_back(parameter->name);
  }
  return all;
}

double norm(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * value;
  return std::sqrt(sum);
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<float> off;
  for (std::size_t i = 0; i < a.size(); ++i) off.push_back(a[i] - b[i]);
  return norm(off);
}

/// The two ways add up the same products in another order: float32's rounding sets them apart.
void expect_the_same(const SourceCard& card) {
  const Passed whole = passed(card, {}), two = passed(card, {.factored = true});
  EXPECT_NE(whole.logits, two.logits) << "nothing was factored";
  EXPECT_LT(distance(whole.logits, two.logits), 1e-5 * norm(whole.logits));
  for (std::size_t p = 0; p < whole.gradients.size(); ++p)
    EXPECT_LT(distance(whole.gradients[p], two.gradients[p]), 1e-4 * norm(whole.gradients[p]))
        << whole.names[p] << " of parameter " << p;
}

TEST(FactoredProducts, HaveTheLogitsAndGradientsOfTheWholeWeight) {
  expect_the_same(two_levels(0, {.basis = 3, .intra = 6, .cross = 3}));
}

TEST(FactoredProducts, AreTheSameFactorsUnrounded) {
  expect_the_same(two_levels(0, {.basis = 32, .intra = 32, .cross = 32}));
}

TEST(FactoredProducts, AreTheSameOnIntegersPastFloat32) {
  expect_the_same(two_levels(0, {.basis = 9, .intra = 9, .cross = 9}));
}

TEST(FactoredProducts, TakeQuantisedInputs) {
  expect_the_same(two_levels(4, {.basis = 3, .intra = 6, .cross = 3}));
}

TEST(FactoredProducts, RoundTheirOperandsToBfloat16) {
  const SourceCard card = two_levels(0, {.basis = 3, .intra = 6, .cross = 3});
  const Passed exact = passed(card, {.factored = true});
  const Passed rounded = passed(card, {.precision = Precision::bfloat16, .factored = true});
  const double off = distance(exact.logits, rounded.logits) / norm(exact.logits);
  EXPECT_GT(off, 3e-4);  // 2^-9 of an operand, averaged over sums
  EXPECT_LT(off, 2e-2);
  const Passed whole = passed(card, {.precision = Precision::bfloat16});
  EXPECT_NE(whole.logits, rounded.logits);
}

TEST(FactoredProducts, LeaveALayerWholeWhereTwoTakeMoreMultiplications) {
  SourceCard card = two_levels(0, {.basis = 3, .intra = 6, .cross = 3});
  card.settings.of<MultilevelCard>().cross = 15;  // 15 (16 + 9 12) > 16 9 12, and so on
  const Passed whole = passed(card, {}), two = passed(card, {.factored = true});
  EXPECT_EQ(whole.logits, two.logits);
  EXPECT_EQ(whole.gradients, two.gradients);
}

TEST(FactoredProducts, TrainToTheAccuracyOfTheWholeWeight) {
  const Dataset data =
      load_dataset({.name = "glyphs", .train_limit = 1200, .test_limit = 2, .validation = 0.4}, 1);
  const auto accuracy = [&](bool factored) {
    GraphBuilder net("small", {28, 28, 1});
    int at = net.relu(net.batch_norm(
        "bn1", net.convolution("conv1", 0, {.channels = 12, .kernel = 5, .stride = 2})));
    at = net.relu(net.batch_norm(
        "bn2", net.convolution("conv2", at, {.channels = 24, .kernel = 3, .stride = 2})));
    net.linear("fc", net.flatten(at), 10, true);
    Network network(std::move(net).finish(), two_levels(0, {.basis = 4, .intra = 4, .cross = 4}),
                    7);
    const TrainCard card{.epochs = 4,
                         .batch = 25,
                         .factored = factored,
                         .schedule = {.rate = 0.01},
                         .optimizer = {.kind = OptimizerKind::adam}};
    return train(network, data, {card, 7}).epochs.back().validation_accuracy;
  };
  const double whole = accuracy(false), two = accuracy(true);
  const double share = (whole + two) / 2, images = static_cast<double>(data.validation.size());
  EXPECT_GT(whole, 0.4) << "nothing was learnt";
  EXPECT_NEAR(two, whole, 4 * std::sqrt(2 * share * (1 - share) / images));
}

TEST(FactoredProducts, OfACardGoWithNothingThatNeedsTheWholeWeight) {
  const auto read = [](const std::string& text) {
    return read_card<TrainCard>(parse_yaml("products: factored\n" + text, "card"), nullptr);
  };
  EXPECT_TRUE(read("epochs: 2").factored);
  EXPECT_FALSE(read_card<TrainCard>(parse_yaml("products: whole", "card"), nullptr).factored);
  for (const char* other : {"noise_aware: true", "weight_noise: 0.1", "bit_errors: {rate: 0.01}"}) {
    try {
      read(other);
      ADD_FAILURE() << other << " was accepted";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("'products' is factored"), std::string::npos)
          << error.what();
    }
  }
}

}  // namespace
}  // namespace lightloom::nn
