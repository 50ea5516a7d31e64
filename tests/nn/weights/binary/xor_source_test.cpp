#include "nn/weights/binary/xor_source.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/accounting/ratio.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {
namespace {

SourceCard xor_card(const std::string& keys = "", const std::string& more = "") {
  return read_card<SourceCard>(
      parse_yaml("{source: xor, xor: {" + keys + "}" + more + "}", "test"));
}

LayerShape xor_conv(int in, int out) {
  return {.name = "conv",
          .in_channels = in,
          .out_channels = out,
          .kernel_height = 3,
          .kernel_width = 3};
}

std::vector<float> xor_normals(std::int64_t count, std::uint64_t shot = 0) {
  std::vector<float> values(static_cast<std::size_t>(count));
  fill_normal(Stream({.seed = 21, .purpose = Purpose::test}), shot, values);
  return values;
}

/// Masks of the inputs of every output.
std::vector<std::uint32_t> masks_of(const XorNetwork& network) {
  std::vector<std::uint32_t> masks;
  for (int o = 0; o < network.size().outputs; ++o) {
    std::uint32_t mask = 0;
    for (const std::size_t tap : network.taps(static_cast<std::size_t>(o))) mask |= 1u << tap;
    masks.push_back(mask);
  }
  return masks;
}

/// Whether an output is -1: the signs of an odd number of its inputs are, a bit of 0 each.
bool negative(std::uint32_t mask, std::uint32_t code) {
  return std::popcount(mask & ~code) % 2 == 1;
}

std::vector<float> materialised_of(WeightSource& source, const LayerShape& shape) {
  std::vector<float> weight(static_cast<std::size_t>(shape.weights()));
  source.materialise(weight);
  return weight;
}

TEST(XorNetwork, WiresEveryOutputToDifferentInputs) {
  for (const XorSize& size : {XorSize{8, 10, 2}, XorSize{8, 16, 2}, XorSize{12, 64, 3},
                              XorSize{5, 7, 2}, XorSize{6, 6, 4}, XorSize{4, 4, 1}}) {
    const std::vector<std::uint32_t> masks = masks_of(XorNetwork(size));
    std::set<std::uint32_t> different(masks.begin(), masks.end());
    for (std::size_t o = 0; o < masks.size(); ++o) {
      EXPECT_EQ(std::popcount(masks[o]), size.taps);
      EXPECT_NE(masks[o] >> (o % static_cast<std::size_t>(size.inputs)) & 1u, 0u);
      EXPECT_EQ(masks[o] >> size.inputs, 0u);
    }
    EXPECT_EQ(different.size(), masks.size());
  }
  // Two outputs of the same two taps are the same bit twice: allowed only where no pair is left.
  const std::vector<std::uint32_t> all = masks_of(XorNetwork({3, 6, 2}));
  EXPECT_EQ(std::set<std::uint32_t>(all.begin(), all.end()).size(), 3u);
}

TEST(XorNetwork, AddsItsTapsModuloTwo) {
  const XorNetwork network({7, 12, 3});
  const std::vector<std::uint32_t> masks = masks_of(network);
  for (std::uint32_t code = 0; code < 128; ++code) {
    std::vector<float> inputs;
    for (int i = 0; i < 7; ++i) inputs.push_back((code >> i & 1u) != 0 ? 1.0f : -1.0f);
    for (std::size_t o = 0; o < masks.size(); ++o)
      ASSERT_EQ(network.sign(o, inputs), negative(masks[o], code) ? -1.0f : 1.0f);
  }
}

// Of an even number of taps, all turned inputs give the same outputs: one stored bit of a block
// says nothing.
TEST(XorNetwork, EvenTapsDoNotSeeAllInputsTurned) {
  for (const int taps : {1, 2, 3, 4}) {
    const std::vector<std::uint32_t> masks = masks_of(XorNetwork({6, 8, taps}));
    for (const std::uint32_t mask : masks)
      EXPECT_EQ(negative(mask, 0b101101), negative(mask, 0b010010) != (taps % 2 == 1));
  }
}

TEST(XorNetwork, FindsTheInputsNearestToItsTargets) {
  const XorNetwork network({6, 9, 2});
  const std::vector<std::uint32_t> masks = masks_of(network);
  for (const std::size_t count : {std::size_t{9}, std::size_t{4}})
    for (std::uint64_t shot = 0; shot < 20; ++shot) {
      std::vector<float> targets = xor_normals(9, shot);
      targets.resize(count);
      const auto sum = [&](std::uint32_t code) {
        double all = 0;
        for (std::size_t o = 0; o < count; ++o)
          all += (negative(masks[o], code) ? -1 : 1) * double{targets[o]};
        return all;
      };
      const std::uint32_t best = network.best(targets);
      for (std::uint32_t code = 0; code < 64; ++code) {
        EXPECT_LE(sum(code), sum(best) + 1e-5);
      }
    }
  EXPECT_EQ(network.best(std::vector<float>(9)), 0u) << "the smallest among equals";
}

// With one tap each and as many outputs as inputs the bits are stored as they are: signs times the
// mean magnitude of every output, whose relative squared error on normal weights is 1 - 2/pi.
TEST(Xor, WiredStraightIsTheBinaryWeight) {
  const LayerShape shape = xor_conv(32, 24);
  const auto source = make_source(xor_card("inputs: 6, outputs: 6, taps: 1"), shape);
  const std::vector<float> dense = xor_normals(shape.weights());
  source->encode(dense);
  const std::vector<float> weight = materialised_of(*source, shape);
  const std::size_t filter = 32 * 9;
  double error = 0, all = 0;
  for (std::size_t i = 0; i < dense.size(); ++i) {
    double magnitude = 0;
    for (std::size_t j = i / filter * filter; j < (i / filter + 1) * filter; ++j)
      magnitude += std::abs(dense[j]) / static_cast<double>(filter);
    ASSERT_NEAR(weight[i], dense[i] < 0 ? -magnitude : magnitude, 1e-5);
    ASSERT_NEAR(source->parameters()[0]->value[i], dense[i], 1e-6) << "latents are the weights";
    error += std::pow(double{dense[i]} - weight[i], 2);
    all += double{dense[i]} * dense[i];
  }
  const double law = 1 - 2 / std::acos(-1.0);
  EXPECT_NEAR(error / all, law, 4 * 2 / std::sqrt(static_cast<double>(dense.size())));
}

TEST(Xor, ExpandsBlocksOfNeighboursAndLeavesWhatIsOver) {
  const LayerShape shape = xor_conv(3, 4);  // 108 weights: 10 blocks of 10, and 8
  const auto source = make_source(xor_card("planes: 2"), shape);
  source->encode(xor_normals(shape.weights()));
  const std::vector<float> weight = materialised_of(*source, shape);
  const std::vector<std::uint32_t> masks = masks_of(XorNetwork({8, 10, 2}));
  const std::vector<CodedStream> codes = source->codes();
  ASSERT_EQ(codes[0].words.size(), 2u * 11 * 8);
  for (std::size_t i = 0; i < weight.size(); ++i) {
    double expected = 0;
    for (std::size_t plane = 0; plane < 2; ++plane) {
      std::uint32_t code = 0;
      for (std::size_t b = 0; b < 8; ++b)
        code |= codes[0].words[(plane * 11 + i / 10) * 8 + b] << b;
      const double magnitude = std::bit_cast<float>(codes[1].words[plane * 4 + i / 27]);
      expected += negative(masks[i % 10], code) ? -magnitude : magnitude;
    }
    ASSERT_NEAR(weight[i], expected, 1e-6);
  }
}

// Two outputs of the same two taps are one bit: what is best for the larger weight opposes the
// smaller, whose magnitude is held at 0. Latents begin at the mean of the weights that they decide.
TEST(Xor, MagnitudesAreNotBelowZeroAndLatentsAreAsLargeAsWeights) {
  const LayerShape shape{
      .name = "fc", .kind = LayerShape::Kind::linear, .in_channels = 1, .out_channels = 2};
  const auto source = make_source(xor_card("inputs: 2, outputs: 2, sharpness: 5"), shape);
  source->encode(std::vector<float>{1.0f, -0.1f});
  std::vector<float> weight(2, 7.0f);
  source->materialise(weight);
  EXPECT_EQ(weight, (std::vector<float>{1.0f, 0.0f}));
  std::vector<float>& latent = source->parameters()[0]->value;
  for (const float x : latent) EXPECT_NEAR(std::abs(x), (1 - 0.1) / 2, 1e-6);
  std::fill(latent.begin(), latent.end(), 0.0f);
  source->materialise(weight);
  EXPECT_EQ(weight[0], 1.0f) << "the sign of 0 is 1";
  EXPECT_EQ(source->codes()[0].words, (std::vector<std::uint32_t>{1u, 1u}));
}

TEST(Xor, EveryPlaneLeavesLess) {
  const LayerShape shape = xor_conv(16, 8);
  const std::vector<float> dense = xor_normals(shape.weights());
  double before = 0;
  for (const float w : dense) before += double{w} * w;
  for (const int planes : {1, 2, 3}) {
    const auto source = make_source(xor_card(fmt::format("planes: {}", planes)), shape);
    source->encode(dense);
    const std::vector<float> weight = materialised_of(*source, shape);
    double error = 0;
    for (std::size_t i = 0; i < dense.size(); ++i)
      error += std::pow(double{dense[i]} - weight[i], 2);
    EXPECT_LT(error, 0.65 * before) << planes;  // a plane of eight bits for ten leaves about half
    before = error;
  }
}

// The law for one block: dx_i = S (1 - tanh^2(S x_i)) sum over outputs o that tap i of
// a dw_o b_o e_i.
TEST(Xor, GradientsPassTheBentSignAndTheOtherTaps) {
  const LayerShape shape = xor_conv(2, 3);  // 54 weights
  const auto source =
      make_source(xor_card("inputs: 4, outputs: 6, taps: 3, planes: 2, sharpness: 3"), shape);
  source->encode(xor_normals(shape.weights()));
  Parameter &latent = *source->parameters()[0], &scale = *source->parameters()[1];
  const std::vector<float> drawn = xor_normals(static_cast<std::int64_t>(latent.value.size()), 1);
  for (std::size_t i = 0; i < drawn.size(); ++i) latent.value[i] = 0.3f * drawn[i];
  materialised_of(*source, shape);
  const std::vector<float> g = xor_normals(shape.weights(), 2);
  source->backward(g);
  source->backward(g);
  const std::vector<std::uint32_t> masks = masks_of(XorNetwork({4, 6, 3}));
  for (std::size_t i = 0; i < latent.value.size(); ++i) {
    const std::size_t plane = i / 36, block = i % 36 / 4, bit = i % 4;
    double sum = 0;
    for (std::size_t o = 0; o < 6; ++o) {
      if ((masks[o] >> bit & 1u) == 0) continue;
      double others = 1;
      for (std::size_t b = 0; b < 4; ++b)
        if (b != bit && (masks[o] >> b & 1u) != 0 && latent.value[i - bit + b] < 0)
          others = -others;
      const std::size_t weight = block * 6 + o;
      sum += others * scale.value[plane * 3 + weight / 18] * g[weight];
    }
    const double slope = 3 * (1 - std::pow(std::tanh(3.0 * latent.value[i]), 2));
    ASSERT_NEAR(latent.gradient[i], 2 * slope * sum, 1e-4) << i;
  }
  for (std::size_t s = 0; s < scale.value.size(); ++s) {
    const auto loss = [&](float value) {
      const float kept = std::exchange(scale.value[s], value);
      const std::vector<float> weight = materialised_of(*source, shape);
      scale.value[s] = kept;
      double sum = 0;
      for (std::size_t i = 0; i < g.size(); ++i) sum += double{weight[i]} * g[i];
      return sum;
    };
    // Divided by the 18 weights of an output.
    EXPECT_NEAR(scale.gradient[s], 2 * (loss(1) - loss(-1)) / 2 / 18, 1e-5);
  }
}

TEST(Xor, TheSlopeGrowsWithTheEpochsOfItsWarmUp) {
  const LayerShape shape = xor_conv(2, 3);
  const auto slope = [&](std::optional<TrainingStep> step) {
    const auto source = make_source(xor_card("sharpness: 8, warm_up: 4, taps: 1"), shape);
    std::fill(source->parameters()[0]->value.begin(), source->parameters()[0]->value.end(), 0.0f);
    source->set_step(TrainingStep{.epoch = 1});
    source->set_step(step);
    materialised_of(*source, shape);
    source->backward(std::vector<float>(54, 1.0f));
    return source->parameters()[0]->gradient[7] / 1.0;  // S, as output 7 alone taps input 7
  };
  EXPECT_EQ(slope(TrainingStep{.epoch = 0}), 2);
  EXPECT_EQ(slope(TrainingStep{.epoch = 1}), 4);
  EXPECT_EQ(slope(TrainingStep{.epoch = 3}), 8);
  EXPECT_EQ(slope(TrainingStep{.epoch = 30}), 8);
  EXPECT_EQ(slope(std::nullopt), 8);
}

TEST(Xor, StoresInputsForOutputsAndCountsTheGates) {
  // 108 weights: 11 blocks of 8 bits, two planes, 4 outputs' magnitudes each: 176 bits, 8 words.
  const LayerShape shape = xor_conv(3, 4);
  const Ratio ratio = ratio_of({.name = "one", .layers = {shape}}, xor_card("planes: 2"));
  EXPECT_EQ(ratio.memory_bits, 176);
  EXPECT_EQ(ratio.complete_bits, 8 * (22 + 32));
  // 216 gates, 8 an operation, and one sum a weight; or one plane of two gates a bit, or of one.
  EXPECT_EQ(make_source(xor_card("planes: 2"), shape)->work(), RegenerationWork{.adds = 27 + 108});
  EXPECT_EQ(make_source(xor_card("taps: 3"), shape)->work(), RegenerationWork{.adds = 27});
  EXPECT_EQ(make_source(xor_card(), shape)->work(), RegenerationWork{.adds = 14});
}

// A flipped stored bit turns the weights that tap it, no other.
TEST(Xor, AFlippedBitTurnsTheWeightsThatTapIt) {
  const LayerShape shape = xor_conv(3, 4);
  const auto source = make_source(xor_card(), shape);
  source->encode(xor_normals(shape.weights()));
  const std::vector<float> weight = materialised_of(*source, shape);
  std::vector<CodedStream> codes = source->codes();
  codes[0].words[2 * 8 + 5] ^= 1u;
  std::vector<float> damaged(weight.size());
  source->decode(codes, damaged);
  const std::vector<std::uint32_t> masks = masks_of(XorNetwork({8, 10, 2}));
  for (std::size_t i = 0; i < weight.size(); ++i) {
    const bool turned = i / 10 == 2 && (masks[i % 10] >> 5 & 1u) != 0;
    ASSERT_EQ(damaged[i], turned ? -weight[i] : weight[i]) << i;
  }
  codes[0].words.pop_back();
  EXPECT_THROW(source->decode(codes, damaged), Error);
  codes.pop_back();
  EXPECT_THROW(source->decode(codes, damaged), Error);
}

TEST(Xor, LinearLayersAreExpandedUnlessTheirBitsSayOtherwise) {
  const LayerShape linear{
      .name = "fc", .kind = LayerShape::Kind::linear, .in_channels = 29, .out_channels = 10};
  EXPECT_EQ(stored_streams(xor_card(), linear)[0].name, "code");
  EXPECT_EQ(stored_streams(xor_card("", ", fc_bits: 8"), linear)[0].name, "weight");
}

TEST(Xor, ReadsItsCardAndRefusesNonsense) {
  for (const char* keys :
       {"inputs: 1", "inputs: 13, outputs: 13", "outputs: 65", "outputs: 7", "taps: 0", "taps: 5",
        "inputs: 2, taps: 3", "planes: 0", "planes: 5", "sharpness: 0", "warm_up: -1", "S: 1"})
    EXPECT_THROW(xor_card(keys), Error) << keys;
  EXPECT_THROW(xor_card("", ", bits: 1"), Error);
  EXPECT_NO_THROW(xor_card("inputs: 8, outputs: 8"));
}

}  // namespace
}  // namespace lightloom::nn
