#include "nn/weights/faults/bit_errors.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/optim/optimizer.hpp"
#include "nn/weights/direct/integer_source.hpp"
#include "nn/weights/faults/faulty_source.hpp"
#include "nn/weights/multilevel/multilevel_card.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {
namespace {

std::vector<CodedStream> stored(std::size_t words) {
  std::vector<CodedStream> streams{
      {.name = "a", .bits = 8}, {.name = "b", .bits = 3}, {.name = "scale", .exposed = false}};
  const Stream stream({.seed = 10, .purpose = Purpose::test});
  for (std::size_t s = 0; s < 3; ++s)
    for (std::size_t i = 0; i < words; ++i)
      streams[s].words.push_back(stream.bits(i, s)[0] >> (32 - streams[s].bits));
  return streams;
}

std::vector<std::uint32_t> flipped(const BitErrorCard& card, std::size_t which,
                                   std::size_t words = 20000) {
  std::vector<CodedStream> streams = stored(words);
  const std::vector<CodedStream> before = streams;
  flip_bits(card, 3, streams);
  std::vector<std::uint32_t> difference;
  for (std::size_t i = 0; i < words; ++i)
    difference.push_back(streams[which].words[i] ^ before[which].words[i]);
  return difference;
}

TEST(BitErrors, HitTheAskedShareOfBits) {
  const double rate = 0.01;
  std::int64_t count = 0;
  for (const std::uint32_t word : flipped({.rate = rate}, 0)) count += std::popcount(word);
  const double bits = 8 * 20000;
  EXPECT_NEAR(static_cast<double>(count), rate * bits, 4 * std::sqrt(bits * rate * (1 - rate)));
}

TEST(BitErrors, AtALowerRateAreASubset) {
  const auto low = flipped({.rate = 0.003}, 0), high = flipped({.rate = 0.02}, 0);
  int extra = 0;
  for (std::size_t i = 0; i < low.size(); ++i) {
    EXPECT_EQ(low[i] & ~high[i], 0u);
    extra += low[i] != high[i];
  }
  EXPECT_GT(extra, 0);
}

TEST(BitErrors, PersistForASeedAndDifferForAnother) {
  EXPECT_EQ(flipped({.rate = 0.01, .seed = 1}, 0), flipped({.rate = 0.01, .seed = 1}, 0));
  EXPECT_NE(flipped({.rate = 0.01, .seed = 1}, 0), flipped({.rate = 0.01, .seed = 2}, 0));
}

TEST(BitErrors, DirectionsAreSeparate) {
  const std::vector<CodedStream> before = stored(20000);
  const auto up = flipped({.rate_0_to_1 = 0.02, .rate_1_to_0 = 0}, 0);
  const auto down = flipped({.rate_0_to_1 = 0, .rate_1_to_0 = 0.02}, 0);
  std::int64_t ups = 0, downs = 0;
  for (std::size_t i = 0; i < up.size(); ++i) {
    EXPECT_EQ(up[i] & before[0].words[i], 0u);
    EXPECT_EQ(down[i] & ~before[0].words[i], 0u);
    ups += std::popcount(up[i]);
    downs += std::popcount(down[i]);
  }
  EXPECT_GT(ups, 0);
  EXPECT_GT(downs, 0);
}

TEST(BitErrors, StayWithinTheNamedStreamsAndTheWordWidth) {
  const BitErrorCard named{.rate = 0.5, .streams = {"b"}};
  for (const std::uint32_t word : flipped(named, 0)) EXPECT_EQ(word, 0u);
  for (const std::uint32_t word : flipped(named, 1)) EXPECT_LT(word, 8u);
  for (const std::uint32_t word : flipped({.rate = 1}, 2)) EXPECT_EQ(word, 0u);  // not exposed
  for (const std::uint32_t word : flipped({.rate = 1}, 1)) EXPECT_EQ(word, 7u);  // certainty
}

TEST(BitErrors, OneFlipInACrossCoefficientChangesOneKernelInABasisAll) {
  const LayerShape shape{
      .name = "c", .in_channels = 8, .out_channels = 12, .kernel_height = 3, .kernel_width = 3};
  const auto source =
      make_source({.source = "multilevel",
                   .settings = MultilevelCard{.bits = {4, 4, 4}, .intra = 2, .cross = 5}},
                  shape);
  std::vector<float> dense(static_cast<std::size_t>(shape.weights()));
  fill_normal(Stream({.seed = 10}), 0, dense);
  source->encode(dense);
  source->materialise(dense);
  const auto kernels_touched = [&](std::size_t stream) {
    std::vector<CodedStream> words = source->codes();
    words[stream].words[0] ^= 8u;
    std::vector<float> faulty(dense.size());
    source->decode(words, faulty);
    int touched = 0;
    for (std::size_t o = 0; o < 12; ++o) {
      bool differs = false;
      for (std::size_t i = 0; i < 72; ++i) differs |= faulty[o * 72 + i] != dense[o * 72 + i];
      touched += differs;
    }
    return touched;
  };
  EXPECT_EQ(kernels_touched(2), 1);   // V
  EXPECT_EQ(kernels_touched(1), 12);  // U
  EXPECT_EQ(kernels_touched(0), 12);  // Wb
}

TEST(BitErrors, BackwardRefersToTheFaultyWords) {
  // With V all wrong the gradient of U is another one; at rate 0 it is the clean one.
  const LayerShape shape{
      .name = "c", .in_channels = 8, .out_channels = 12, .kernel_height = 3, .kernel_width = 3};
  const auto gradient = [&](double rate) {
    const auto source =
        make_source({.source = "multilevel",
                     .settings = MultilevelCard{.bits = {4, 4, 4}, .intra = 2, .cross = 5}},
                    shape);
    std::vector<float> dense(static_cast<std::size_t>(shape.weights()));
    fill_normal(Stream({.seed = 10}), 0, dense);
    source->encode(dense);
    const std::vector<float> d(dense.size(), 0.01f);
    materialise_with_errors(*source, {.rate = rate, .streams = {"cross"}}, 0, dense);
    source->backward(d);
    return source->parameters()[1]->gradient;
  };
  const LayerShape copy = shape;
  const auto source =
      make_source({.source = "multilevel",
                   .settings = MultilevelCard{.bits = {4, 4, 4}, .intra = 2, .cross = 5}},
                  copy);
  std::vector<float> dense(static_cast<std::size_t>(shape.weights()));
  fill_normal(Stream({.seed = 10}), 0, dense);
  source->encode(dense);
  source->materialise(dense);
  source->backward(std::vector<float>(dense.size(), 0.01f));
  EXPECT_EQ(gradient(0), source->parameters()[1]->gradient);
  EXPECT_NE(gradient(1), source->parameters()[1]->gradient);
}

TEST(FaultySource, KeepsItsErrorsInEvaluationAndDrawsNewOnesEveryTrainingStep) {
  const LayerShape shape{.name = "c", .in_channels = 50, .out_channels = 20};
  std::vector<float> dense(1000), clean(1000), weight(1000), again(1000);
  fill_normal(Stream({.seed = 4}), 0, dense);
  FaultySource source(make_source({.source = "integer", .bits = 8}, shape),
                      {.rate = 0.01, .seed = 5}, 2);
  source.encode(dense);
  source.inner().materialise(clean);
  source.materialise(weight);
  EXPECT_GT(source.flips(), 0);
  source.materialise(again);
  EXPECT_EQ(weight, again);
  EXPECT_NE(weight, clean);

  source.set_step(TrainingStep{.step = 0});
  source.materialise(again);
  EXPECT_NE(weight, again);
  source.set_step(TrainingStep{.step = 1});
  source.materialise(dense);
  EXPECT_NE(again, dense);
  source.set_faults(Faults::off);
  source.materialise(dense);
  EXPECT_EQ(dense, clean);
  EXPECT_EQ(source.flips(), 0);
  source.set_faults(Faults::on);
  source.set_step(std::nullopt);
  source.materialise(again);
  EXPECT_EQ(weight, again);
}

/// The relative squared error that bit errors leave after training with or without them, both
/// against the same target.
double robust_error(Faults faults) {
  const LayerShape shape{.name = "c", .in_channels = 40, .out_channels = 30};
  std::vector<float> target(1200), weight(1200);
  fill_normal(Stream({.seed = 6}), 0, target);
  FaultySource source(
      make_source({.source = "low_rank", .bits = 6, .settings = MultilevelCard{.cross = 10}},
                  shape),
      {.rate = 0.02, .streams = {"basis", "cross"}}, 0);
  source.encode(target);
  source.set_faults(faults);
  Optimizer optimizer({.kind = OptimizerKind::radam}, source.parameters());
  for (std::uint64_t step = 0; step < 300; ++step) {
    source.set_step(TrainingStep{.step = step});
    source.materialise(weight);
    for (std::size_t i = 0; i < weight.size(); ++i) weight[i] = 1e-3f * (weight[i] - target[i]);
    source.backward(weight);
    optimizer.step(0.005);
  }
  source.set_faults(Faults::on);
  double error = 0, norm = 0;
  for (std::uint64_t draw = 0; draw < 50; ++draw) {
    source.set_step(TrainingStep{.step = 100000 + draw});
    source.materialise(weight);
    for (std::size_t i = 0; i < weight.size(); ++i) {
      error += std::pow(double{weight[i]} - target[i], 2);
      norm += double{target[i]} * target[i];
    }
  }
  return error / norm;
}

TEST(FaultySource, TrainingUnderBitErrorsMakesTheWeightRobust) {
  EXPECT_LT(robust_error(Faults::on), 0.98 * robust_error(Faults::off));
}

TEST(VoltageCurve, GivesTheSavingsItWasFittedTo) {
  const auto curve = read_card<VoltageCurve>(
      load_yaml(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/weights/sram-voltage-fit.yaml"));
  const VoltagePoint thirty = at_voltage(curve, 0.84);
  EXPECT_NEAR(thirty.rate, 0.01, 1e-4);
  EXPECT_NEAR(1 - thirty.energy, 0.30, 0.01);
  const VoltagePoint twenty = at_voltage(curve, std::sqrt(0.8));
  EXPECT_NEAR(std::log10(twenty.rate), -3, 0.05);
  EXPECT_NEAR(1 - twenty.energy, 0.20, 0.001);
  EXPECT_NO_THROW(at_voltage(curve, 0.80));
  EXPECT_NO_THROW(at_voltage(curve, 1.0));
  EXPECT_THROW(at_voltage(curve, 1.001), Error);
}

TEST(VoltageCurve, GivesABitErrorCardItsRateAndEnergy) {
  const std::string curve =
      "curve: {voltage: [0.8, 0.9, 1.0], rate: [1e-2, 1e-3, 1e-5], energy: [0.64, 0.81, 1.0]}";
  const auto read = [&](const std::string& text) {
    return read_card<BitErrorCard>(parse_yaml("{" + text + "}", "card"));
  };
  const BitErrorCard card = read("voltage: 0.85, " + curve);
  EXPECT_NEAR(card.rate, std::sqrt(1e-5), 1e-9);
  EXPECT_NEAR(card.access_energy, 0.725, 1e-12);
  EXPECT_TRUE(has_errors(card));
  EXPECT_EQ(read(curve).rate, 0.0) << "a curve alone makes no errors";
  EXPECT_THROW(read("voltage: 0.85"), Error);
  EXPECT_THROW(read("voltage: 0.7, " + curve), Error);
  EXPECT_THROW(read("voltage: 0.85, rate: 0.1, " + curve), Error);
  EXPECT_THROW(read("voltage: 0.85, curve: {voltage: [1], rate: [1], energy: [1]}"), Error);
}

TEST(WeightClip, HoldsTheLatentWeights) {
  const LayerShape shape{.name = "c", .in_channels = 50, .out_channels = 20};
  std::vector<float> dense(1000);
  fill_normal(Stream({.seed = 4}), 0, dense);
  const auto source = make_source(
      {.source = "integer", .bits = 8, .settings = IntegerCard{.weight_clip = 0.5}}, shape);
  source->encode(dense);
  source->materialise(dense);
  for (const float value : source->parameters()[0]->value) EXPECT_LE(std::abs(value), 0.5f);
  EXPECT_NEAR(*std::max_element(dense.begin(), dense.end()), 0.5f, 1e-6f);
}

TEST(FaultySource, HasTheFactorsOfItsSourceOnlyWithoutFaults) {
  const LayerShape shape{
      .name = "c", .in_channels = 9, .out_channels = 7, .kernel_height = 3, .kernel_width = 3};
  FaultySource source(
      make_source({.source = "multilevel", .settings = MultilevelCard{.intra = 2, .cross = 4}},
                  shape),
      {.rate = 0.02}, 0);
  std::vector<float> dense(static_cast<std::size_t>(shape.weights()));
  fill_normal(Stream({.seed = 6, .purpose = Purpose::test}), 0, dense);
  source.encode(dense);
  EXPECT_FALSE(source.factors().has_value()) << "those of the source are free of errors";
  source.set_faults(Faults::off);
  ASSERT_TRUE(source.factors().has_value());
  EXPECT_EQ(source.factors()->cross, 4);
}

}  // namespace
}  // namespace lightloom::nn
