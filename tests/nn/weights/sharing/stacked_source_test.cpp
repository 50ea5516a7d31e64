#include "nn/weights/sharing/stacked_source.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/accounting/ratio.hpp"
#include "nn/models/models.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/packing/pack_network.hpp"
#include "nn/train/train.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {
namespace {

SourceCard stacked_card(const std::string& text) {
  return read_card<SourceCard>(parse_yaml("{source: stacked, " + text + "}", "test"));
}

LayerShape stacked_layer(int in, int out, int kernel, const std::string& name) {
  return {.name = name,
          .in_channels = in,
          .out_channels = out,
          .kernel_height = kernel,
          .kernel_width = kernel};
}

std::vector<std::unique_ptr<WeightSource>> stack_of(const SourceCard& card, int count,
                                                    const LayerShape& shape) {
  NetworkSources sources(card);
  std::vector<std::unique_ptr<WeightSource>> all;
  for (int l = 0; l < count; ++l) {
    LayerShape named = shape;
    named.name = fmt::format("blocks.{}.attn.q", l);
    all.push_back(sources.make(named));
  }
  return all;
}

std::vector<float> stacked_normals(std::size_t count, std::uint64_t shot) {
  std::vector<float> values(count);
  fill_normal(Stream({.seed = 43, .purpose = Purpose::test}), shot, values);
  return values;
}

std::vector<float> stacked_weight(WeightSource& source, std::size_t count) {
  std::vector<float> weight(count);
  source.materialise(weight);
  return weight;
}

double stacked_error(const std::vector<float>& a, const std::vector<float>& b) {
  double error = 0, square = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    error += std::pow(double{a[i]} - b[i], 2);
    square += double{a[i]} * a[i];
  }
  return std::sqrt(error / square);
}

/// W_l[o, c] = sum over m, b of v[o, m] u[m, c, b] basis_l[m, b].
std::vector<float> stacked_planted(int layer, int out, int in, int cross, int intra) {
  const auto o_count = static_cast<std::size_t>(out), c_count = static_cast<std::size_t>(in),
             m_count = static_cast<std::size_t>(cross), b_count = static_cast<std::size_t>(intra);
  const std::vector<float> v = stacked_normals(o_count * m_count, 1),
                           u = stacked_normals(m_count * c_count * b_count, 2),
                           basis = stacked_normals(m_count * b_count,
                                                   10 + static_cast<std::uint64_t>(layer));
  std::vector<float> weight(o_count * c_count);
  for (std::size_t o = 0; o < o_count; ++o)
    for (std::size_t m = 0; m < m_count; ++m)
      for (std::size_t c = 0; c < c_count; ++c)
        for (std::size_t b = 0; b < b_count; ++b)
          weight[o * c_count + c] +=
              v[o * m_count + m] * u[(m * c_count + c) * b_count + b] * basis[m * b_count + b];
  return weight;
}

// One kernel, one base a layer: such layers are rank one over the stack, which a truncated singular
// value decomposition finds; as found they differ between layers by more than a factor of all.
TEST(Stacked, FindsLayersThatWereMadeOfOneStack) {
  const auto all = stack_of(stacked_card("cross: 1, intra: 3, bits: {basis: 32, intra: 32, cross: "
                                         "32}"),
                            5, stacked_layer(7, 6, 1, "q"));
  std::vector<std::vector<float>> dense;
  for (int l = 0; l < 5; ++l) {
    dense.push_back(stacked_planted(l, 6, 7, 1, 3));
    all[static_cast<std::size_t>(l)]->encode(dense.back());
  }
  for (std::size_t l = 0; l < 5; ++l)
    EXPECT_LT(stacked_error(dense[l], stacked_weight(*all[l], 42)), 1e-5) << l;
}

// Level 2 alone: all layers have one V, found from all of them.
TEST(Stacked, LevelTwoAloneIsOneLeftFactorOfAllLayers) {
  const auto all = stack_of(stacked_card("cross: 2, bits: {basis: 32, intra: 32, cross: 32}"), 3,
                            stacked_layer(4, 6, 3, "q"));
  const std::vector<float> v = stacked_normals(12, 1);
  std::vector<std::vector<float>> dense;
  for (std::size_t l = 0; l < 3; ++l) {
    const std::vector<float> kernels = stacked_normals(2 * 36, 20 + l);
    dense.emplace_back(6 * 36);
    for (std::size_t o = 0; o < 6; ++o)
      for (std::size_t m = 0; m < 2; ++m)
        for (std::size_t i = 0; i < 36; ++i)
          dense.back()[o * 36 + i] += v[o * 2 + m] * kernels[m * 36 + i];
    all[l]->encode(dense.back());
  }
  for (std::size_t l = 0; l < 3; ++l)
    EXPECT_LT(stacked_error(dense[l], stacked_weight(*all[l], 6 * 36)), 1e-5) << l;
  EXPECT_EQ(all[0]->streams().size(), 3u) << "basis, cross, scale";
  EXPECT_EQ(all[1]->streams().size(), 2u) << "basis, scale";
}

