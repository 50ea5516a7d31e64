// A branch trained beside a frozen network.
#include "nn/reversible/branch_training.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/models/models.hpp"
#include "nn/network/network.hpp"

namespace lightloom::nn::branch_training_tests {
namespace {

/// Stripes seven pixels apart at any phase, across, down or along the diagonal, under noise.
ImageSet stripes(std::size_t count, std::uint32_t part) {
  ImageSet set{.image = {28, 28, 1}, .pixels = {}, .labels = {}, .normalise = {}};
  set.pixels.resize(count * 784);
  set.labels.resize(count);
  const Stream stream({.seed = 2, .purpose = Purpose::test, .layer = part});
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t label = i % 3, phase = stream.below(7, i, 1);
    set.labels[i] = static_cast<std::uint16_t>(label);
    for (std::size_t p = 0; p < 784; ++p) {
      const std::size_t row = p / 28, column = p % 28,
                        along = label == 0 ? row : (label == 1 ? column : row + column);
      const std::uint64_t light = (along + phase) % 7 < 3 ? 120 : 40;
      set.pixels[i * 784 + p] = static_cast<std::uint8_t>(light + stream.below(80, i * 784 + p));
    }
  }
  return set;
}

const Dataset& striped() {
  static const Dataset data{
      .shape = {}, .train = stripes(300, 1), .validation = stripes(60, 2), .test = stripes(150, 3)};
  return data;
}

/// A stem and a layer on maps of 6 x 6 of random weights.
Graph tiny_backbone() {
  GraphBuilder net("tiny", {28, 28, 1});
  const int stem = net.relu(net.convolution("stem", 0, {.channels = 8, .kernel = 5, .stride = 4}));
  const int one =
      net.relu(net.convolution("one", stem, {.channels = 8, .kernel = 3, .padding = 1}));
  net.linear("fc", net.flatten(one), 10, true);
  return std::move(net).finish();
}

struct Trained {
  BranchResult result;
  std::vector<std::vector<float>> weights;
  bool backbone_stayed = false;
};

std::vector<std::vector<float>> values_of(const std::vector<Parameter*>& parameters) {
  std::vector<std::vector<float>> values;
  for (const Parameter* one : parameters) values.push_back(one->value);
  return values;
}

Trained trained(BranchKeeps keeps, int epochs = 3) {
  const Dataset& data = striped();
  Network backbone(tiny_backbone(), {}, 7);
  BranchCard card{.blocks = 4, .channels = 8, .keeps = keeps, .epochs = epochs, .batch = 30};
  card.schedule.rate = 0.004;
  card.schedule.kind = RateKind::constant;
  card.optimizer.kind = OptimizerKind::adam;
  const BranchShape shape = branch_shape(backbone, card, 3);
  BackboneTaps taps(backbone, shape);
  BranchNetwork branch(shape, card.fraction_bits, 1);
  const std::vector<std::vector<float>> before = values_of(backbone.parameters());
  Trained one{.result =
                  train_branch(branch, taps,
                               {.data = data, .card = card, .seed = 1, .progress = no_progress()})};
  one.weights = values_of(branch.parameters());
  one.backbone_stayed = before == values_of(backbone.parameters());
  return one;
}

// Beside a network of random weights, a third of the images by chance. The network's weights and
// what it makes of images are those of before.
TEST(BranchTraining, LearnsBesideANetworkThatStaysAsItIs) {
  const Trained one = trained(BranchKeeps::last_pair, 8);
  EXPECT_LT(one.result.epochs.back().loss, 0.3 * one.result.epochs.front().loss);
  EXPECT_GT(one.result.test_accuracy, 0.9);
  EXPECT_TRUE(one.backbone_stayed);
  EXPECT_EQ(one.result.lost_numbers, 0);
  EXPECT_GT(one.result.pair_numbers, 0);
  ASSERT_GE(one.result.best_epoch, 0);
  for (const BranchEpoch& epoch : one.result.epochs)
    EXPECT_LE(
        epoch.validation_accuracy,
        one.result.epochs[static_cast<std::size_t>(one.result.best_epoch)].validation_accuracy);
}

// At a constant rate a training that ends with that epoch has the same weights.
TEST(BranchTraining, KeepsTheEpochThatIsBestOnTheValidationImages) {
  const Trained one = trained(BranchKeeps::last_pair, 8);
  ASSERT_LT(one.result.best_epoch, 7);
  const Trained shorter = trained(BranchKeeps::last_pair, one.result.best_epoch + 1);
  EXPECT_EQ(one.weights, shorter.weights);
  EXPECT_EQ(one.result.test_accuracy, shorter.result.test_accuracy);
}

TEST(BranchTraining, RepeatsAndDoesNotDependOnWhatIsKept) {
  const Trained one = trained(BranchKeeps::last_pair), again = trained(BranchKeeps::last_pair),
                kept = trained(BranchKeeps::everything);
  EXPECT_EQ(one.weights, again.weights);
  EXPECT_EQ(one.weights, kept.weights);
  EXPECT_EQ(one.result.test_accuracy, kept.result.test_accuracy);
  EXPECT_LT(3 * one.result.kept_bytes, kept.result.kept_bytes);
}

TEST(BranchTraining, TapsAreMeansOfTheNetworksMaps) {
  Tensor x(TensorShape(1, 4, 6, 2)), y(TensorShape(1, 2, 2, 2));
  for (std::size_t i = 0; i < x.values().size(); ++i) x.values()[i] = static_cast<float>(i);
  average_to(x, y);
  // rows 0 and 1, columns 0 to 2 of the first channel: (0 + 2 + 4 + 12 + 14 + 16) / 6
  EXPECT_NEAR(y.values()[0], 8, 1e-5);
  EXPECT_NEAR(y.values()[1], 9, 1e-5);
  EXPECT_NEAR(y.values()[2], 14, 1e-5);
  EXPECT_NEAR(y.values()[4], 32, 1e-5);
  Tensor three(TensorShape(1, 3, 1, 2));  // of four rows: 0 and 1, 1 and 2, 2 and 3
  average_to(x, three);
  EXPECT_NEAR(three.values()[0], 11, 1e-5);
  EXPECT_NEAR(three.values()[2], 23, 1e-5);
  EXPECT_NEAR(three.values()[4], 35, 1e-5);
}

TEST(BranchTraining, RefusesTapsThatAreNotThere) {
  const Network backbone(build_graph("resnet20", "cifar10"), {}, 7);
  const auto refusal = [&](const BranchCard& card) {
    try {
      branch_shape(backbone, card, 10);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal({}), "");
  EXPECT_NE(refusal({.taps = {2}}).find("no single map"), std::string::npos);
  EXPECT_NE(refusal({.taps = {7, 3}}).find("must rise"), std::string::npos);
  EXPECT_NE(refusal({.size = 9}).find("smaller size"), std::string::npos);
  EXPECT_NE(refusal({.blocks = 2, .taps = {1, 7, 13}}).find("one connection"), std::string::npos);
  const BranchShape shape = branch_shape(backbone, {.taps = {7, 13}}, 10);
  EXPECT_EQ(shape.size, 16);
  EXPECT_EQ(shape.taps[0].channels, 16);
  EXPECT_EQ(shape.taps[1].channels, 32);
}

}  // namespace
}  // namespace lightloom::nn::branch_training_tests
