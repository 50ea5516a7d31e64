// Correctors trained through the measured forward pass.
#include "cosim/corrections/joint_tuning.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "cosim/corrections/corrector_gradient.hpp"
#include "cosim/corrections/network_fit.hpp"
#include "nn/data/batch.hpp"
#include "nn/data/dataset.hpp"
#include "nn/inference/inference.hpp"
#include "nn/train/frozen_copy.hpp"
#include "tests/cosim/corrections/corrected_convolution.hpp"
#include "tests/cosim/corrections/wrong_core.hpp"

namespace lightloom::cosim {
namespace {

using nn::Tensor;

nn::Graph tuned_graph() {
  nn::GraphBuilder net("tuned", {28, 28, 1});
  const int stem = net.relu(
      net.batch_norm("n1", net.convolution("a", 0, {.channels = 6, .kernel = 5, .stride = 4})));
  const int branch =
      net.batch_norm("n2", net.convolution("b", stem, {.channels = 6, .kernel = 3, .padding = 1}));
  net.linear("c", net.flatten(net.relu(net.add(stem, branch))), 10, true);
  return std::move(net).finish();
}

/// A network whose normalisations do something.
nn::Network tuned_network() {
  nn::Network network(tuned_graph(), {}, 7);
  for (nn::NormLayer& norm : network.norms())
    for (std::size_t c = 0; c < norm.mean.size(); ++c) {
      norm.mean[c] = 0.1F * static_cast<float>(c) - 0.05F;
      norm.variance[c] = 0.5F + 0.3F * static_cast<float>(c);
      norm.scale.value[c] = 1.2F;
      norm.shift.value[c] = 0.1F;
    }
  return network;
}

TEST(CorrectorGradient, IsTheDifferenceOfALossForEveryNumber) {
  const nn::LayerShape shape = corrected_convolution();
  const CorrectedLayer layer{shape, 1};
  const std::vector<float> x = numbers_of(3 * 60, 1), raw = numbers_of(3 * 48, 2),
                           d_y = numbers_of(3 * 48, 3);
  const nn::InputMaps inputs{x, 3, 5};
  // The loss is the sum of d_y y, linear in every number: differences are exact.
  const auto loss = [&](const LayerCorrector& corrector) {
    std::vector<float> y = raw;
    correct(corrector, layer, inputs, y);
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += double{y[i]} * d_y[i];
    return sum;
  };
  LayerCorrector gains{
      .outputs = 4, .gain = numbers_of(4, 4), .offset = numbers_of(12, 5), .period = 3};
  LayerCorrector outputs{.outputs = 4, .mixing = numbers_of(16, 6)};
  outputs.rank = 2, outputs.left = numbers_of(8, 7), outputs.right = numbers_of(8, 8);
  LayerCorrector adapter{.outputs = 4, .rank = 2, .operand = CorrectorOperand::inputs};
  adapter.left = numbers_of(8, 9), adapter.right = numbers_of(24, 10);
  for (const LayerCorrector& corrector : {gains, outputs, adapter}) {
    LayerCorrector gradient = zeros_like(corrector);
    add_gradient(corrector, {layer, inputs, raw, d_y}, gradient);
    for (auto numbers : {&LayerCorrector::gain, &LayerCorrector::mixing, &LayerCorrector::left,
                         &LayerCorrector::right, &LayerCorrector::offset})
      for (std::size_t i = 0; i < (corrector.*numbers).size(); ++i) {
        LayerCorrector up = corrector, down = corrector;
        (up.*numbers)[i] += 0.5F;
        (down.*numbers)[i] -= 0.5F;
        // 144 products of single precision, each of a few units.
        EXPECT_NEAR((gradient.*numbers)[i], loss(up) - loss(down), 2e-3);
      }
  }
}

TEST(CorrectorGradient, PutsEveryNumberInOneParameterAndASharedMixingInOneForAll) {
  NetworkCorrector own{.name = "own", .layers = {{.outputs = 2}, {.outputs = 3}}};
  own.layers[0].gain = {1, 2};
  own.layers[1].mixing = numbers_of(9, 1);
  auto parameters = parameters_of(own);
  ASSERT_EQ(parameters.size(), 2u);
  parameters[0].value = {5, 6};
  set_parameters(parameters, own);
  EXPECT_EQ(own.layers[0].gain, (std::vector<float>{5, 6}));

  NetworkCorrector shared{
      .name = "shared", .layers = {{.outputs = 2}, {.outputs = 3}}, .shared = true};
  shared.layers[0].mixing.assign(4, 0.0F);
  shared.layers[1].mixing.assign(9, 0.0F);
  parameters = parameters_of(shared);
  ASSERT_EQ(parameters.size(), 1u);
  parameters[0].value = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  set_parameters(parameters, shared);
  EXPECT_EQ(shared.layers[0].mixing, (std::vector<float>{1, 2, 4, 5}));
  EXPECT_EQ(shared.layers[1].mixing, parameters[0].value);
  give_gradients(shared, parameters);
  EXPECT_EQ(parameters[0].gradient, (std::vector<float>{2, 4, 3, 8, 10, 6, 7, 8, 9}));
}

TEST(FrozenCopy, IsTheSameFunctionAndATrainingPassLeavesItSo) {
  const nn::Dataset data = nn::load_dataset({.name = "glyphs", .train_limit = 60}, 3);
  nn::Network network = tuned_network();
  nn::Network frozen = nn::frozen_copy(network);
  nn::Inference before(network), after(frozen);
  nn::for_each_batch(data.train, {0, 40}, 40, [&](const nn::Batch& batch, std::size_t) {
    const Tensor& a = before.forward(batch.images);
    const Tensor& b = after.forward(batch.images);
    for (std::size_t i = 0; i < a.values().size(); ++i)
      EXPECT_NEAR(a.values()[i], b.values()[i], 1e-4);
  });
}

TEST(JointTuning, LowersTheLossOfOneSharedMixingAndLeavesNetworkAndChipAsTheyAre) {
  const nn::Dataset data = nn::load_dataset({.name = "glyphs", .train_limit = 700}, 3);
  const WrongCore core({.kind = "test", .rows = 12, .columns = 6}, Wrong::outputs, 0.15);
  nn::Network network = tuned_network();
  const float weight = nn::dense_weight(network.weight_layers()[0])[3];
  FrozenChip chip(core, network, {}, {5, 2});
  Tensor images;
  nn::for_each_batch(data.train, {0, 100}, 100, [&](const nn::Batch& batch, std::size_t) {
    images.resize(batch.images.shape());
    std::copy(batch.images.values().begin(), batch.images.values().end(), images.values().begin());
  });
  const NetworkFit fit =
      fit_network(chip, network, {.images = images}, {.kind = CorrectorKind::shared});
  const TuningCard card{.epochs = 6, .images = 512, .batch = 32, .rate = 3e-3};
  const TuningImages given{.train = data.train, .judge = data.validation, .first_train = 1u << 20};
  const Tuning tuning = tune(chip, network, given, {card, fit.corrector});
  EXPECT_TRUE(tuning.kept);
  // Hard labels leave a loss that the exact network has as well.
  const WrongCore exact({.kind = "test", .rows = 12, .columns = 6}, Wrong::outputs, 0);
  FrozenChip ideal(exact, network, {}, {5, 2});
  const NetworkCorrector nothing{.name = "nothing", .layers = std::vector<LayerCorrector>(3)};
  const TuningCard none{.epochs = 0};
  const double least = tune(ideal, network, given, {none, nothing}).loss_before;
  EXPECT_LT(tuning.loss_after - least, 0.8 * (tuning.loss_before - least));
  EXPECT_EQ(tuning.corrector.numbers(), fit.corrector.numbers());
  EXPECT_EQ(nn::dense_weight(network.weight_layers()[0])[3], weight);
  const Tuning again = tune(chip, network, given, {card, fit.corrector});
  EXPECT_EQ(again.corrector.layers[1].mixing, tuning.corrector.layers[1].mixing);
  const TuningCard wild{.epochs = 1, .images = 512, .batch = 32, .rate = 10};
  const Tuning harm = tune(chip, network, given, {wild, fit.corrector});
  EXPECT_FALSE(harm.kept);
  EXPECT_EQ(harm.corrector.layers[1].mixing, fit.corrector.layers[1].mixing);
}

}  // namespace
}  // namespace lightloom::cosim
