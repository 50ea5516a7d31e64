// Which weights are written with verification, what is left of their errors, what it costs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "cosim/verify/weight_scores.hpp"
#include "cosim/verify/write_ledger.hpp"
#include "nn/data/dataset.hpp"
#include "nn/ops/loss.hpp"
#include "nn/train/frozen_copy.hpp"
#include "nn/train/training_pass.hpp"
#include "tests/cosim/corrections/wrong_core.hpp"

namespace lightloom::cosim {
namespace {

nn::Graph verified_graph() {
  nn::GraphBuilder net("verified", {28, 28, 1});
  const int stem = net.relu(
      net.batch_norm("n1", net.convolution("a", 0, {.channels = 5, .kernel = 5, .stride = 4})));
  net.linear("c", net.flatten(stem), 10, true);
  return std::move(net).finish();
}

photonic::CoreDescription cells(int rows, int columns) {
  photonic::CoreDescription core{.kind = "test", .rows = rows, .columns = columns};
  core.cost.devices = 2 * rows * columns;
  core.cost.write_energy_pJ = 3;
  core.cost.settle_ns = 50;
  core.cost.symbol_rate_GHz = 0.5;
  return core;
}

TEST(VerifiedCore, LeavesOfChosenErrorsTheToleranceAndTouchesNoOthers) {
  const WrongCore core(cells(4, 3), Wrong::weights, 0.1);
  VerifiedWeights weights;
  weights.chosen.resize(2);
  weights.chosen[1].assign(24, 0);
  for (const std::size_t i : {0u, 7u, 13u, 22u}) weights.chosen[1][i] = 1;
  const VerifiedCore verified(core, weights, 0.02);
  const std::vector<float> targets(24, 0.5F);
  std::vector<float> plain(24), put_right(24), scales(2);
  core.realise(targets, {.seed = 5, .chip = 2, .layer = 1}, plain, scales);
  const auto report =
      verified.realise_slices({targets, {.seed = 5, .chip = 2, .layer = 1}, put_right, scales}, {});
  double squared = 0;
  for (std::size_t i = 0; i < 24; ++i) {
    const float error = plain[i] - 0.5F, left = put_right[i] - 0.5F;
    if (weights.chosen[1][i] == 1)
      EXPECT_NEAR(left, std::clamp(error, -0.02F, 0.02F), 1e-6F);
    else
      EXPECT_EQ(put_right[i], plain[i]);
    squared += double{left} * left - double{error} * error;
  }
  EXPECT_NEAR(report.squared_error, squared, 1e-6);
  std::vector<float> other(24), same(24);
  core.realise(targets, {.seed = 5, .chip = 2, .layer = 0}, other, scales);
  verified.realise(targets, {.seed = 5, .chip = 2, .layer = 0}, same, scales);
  EXPECT_EQ(other, same) << "a layer without chosen weights";
}

TEST(WeightScores, SecondDerivativesAreThoseOfDifferencesOfTheLoss) {
  // The Gauss-Newton diagonal of softmax and cross-entropy is E over images of sum over classes of
  // p_k (d log p_k / d w)^2: by differences of the logits here, from drawn labels there.
  const nn::Dataset data = nn::load_dataset({.name = "glyphs", .train_limit = 2100}, 3);
  nn::Network network(verified_graph(), {}, 7);
  const int count = static_cast<int>(data.train.size());
  const auto estimated = second_derivatives(network, {data.train, 4}, count);
  nn::Network frozen = nn::frozen_copy(network);
  nn::TrainingPass pass(frozen, 1);
  const auto logits = [&](const nn::Tensor& images) {
    const nn::Tensor& all = pass.forward(images, {});
    return std::vector<float>(all.values().begin(), all.values().end());
  };
  std::vector<float>& weight = frozen.weight_layers()[0].source->parameters().front()->value;
  nn::for_each_batch(data.train, {0, data.train.size()}, data.train.size(),
                     [&](const nn::Batch& batch, std::size_t) {
                       for (const std::size_t w : {3u, 40u, 77u, 110u}) {
                         const float before = weight[w], step = 0.02F;
                         weight[w] = before + step;
                         const std::vector<float> up = logits(batch.images);
                         weight[w] = before - step;
                         const std::vector<float> down = logits(batch.images);
                         weight[w] = before;
                         const std::vector<float> here = logits(batch.images);
                         double exact = 0;
                         for (std::size_t i = 0; i < here.size(); i += 10) {
                           double sum = 0, mean = 0, square = 0;
                           for (std::size_t k = 0; k < 10; ++k)
                             sum += std::exp(double{here[i + k]});
                           for (std::size_t k = 0; k < 10; ++k) {
                             const double p = std::exp(double{here[i + k]}) / sum,
                                          slope = (double{up[i + k]} - down[i + k]) / (2 * step);
                             mean += p * slope;
                             square += p * slope * slope;
                           }
                           exact += square - mean * mean;
                         }
                         // A sum of about 60 squared normal-like numbers: relative deviation sqrt(2
                         // / 60) = 0.18.
                         EXPECT_NEAR(estimated[0][w] / exact, 1, 4 * 0.19) << w;
                         EXPECT_GT(estimated[0][w] / exact, 0.35) << w;
                       }
                     });
}

TEST(WeightScores, ChoosesTheHighestOverAllLayersAndWholeTilesOfMeshes) {
  const WeightScores scores{{1, 5, -1, 2, 9, -1, 0, 3}, {4, 8, 7, 6}};
  photonic::CoreDescription core{.kind = "test", .rows = 2, .columns = 2};
  const VerifiedWeights some = choose_weights(scores, core, 0.4);  // of 10 weights
  EXPECT_EQ(some.count, 4);
  EXPECT_EQ(some.chosen[0], (std::vector<std::uint8_t>{0, 0, 0, 0, 1, 0, 0, 0}));
  EXPECT_EQ(some.chosen[1], (std::vector<std::uint8_t>{0, 1, 1, 1}));
  core.kind = "mzi-mesh";
  const VerifiedWeights tiles = choose_weights(scores, core, 0.7);
  EXPECT_EQ(tiles.count, 7) << "the tiles of sums 25 and 12, not the one of 8";
  EXPECT_EQ(tiles.chosen[0], (std::vector<std::uint8_t>{0, 0, 0, 0, 1, 0, 1, 1}));
  EXPECT_EQ(tiles.chosen[1], (std::vector<std::uint8_t>{1, 1, 1, 1}));
}

TEST(WeightScores, RanksByWhatTheCardSaysAndNeverTakesPadding) {
  const nn::Dataset data = nn::load_dataset({.name = "glyphs", .train_limit = 100}, 3);
  nn::Network network(verified_graph(), {}, 7);
  const WrongCore core(cells(8, 7), Wrong::weights, 0.1);
  std::int64_t weights = 0;
  for (const nn::WeightLayer& layer : network.weight_layers()) weights += layer.shape.weights();
  for (const WeightScore score : {WeightScore::second_derivative, WeightScore::per_device,
                                  WeightScore::magnitude, WeightScore::random}) {
    const WeightScores scores =
        score_weights(network, core, {.score = score, .images = 64}, {data.train, 4});
    EXPECT_EQ(choose_weights(scores, core.description(), 1).count, weights);
    const VerifiedWeights tenth = choose_weights(scores, core.description(), 0.1);
    EXPECT_EQ(tenth.count, std::llround(0.1 * static_cast<double>(weights)));
  }
  const WeightScores magnitudes =
      score_weights(network, core, {.score = WeightScore::magnitude}, {data.train, 4});
  const std::vector<float> dense = nn::dense_weight(network.weight_layers()[0]);
  float largest = 0;
  for (const float w : dense) largest = std::max(largest, std::fabs(w));
  EXPECT_EQ(*std::max_element(magnitudes[0].begin(), magnitudes[0].end()), largest);
}

TEST(WriteLedger, CountsDevicesPulsesTimeAndEnergyByHand) {
  nn::Network network(verified_graph(), {}, 7);  // 5 x 25 and 10 x 180 on 8 x 7: 4 + 2 * 26 tiles
  photonic::CoreDescription core = cells(8, 7);
  core.cost.input_energy_pJ = 0.5;
  core.cost.output_energy_pJ = 1.5;
  core.cost.phase_energy_pJ = 2;
  core.cost.product_energy_pJ = 4;
  core.cost.laser_power_mW = 10;
  const nn::NetworkShape shape = network.shape();
  VerifiedWeights verified;
  verified.chosen = {std::vector<std::uint8_t>(4 * 56, 0), {}};
  for (const std::size_t i : {0u, 1u, 60u}) verified.chosen[0][i] = 1;
  verified.count = 3;
  const ProgrammingCard programming{.lanes = 3, .rate_GHz = 2};
  const WriteLedger ledger = count_writes({core, programming}, shape, verified, {.pulses = 5});
  const std::int64_t tiles =
      4 + 2 * static_cast<std::int64_t>(std::ceil(shape.layers[1].in_channels / 7.0));
  EXPECT_EQ(ledger.devices, tiles * 112);
  EXPECT_EQ(ledger.verified_weights, 3);
  EXPECT_EQ(ledger.verified_devices, 6);
  EXPECT_EQ(ledger.writes, tiles * 112 + 5 * 6);
  // The weights stand in columns 0, 1 and 4 of row 0: two vectors for the first tile, one for the
  // second, of 7 inputs and 8 outputs and 2 ns of 10 mW each.
  EXPECT_EQ(ledger.readings, 5 * 3);
  const double read_pJ = 7 * 0.5 + 8 * 1.5 + 2 + 4 + 10 * 2;
  EXPECT_NEAR(ledger.energy_nJ, 1e-3 * (3 * static_cast<double>(ledger.writes) + 15 * read_pJ),
              1e-9);
  // Blind: 38 rounds of 3 lanes at 2 GHz and settling; a pulse: 2 rounds (4 devices) or 1 (2),
  // settling, readings of 2 ns.
  const double blind = static_cast<double>(tiles) * (38 / 2.0 + 50),
               pulses = 5 * ((2 / 2.0 + 50 + 2 * 2) + (1 / 2.0 + 50 + 2));
  EXPECT_NEAR(ledger.time_us, 1e-3 * (blind + pulses), 1e-9);
  // A mesh: all devices of a tile that is touched.
  photonic::CoreDescription mesh = core;
  mesh.kind = "mzi-mesh";
  const WriteLedger whole = count_writes({mesh, programming}, shape, verified, {.pulses = 5});
  EXPECT_EQ(whole.verified_devices, 2 * 112);
  EXPECT_EQ(whole.readings, 5 * 2 * 7) << "every column";
}

}  // namespace
}  // namespace lightloom::cosim