// Heads are runs of outputs. Those that differ by a factor are one kernel and a base of two words.
TEST(Stacked, StacksTheHeadsOfALayer) {
  const auto all =
      stack_of(stacked_card("intra: 1, stacked: {heads: 2}, bits: {basis: 32, intra: 32, cross: "
                            "32}"),
               1, stacked_layer(5, 6, 1, "q"));
  std::vector<float> dense = stacked_normals(30, 3);
  for (std::size_t i = 0; i < 15; ++i) dense[15 + i] = -0.3f * dense[i];
  all[0]->encode(dense);
  EXPECT_LT(stacked_error(dense, stacked_weight(*all[0], 30)), 1e-5);
  const std::vector<StoredStream> streams = all[0]->streams();
  EXPECT_EQ(streams[0].count, 3 * 2) << "a base of two words for each of three kernels";
  EXPECT_EQ(streams[1].count, 3 * 5);
  EXPECT_FALSE(all[0]->factors().has_value());
  // Heads that do not divide the outputs: as many as both have in common.
  const auto odd =
      stack_of(stacked_card("intra: 1, stacked: {heads: 4}"), 1, stacked_layer(5, 6, 1, "q"));
  EXPECT_EQ(odd[0]->streams()[0].count, 3 * 2);
}

TEST(Stacked, TheFirstLayerStoresUAndVAndEachItsBases) {
  const LayerShape q = stacked_layer(8, 8, 1, "blocks.0.q"),
                   k = stacked_layer(8, 8, 1, "blocks.0.k");
  LayerShape q1 = q, k1 = k, q2 = q;
  q1.name = "blocks.1.q", k1.name = "blocks.1.k", q2.name = "blocks.2.q";
  const NetworkShape network{.name = "five", .layers = {q, k, q1, k1, q2}};
  const char* levels = "cross: 4, intra: 2, bits: {basis: 5, intra: 3, cross: 6}";
  const std::int64_t u = 4 * 8 * 2 * 3, v = 8 * 4 * 6, basis = 4 * 2 * 5;
  EXPECT_EQ(ratio_of(network, stacked_card(levels)).memory_bits, 2 * (u + v) + 5 * basis);
  EXPECT_EQ(ratio_of(network, stacked_card(levels)).complete_bits, 2 * (u + v) + 5 * (basis + 32));
  EXPECT_EQ(ratio_of(network, stacked_card(fmt::format("{}, stacked: {{by: shape}}", levels)))
                .memory_bits,
            u + v + 5 * basis);
  EXPECT_EQ(
      ratio_of(network, stacked_card(fmt::format("{}, stacked: {{uses: 2}}", levels))).memory_bits,
      3 * (u + v) + 5 * basis)
      << "queries in a pair and one, keys in a pair";
  EXPECT_EQ(name_without_numbers("blocks.12.attn.q"), "blocks.#.attn.q");
  EXPECT_EQ(name_without_numbers("7.fc2.3"), "#.fc2.#");
  EXPECT_EQ(name_without_numbers(""), "");
}

// Gradients against differences of a loss that is linear in the weights; nothing is rounded.
TEST(Stacked, GradientsOfAllFactorsAreTheDifferences) {
  const auto all = stack_of(
      stacked_card("cross: 3, intra: 2, stacked: {heads: 2}, fc_bits: 32, bits: {basis: 32, intra: "
                   "32, cross: 32}"),
      3, stacked_layer(5, 8, 1, "q"));
  for (std::size_t l = 0; l < 3; ++l) all[l]->encode(stacked_normals(40, 30 + l));
  std::vector<std::vector<float>> weights(3);
  for (std::size_t l = 0; l < 3; ++l) weights[l] = stacked_normals(40, 50 + l);
  const auto loss = [&] {
    double sum = 0;
    for (std::size_t l = 0; l < 3; ++l) {
      const std::vector<float> w = stacked_weight(*all[l], 40);
      for (std::size_t i = 0; i < 40; ++i) sum += double{w[i]} * weights[l][i];
    }
    return sum;
  };
  loss();
  for (std::size_t l = 0; l < 3; ++l) all[l]->backward(weights[l]);
  ASSERT_EQ(all[0]->parameters().size(), 3u);
  ASSERT_EQ(all[2]->parameters().size(), 1u);
  for (std::size_t l = 0; l < 3; ++l)
    for (Parameter* parameter : all[l]->parameters())
      for (std::size_t i = 0; i < parameter->value.size(); i += 3) {
        const float here = parameter->value[i], step = 1.0f / 64;
        parameter->value[i] = here + step;
        const double above = loss();
        parameter->value[i] = here - step;
        const double below = loss();
        parameter->value[i] = here;
        EXPECT_NEAR(parameter->gradient[i], (above - below) / (2 * step), 2e-3)
            << parameter->name << " " << l << " " << i;
      }
}

