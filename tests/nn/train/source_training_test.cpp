// What training and copying owe to weight sources: regularisers, training noise, statistics,
// scales.
#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>

#include "nn/inference/inference.hpp"
#include "nn/models/models.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/train/train.hpp"
#include "nn/train/training_pass.hpp"
#include "nn/weights/faults/faulty_source.hpp"
#include "nn/weights/multilevel/multilevel_card.hpp"

namespace lightloom::nn {
namespace {

Dataset glyphs_for_sources(int train) {
  return load_dataset({.name = "glyphs", .train_limit = train, .test_limit = 10}, 1);
}

SourceCard multilevel_trained() {
  return {.source = "multilevel",
          .settings =
              MultilevelCard{.bits = {.basis = 4, .intra = 4, .cross = 4}, .intra = 2, .cross = 8}};
}

Network cnn(const SourceCard& card, std::uint64_t seed = 7,
            InitialWeights initial = InitialWeights::drawn) {
  return {build_graph("cnn3", "glyphs"), card, seed, initial};
}

double regularisers(Network& network) {
  double value = 0;
  for (WeightLayer& layer : network.weight_layers()) value += layer.source->regularise();
  return value;
}

TEST(TrainingSources, AddsTheirRegularisersToLossAndGradient) {
  const Dataset data = glyphs_for_sources(256);
  SourceCard card = multilevel_trained();
  Network plain = cnn(card);
  card.settings.of<MultilevelCard>().orthogonality = {.lambda = 1.0,
                                                      .form = OrthogonalityForm::sum};
  Network regular = cnn(card), probe = cnn(card);
  const double before = regularisers(probe);
  const TrainResult without = train(plain, data, {{.epochs = 1}, 1});
  const TrainResult with = train(regular, data, {{.epochs = 1}, 1});
  EXPECT_GT(with.epochs[0].loss, without.epochs[0].loss + 0.5 * before) << "it is in the loss";
  const double trained = regularisers(regular);
  set_weights(probe, weights_of(plain));
  EXPECT_LT(trained, before);
  EXPECT_LT(trained, regularisers(probe) - 0.02 * before) << "and pulls";
}

TEST(TrainingSources, MeetTrainingNoiseInTrainingOnly) {
  const Dataset data = glyphs_for_sources(256);
  SourceCard card = multilevel_trained();
  Network rounded = cnn(card);
  card.settings.of<MultilevelCard>().quant_ratio = 0.5;
  Network noisy = cnn(card);
  const TrainResult without = train(rounded, data, {{.epochs = 1}, 1});
  const TrainResult with = train(noisy, data, {{.epochs = 1}, 1});
  EXPECT_NE(with.epochs[0].loss, without.epochs[0].loss) << "half of the elements stay unrounded";
  Network evaluated = cnn(card, 8);
  set_weights(evaluated, weights_of(noisy));
  for (std::size_t l = 0; l < noisy.weight_layers().size(); ++l)
    EXPECT_EQ(dense_weight(noisy.weight_layers()[l]), dense_weight(evaluated.weight_layers()[l]))
        << "a source that no training touched is in the state of evaluation";
}

TEST(Recalibration, TakesTheMeanOfTheBatchesAndLeavesMomentumAlone) {
  const Dataset data = glyphs_for_sources(256);
  Network halves = cnn({}), whole = cnn({});
  for (Network* network : {&halves, &whole}) network->norms()[0].momentum = 0.3;
  TrainingPass(halves, 1).estimate_statistics(data.train, 128, 64);
  TrainingPass(whole, 1).estimate_statistics(data.train, 128, 128);
  for (std::size_t c = 0; c < halves.norms()[0].mean.size(); ++c) {
    // The first normalisation sees the same values either way, so the means agree up to rounding.
    EXPECT_NEAR(halves.norms()[0].mean[c], whole.norms()[0].mean[c], 1e-5f);
    EXPECT_NE(halves.norms()[0].mean[c], 0.0f);
    // A variance within halves is at most that of the whole, times n/(n-1) of the smaller sample.
    EXPECT_LE(halves.norms()[0].variance[c], 1.001f * whole.norms()[0].variance[c]);
  }
  EXPECT_EQ(halves.norms()[0].momentum, 0.3);
}

TEST(Recalibration, ServesWhatTheTrainerKeeps) {
  const Dataset data = glyphs_for_sources(300);
  const TrainCard card{.epochs = 1, .augment = {.crop = 4}, .average = 0.99, .recalibrate = 256};
  Network network = cnn({});
  omp_set_num_threads(1);
  train(network, data, {card, 1});
  const std::vector<float> kept = network.norms()[0].mean;
  TrainingPass(network, 1).estimate_statistics(data.train, 256, 64, {card.augment, 1, 1});
  EXPECT_EQ(kept, network.norms()[0].mean) << "of the averaged weights, on images as in training";
  TrainingPass(network, 1).estimate_statistics(data.train, 256, 64);
  EXPECT_NE(kept, network.norms()[0].mean) << "plain images have other statistics";
}

TEST(BitErrorTraining, WithoutAnyFlipIsTheSameTrainingToTheBit) {
  omp_set_num_threads(1);
  const Dataset data = glyphs_for_sources(200);
  const SourceCard card{.source = "integer", .bits = 8};
  Network plain = cnn(card), flawless = cnn(card), faulty = cnn(card);
  TrainCard recipe{.epochs = 1};
  train(plain, data, {recipe, 1});
  recipe.bit_errors.rate = 1e-12;  // below the resolution of the draws: no bit flips
  train(flawless, data, {recipe, 1});
  recipe.bit_errors.rate = 0.02;
  train(faulty, data, {recipe, 1});
  const auto weight = [](Network& network) {
    return network.weight_layers()[1].source->parameters()[0]->value;
  };
  EXPECT_EQ(weight(flawless), weight(plain)) << "the mean of two equal gradients is either";
  EXPECT_NE(weight(faulty), weight(plain));
  for (const WeightLayer& layer : faulty.weight_layers())
    EXPECT_EQ(dynamic_cast<FaultySource*>(layer.source.get()), nullptr)
        << "the faulty memory is gone after training";
}

TEST(BitErrorTraining, ACurriculumKeepsErrorsOutUntilTheLossIsLow) {
  omp_set_num_threads(1);
  const Dataset data = glyphs_for_sources(200);
  const SourceCard card{.source = "integer", .bits = 8};
  TrainCard recipe{.epochs = 1};
  const auto weight = [&](const TrainCard& how) {
    Network network = cnn(card);
    train(network, data, {how, 1});
    return network.weight_layers()[1].source->parameters()[0]->value;
  };
  const std::vector<float> plain = weight(recipe);
  recipe.bit_errors.rate = 0.02;
  const std::vector<float> faulty = weight(recipe);
  recipe.curriculum = 1e-3;  // never reached
  EXPECT_EQ(weight(recipe), plain);
  recipe.curriculum = 1e3;  // always
  EXPECT_EQ(weight(recipe), faulty);
  EXPECT_NE(faulty, plain);

  // One step: its loss lies below 1.15 times the threshold, the mean with errors above it.
  recipe = {.epochs = 1, .batch = 200};
  const std::vector<float> one_step = weight(recipe);
  Network network = cnn(card);
  recipe.bit_errors.rate = 0.02;
  recipe.curriculum = 0.95 * train(network, data, {{.epochs = 1, .batch = 200}, 1}).epochs[0].loss;
  EXPECT_EQ(weight(recipe), one_step) << "the gradient with errors is taken back";
  recipe.curriculum = 1e3;
  EXPECT_NE(weight(recipe), one_step);
}

TEST(Clip, HoldsWeightsAroundZeroAndScalesAroundOne) {
  const Dataset data = glyphs_for_sources(200);
  Network network = cnn({});
  train(network, data, {{.epochs = 1, .clip = 0.04}, 1});
  double largest = 0, furthest = 0;
  for (WeightLayer& layer : network.weight_layers())
    for (const float w : dense_weight(layer)) largest = std::max(largest, std::abs(double{w}));
  for (const NormLayer& norm : network.norms())
    for (const float s : norm.scale.value) furthest = std::max(furthest, std::abs(double{s} - 1));
  EXPECT_LE(largest, 0.04 * (1 + 1e-6));
  EXPECT_GT(largest, 0.0399) << "some weights reach the clip";
  EXPECT_LE(furthest, 0.04 * (1 + 1e-5));
  EXPECT_GT(furthest, 0.0);
}

/// Every kernel's Euclidean length.
std::vector<double> lengths(std::span<const float> weight, std::size_t kernels) {
  std::vector<double> all(kernels);
  const std::size_t size = weight.size() / kernels;
  for (std::size_t i = 0; i < weight.size(); ++i) all[i / size] += double{weight[i]} * weight[i];
  for (double& one : all) one = std::sqrt(one);
  return all;
}

TEST(Equalise, GivesEveryKernelTheSameLengthAndTheNetworkTheSameOutput) {
  const Dataset data = glyphs_for_sources(64);
  Network teacher = cnn({});
  TrainingPass(teacher, 1).estimate_statistics(data.train, 57, 57);
  NormLayer& norm = teacher.norms()[1];
  norm.variance[3] = 1e-7f;  // where epsilon rules
  norm.scale.value[5] = -0.7f;
  SourceCard card;
  card.settings.of<MultilevelCard>().projection.equalise = true;
  Network student = cnn(card, 9, InitialWeights::none);
  copy_weights(teacher, student);
  for (std::size_t l = 0; l < 3; ++l) {
    const LayerShape& shape = student.weight_layers()[l].shape;
    const auto all = lengths(dense_weight(student.weight_layers()[l]),
                             static_cast<std::size_t>(shape.out_channels));
    for (const double one : all) EXPECT_NEAR(one, all[0], 1e-5 * all[0]) << shape.name;
  }
  Batch batch;
  const std::vector<std::uint32_t> order{0, 1, 2, 3, 4, 5, 6};
  fill_batch(data.train, order, batch);
  Inference expected(teacher), got(student);
  const Tensor& right = expected.forward(batch.images);
  const Tensor& logits = got.forward(batch.images);
  // Six roundings of relative 6e-8 on every path, amplified by at most the 288 inputs of a logit.
  for (std::int64_t i = 0; i < logits.shape().size(); ++i)
    EXPECT_NEAR(logits.data()[i], right.data()[i], 1e-4 * (1 + std::abs(right.data()[i])));
}

TEST(NewNetworks, DrawNothingWhenWeightsAreCopiedNext) {
  Network teacher = cnn({});
  Network drawn = cnn(multilevel_trained(), 3),
          empty = cnn(multilevel_trained(), 3, InitialWeights::none);
  for (Parameter* one : empty.weight_layers()[0].source->parameters())
    for (const float value : one->value) ASSERT_EQ(value, 0.0f);
  copy_weights(teacher, drawn);
  copy_weights(teacher, empty);
  const Weights left = weights_of(drawn), right = weights_of(empty);
  for (std::size_t i = 0; i < left.size(); ++i)
    EXPECT_EQ(left[i].values, right[i].values) << left[i].name;
}

}  // namespace
}  // namespace lightloom::nn