TEST(Stacked, WordsGiveTheSameWeightsToTheBit) {
  const SourceCard card =
      stacked_card("cross: 3, intra: 2, stacked: {heads: 2}, bits: {basis: 4, intra: 3, cross: 5}");
  const auto made = stack_of(card, 3, stacked_layer(5, 8, 1, "q")),
             again = stack_of(card, 3, stacked_layer(5, 8, 1, "q"));
  for (std::size_t l = 0; l < 3; ++l) made[l]->encode(stacked_normals(40, 60 + l));
  std::vector<float> weight(40);
  EXPECT_THROW(again[1]->decode(made[1]->codes(), weight), Error) << "V is stored by the first";
  for (std::size_t l = 0; l < 3; ++l) {
    again[l]->decode(made[l]->codes(), weight);
    EXPECT_EQ(weight, stacked_weight(*made[l], 40)) << l;
  }
  // A flipped bit of V is in all layers, one of a base in its own.
  std::vector<CodedStream> first = made[0]->codes();
  const std::vector<float> second = stacked_weight(*made[1], 40);
  first[2].words[3] ^= 1u;
  made[0]->decode(first, weight);
  made[1]->decode(made[1]->codes(), weight);
  EXPECT_NE(weight, second);
}

TEST(Stacked, FactorsMultiplyToTheWeightAndWorkIsCounted) {
  const auto all =
      stack_of(stacked_card("cross: 3, intra: 2, bits: {basis: 4, intra: 3, cross: 5}"), 2,
               stacked_layer(5, 8, 1, "q"));
  for (std::size_t l = 0; l < 2; ++l) all[l]->encode(stacked_normals(40, 60 + l));
  const std::vector<float> weight = stacked_weight(*all[1], 40);
  const TwoLevelFactors f = all[1]->factors().value();
  for (std::size_t o = 0; o < 8; ++o)
    for (std::size_t c = 0; c < 5; ++c) {
      double sum = 0;
      for (std::size_t m = 0; m < 3; ++m)
        for (std::size_t b = 0; b < 2; ++b)
          sum += double{f.v[o * 3 + m]} * f.u[(m * 5 + c) * 2 + b] * f.basis[m * 2 + b];
      EXPECT_NEAR(weight[o * 5 + c], sum, 1e-5);
    }
  EXPECT_EQ(all[1]->work(),
            (RegenerationWork{.intra_macs = 3 * 5 * 2, .cross_macs = 8 * 3 * 5, .mac_bits = 8}));
  EXPECT_EQ(all[0]->shared_group(), 1);
  EXPECT_EQ(all[1]->shared_group(), 1);
}

TEST(Stacked, RefusesNonsense) {
  for (const char* text : {"cross: 2, stacked: {heads: 0}", "cross: 2, stacked: {uses: -1}",
                           "cross: 2, stacked: {by: layer}", "cross: 2, retraining: projection",
                           "cross: 2, bits: {basis: 0}", "cross: 2, stacked: {head: 2}"})
    EXPECT_THROW(stacked_card(text), Error) << text;
}

TEST(Stacked, TrainsPacksAndKeepsATransformer) {
  const Dataset data = load_dataset({.name = "glyphs", .train_limit = 64, .test_limit = 10}, 1);
  for (const char* text :
       {"stacked, cross_share: 0.5, intra: 2, bits: {basis: 6, intra: 4, cross: 4}",
        "stacked, intra: 1, bits: {basis: 6, intra: 4, cross: 4}, stacked: {heads: 2}",
        "shared_depth, bits: 4, shared_depth: {by: name, rank: 2}"}) {
    const SourceCard card =
        read_card<SourceCard>(parse_yaml(fmt::format("{{source: {}}}", text), "test"));
    Network network(build_graph("vit-16-3-2-7", "glyphs"), card, 1);
    const std::vector<float> before = dense_weight(network.weight_layers()[3]);
    train(network, data, {TrainCard{.epochs = 1, .batch = 32}, 1}, {});
    EXPECT_NE(dense_weight(network.weight_layers()[3]), before);
    Network loaded(build_graph("vit-16-3-2-7", "glyphs"), card, 2);
    set_weights(loaded, weights_of(network));
    Network plain(build_graph("vit-16-3-2-7", "glyphs"), SourceCard{}, 3);
    const PackedFile file = unpack(pack(packed(network)), "test");
    EXPECT_EQ(size_of(file).ratio_bits, ratio_of(network.shape(), card).memory_bits);
    unpack_into(file, card, plain);
    for (std::size_t l = 0; l < network.weight_layers().size(); ++l) {
      const std::vector<float> weight = dense_weight(network.weight_layers()[l]);
      EXPECT_EQ(weight, dense_weight(loaded.weight_layers()[l])) << text << " " << l;
      EXPECT_EQ(weight, dense_weight(plain.weight_layers()[l])) << text << " " << l;
    }
  }
}

}  // namespace
}  // namespace lightloom::nn
