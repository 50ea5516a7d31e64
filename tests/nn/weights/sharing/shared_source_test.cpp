#include "nn/weights/sharing/shared_source.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

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

SourceCard sharing_card(const std::string& text) {
  return read_card<SourceCard>(parse_yaml("{source: " + text + "}", "test"));
}

LayerShape sharing_conv(int in, int out, const std::string& name = "conv") {
  return {
      .name = name, .in_channels = in, .out_channels = out, .kernel_height = 3, .kernel_width = 3};
}

std::vector<float> sharing_normals(std::size_t count, std::uint64_t shot = 0) {
  std::vector<float> values(count);
  fill_normal(Stream({.seed = 41, .purpose = Purpose::test}), shot, values);
  return values;
}

std::vector<float> shared_weight(WeightSource& source, std::size_t count) {
  std::vector<float> weight(count);
  source.materialise(weight);
  return weight;
}

/// Sources of layers of one shape, in order.
std::vector<std::unique_ptr<WeightSource>> sources_of(const SourceCard& card,
                                                      const LayerShape& shape, int count) {
  NetworkSources sources(card);
  std::vector<std::unique_ptr<WeightSource>> all;
  for (int i = 0; i < count; ++i) {
    LayerShape named = shape;
    named.name = fmt::format("{}{}", shape.name, i);
    all.push_back(sources.make(named));
  }
  return all;
}

// Layers that are one tensor up to a factor come back, whatever the factors.
TEST(SharedDepth, GivesLayersOfOneWeightBack) {
  const SourceCard card = sharing_card("shared_depth");
  const auto all = sources_of(card, sharing_conv(4, 6), 3);
  const std::size_t count = 4 * 6 * 9;
  std::vector<float> tensor(count);
  for (std::size_t i = 0; i < count; ++i) tensor[i] = static_cast<float>(i * 37 % 255) - 127;
  std::vector<std::vector<float>> dense;
  for (const float factor : {0.5f, -3.0f, 0.01f}) {
    dense.emplace_back();
    for (const float one : tensor) dense.back().push_back(factor * one);
  }
  dense[1] = dense[0];  // a mean of opposed layers would be nothing
  for (std::size_t l = 0; l < 3; ++l) all[l]->encode(dense[l]);
  for (std::size_t l = 0; l < 3; ++l) {
    const std::vector<float> weight = shared_weight(*all[l], count);
    for (std::size_t i = 0; i < count; ++i)
      ASSERT_NEAR(weight[i], dense[l][i], 1e-5 * std::abs(dense[l][0]) + 1e-6) << l;
  }
}

// The mean of layers of unit root mean square; each with the factor that leaves an error orthogonal
// to the tensor. For m independent layers the relative error is 1 - 1/m: of what a layer has, the
// mean keeps one part in m.
TEST(SharedDepth, FitsTheMeanOfItsLayers) {
  const LayerShape shape = sharing_conv(32, 32);
  const std::size_t count = 32 * 32 * 9;
  for (const int layers : {1, 2, 4}) {
    const auto all = sources_of(sharing_card("shared_depth, bits: 12"), shape, layers);
    std::vector<std::vector<float>> dense;
    for (int l = 0; l < layers; ++l) {
      dense.push_back(sharing_normals(count, static_cast<std::uint64_t>(l)));
      for (float& one : dense.back()) one *= static_cast<float>(l + 1);
      all[static_cast<std::size_t>(l)]->encode(dense.back());
    }
    // The tensor is as large as its layers: one by itself has the factor 1.
    if (layers == 1) {
      EXPECT_NEAR(all[0]->parameters()[1]->value[0], 1, 1e-3);
    }
    for (std::size_t l = 0; l < dense.size(); ++l) {
      const std::vector<float> weight = shared_weight(*all[l], count);
      double along = 0, error = 0, square = 0;
      for (std::size_t i = 0; i < count; ++i) {
        along += (double{dense[l][i]} - weight[i]) * weight[i];
        error += std::pow(double{dense[l][i]} - weight[i], 2);
        square += double{dense[l][i]} * dense[l][i];
      }
      EXPECT_NEAR(along / square, 0, 1e-5);
      // Correlations of the layers have a standard error of 1 / sqrt(count), up to m of them add.
      EXPECT_NEAR(error / square, 1 - 1.0 / layers,
                  4.0 * layers / std::sqrt(static_cast<double>(count)));
    }
  }
}

TEST(SharedDepth, StoresATensorOnceForLayersOfOneShape) {
  const LayerShape a = sharing_conv(4, 6, "a"), b = sharing_conv(4, 6, "b"),
                   other = sharing_conv(6, 4, "c");
  NetworkShape network{.name = "five", .layers = {a, b, other, b, b}};
  const std::int64_t weights = 4 * 6 * 9;
  const Ratio all = ratio_of(network, sharing_card("shared_depth, bits: 5"));
  EXPECT_EQ(all.memory_bits, 2 * weights * 5);
  EXPECT_EQ(all.parameters, 2 * weights);
  EXPECT_EQ(all.complete_bits, 2 * weights * 5 + 5 * 32);
  EXPECT_EQ(all.layers[1].memory_bits, 0);
  EXPECT_EQ(all.layers[2].memory_bits, weights * 5) << "another shape";
  const Ratio pairs =
      ratio_of(network, sharing_card("shared_depth, bits: 5, shared_depth: {uses: 2}"));
  EXPECT_EQ(pairs.memory_bits, 3 * weights * 5) << "four layers in pairs, and one";
  EXPECT_EQ(pairs.layers[3].memory_bits, weights * 5);
  EXPECT_EQ(pairs.layers[4].memory_bits, 0);
}

TEST(SharedDepth, OverridesMakeGroupsOfTheirOwn) {
  const SourceCard card = sharing_card(
      "shared_depth, bits: 8, layers: [{layer: b, bits: 4}, {layer: c, source: integer}, "
      "{layer: e, source: blend, bits: 8}]");
  NetworkSources sources(card);
  const auto count = [&](const std::string& name) {
    return sources.streams(sharing_conv(4, 6, name)).front().count;
  };
  EXPECT_EQ(count("a"), 216);
  EXPECT_EQ(count("b"), 216) << "words of other bits";
  EXPECT_EQ(count("c"), 216) << "not shared";
  EXPECT_EQ(count("d"), 1) << "a's";
  EXPECT_EQ(count("b"), 1);
  EXPECT_EQ(count("e"), 216) << "another kind";
  // A linear layer and a 1x1 convolution of the same numbers are of two kinds.
  LayerShape pointwise = sharing_conv(5, 3, "p");
  pointwise.kernel_height = pointwise.kernel_width = 1;
  const LayerShape linear{
      .name = "fc", .kind = LayerShape::Kind::linear, .in_channels = 5, .out_channels = 3};
  EXPECT_EQ(sources.streams(pointwise).front().count, 15);
  EXPECT_EQ(sources.streams(linear).front().count, 15);
}

// dL/dlatent is the sum over the layers of their factor times their gradient; that of a factor is
// the derivative (the weight is linear in it) by its 108 weights.
TEST(SharedDepth, TensorAndFactorsLearnFromAllTheirLayers) {
  const auto all = sources_of(sharing_card("shared_depth"), sharing_conv(3, 4), 2);
  const std::size_t count = 3 * 4 * 9;
  for (std::size_t l = 0; l < 2; ++l) all[l]->encode(sharing_normals(count, l));
  ASSERT_EQ(all[0]->parameters().size(), 2u);
  ASSERT_EQ(all[1]->parameters().size(), 1u) << "the tensor is trained once";
  Parameter& tensor = *all[0]->parameters()[0];
  std::vector<Parameter*> factors{all[0]->parameters()[1], all[1]->parameters()[0]};
  factors[0]->value[0] = 2;
  factors[1]->value[0] = -0.5f;
  const std::vector<float> g0 = sharing_normals(count, 5), g1 = sharing_normals(count, 6);
  const std::vector<float>* g[] = {&g0, &g1};
  for (std::size_t l = 0; l < 2; ++l) {
    shared_weight(*all[l], count);
    all[l]->backward(*g[l]);
  }
  for (std::size_t i = 0; i < count; ++i)
    ASSERT_NEAR(tensor.gradient[i], 2 * g0[i] - 0.5f * g1[i], 1e-5);
  for (std::size_t l = 0; l < 2; ++l) {
    const std::vector<float> weight = shared_weight(*all[l], count);
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += double{weight[i]} * (*g[l])[i];
    EXPECT_NEAR(factors[l]->gradient[0], sum / factors[l]->value[0] / 108, 1e-5);
  }
}

// Of layers that are a matrix of rank one apart the tensor leaves little but rank two.
TEST(SharedDepth, AMatrixOfLowRankOfEachLayerTakesWhatTheTensorLeaves) {
  const std::size_t out = 6, in = 5, count = out * in;
  LayerShape shape = sharing_conv(5, 6);
  shape.kernel_height = shape.kernel_width = 1;
  const std::vector<float> tensor = sharing_normals(count, 1);
  std::vector<std::vector<float>> dense;
  for (std::uint64_t l = 0; l < 2; ++l) {
    const std::vector<float> left = sharing_normals(out, 10 + l),
                             right = sharing_normals(in, 20 + l);
    dense.push_back(tensor);
    for (std::size_t i = 0; i < count; ++i) dense.back()[i] += 0.3f * left[i / in] * right[i % in];
  }
  double before = 1e9;
  for (const int rank : {0, 1, 3, 99}) {
    const auto all = sources_of(
        sharing_card(fmt::format(
            "shared_depth, bits: 12, shared_depth: {{rank: {}, factor_bits: 12}}", rank)),
        shape, 2);
    for (std::size_t l = 0; l < 2; ++l) all[l]->encode(dense[l]);
    double error = 0, square = 0;
    for (std::size_t l = 0; l < 2; ++l) {
      const std::vector<float> weight = shared_weight(*all[l], count);
      for (std::size_t i = 0; i < count; ++i) {
        error += std::pow(double{weight[i]} - dense[l][i], 2);
        square += double{dense[l][i]} * dense[l][i];
      }
    }
    EXPECT_LT(error, before) << rank;
    if (rank == 99) {
      EXPECT_LT(std::sqrt(error / square), 1e-3) << "as large as the matrix has it";
    }
    before = error;
  }
}

TEST(SharedDepth, ItsMatricesOfLowRankAreStoredChargedAndTrained) {
  LayerShape shape = sharing_conv(5, 6);
  const NetworkShape two{.name = "two", .layers = {shape, shape}};
  const Ratio ratio =
      ratio_of(two, sharing_card("shared_depth, bits: 4, shared_depth: {rank: 2, factor_bits: 6}"));
  const std::int64_t factors = 2 * (6 + 45) * 6;
  EXPECT_EQ(ratio.memory_bits, 270 * 4 + 2 * factors);
  // Streams are whole bytes, 544 bits for the 540 of a right factor; three magnitudes a layer.
  EXPECT_EQ(ratio.complete_bits, 270 * 4 + 2 * (72 + 544 + 3 * 32));
  const auto all = sources_of(
      sharing_card("shared_depth, bits: 4, shared_depth: {rank: 2, factor_bits: 10}"), shape, 2);
  EXPECT_EQ(all[1]->work(), (RegenerationWork{.cross_macs = 270 * 3, .mac_bits = 10}));
  for (std::size_t l = 0; l < 2; ++l) all[l]->encode(sharing_normals(270, l));
  ASSERT_EQ(all[0]->parameters().size(), 4u);
  ASSERT_EQ(all[1]->parameters().size(), 3u);
  // W is linear in each factor: its gradient is what its rounded partner and the loss give.
  const std::vector<float> g = sharing_normals(270, 9);
  shared_weight(*all[1], 270);
  all[1]->backward(g);
  const Parameter &left = *all[1]->parameters()[1], &right = *all[1]->parameters()[2];
  for (std::size_t o = 0; o < 6; ++o)
    for (std::size_t r = 0; r < 2; ++r) {
      double sum = 0;
      for (std::size_t i = 0; i < 45; ++i) sum += double{g[o * 45 + i]} * right.value[r * 45 + i];
      EXPECT_NEAR(left.gradient[o * 2 + r], sum, 0.02);
    }
  for (std::size_t i = 0; i < 90; ++i) {
    double sum = 0;
    for (std::size_t o = 0; o < 6; ++o)
      sum += double{g[o * 45 + i % 45]} * left.value[o * 2 + i / 45];
    EXPECT_NEAR(right.gradient[i], sum, 0.02);
  }
}

TEST(SharedDepth, ByNameLayersShareWithThoseOfTheirPlaceInOtherBlocks) {
  const LayerShape q = sharing_conv(4, 4, "blocks.0.q"), k = sharing_conv(4, 4, "blocks.0.k"),
                   q1 = sharing_conv(4, 4, "blocks.1.q"), k1 = sharing_conv(4, 4, "blocks.1.k");
  const NetworkShape network{.name = "four", .layers = {q, k, q1, k1}};
  EXPECT_EQ(ratio_of(network, sharing_card("shared_depth, bits: 4")).memory_bits, 144 * 4);
  const SourceCard by_name = sharing_card("shared_depth, bits: 4, shared_depth: {by: name}");
  EXPECT_EQ(ratio_of(network, by_name).memory_bits, 2 * 144 * 4);
  NetworkSources sources(by_name);
  EXPECT_EQ(sources.make(q)->shared_group(), 1);
  EXPECT_EQ(sources.make(k)->shared_group(), 2);
  EXPECT_EQ(sources.make(q1)->shared_group(), 1);
  EXPECT_EQ(sources.make(k1)->shared_group(), 2);
  EXPECT_EQ(make_source(SourceCard{}, q)->shared_group(), 0);
}

// Flipped bits of the tensor are in all its layers, those of a factor in none other.
TEST(SharedDepth, AFlippedBitIsInAllLayers) {
  const SourceCard card = sharing_card("shared_depth");
  const auto all = sources_of(card, sharing_conv(3, 4), 2);
  const std::size_t count = 3 * 4 * 9;
  for (std::size_t l = 0; l < 2; ++l) all[l]->encode(sharing_normals(count, l));
  std::vector<CodedStream> first = all[0]->codes();
  const std::vector<CodedStream> second = all[1]->codes();
  ASSERT_EQ(second.size(), 1u);
  EXPECT_FALSE(second[0].exposed);
  first[0].words[7] ^= 1u << 5;
  std::vector<float> damaged(count);
  for (std::size_t l = 0; l < 2; ++l) {
    const std::vector<float> weight = shared_weight(*all[l], count);
    all[l]->decode(l == 0 ? first : second, damaged);
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(damaged[i] != weight[i], i == 7) << l;
    EXPECT_EQ(shared_weight(*all[l], count), weight) << "what is trained is as it was";
  }
  const auto fresh = sources_of(card, sharing_conv(3, 4), 2);
  EXPECT_THROW(fresh[1]->decode(second, damaged), Error) << "before the layer that stores it";
  EXPECT_THROW(fresh[0]->decode(second, damaged), Error);
}

// Element (o, i) of a use is (rows[o], columns[i]) of the tensor; (columns[i], rows[o]) where the
// use is odd, the layer square, and the card says so.
TEST(Blend, GivesEveryLayerTheTensorInAnOrderOfItsOwn) {
  for (const auto& [in, out, transpose] :
       {std::tuple{6, 6, true}, std::tuple{6, 6, false}, std::tuple{4, 6, true}}) {
    const auto all =
        sources_of(sharing_card(fmt::format("blend, blend: {{transpose: {}, seed: 3}}", transpose)),
                   sharing_conv(in, out, "l"), 3);
    const int weights = in * out * 9;
    const auto n = static_cast<std::size_t>(weights);
    for (std::size_t l = 0; l < 3; ++l) all[l]->encode(sharing_normals(n, l));
    const std::vector<float> tensor = all[0]->parameters()[0]->value;
    for (std::size_t l = 0; l < 3; ++l) {
      const std::uint32_t seed = layer_seed(3, fmt::format("l{}", l));
      const auto rows = seeded_permutation(seeded_word(seed, 0), static_cast<std::size_t>(out)),
                 columns = seeded_permutation(seeded_word(seed, 1), static_cast<std::size_t>(in));
      const float factor = all[l]->parameters().back()->value[0];
      const std::vector<float> weight = shared_weight(*all[l], n);
      for (std::size_t i = 0; i < n; ++i) {
        std::size_t row = rows[i / 9 / static_cast<std::size_t>(in)],
                    column = columns[i / 9 % static_cast<std::size_t>(in)];
        if (transpose && l == 1 && in == out) std::swap(row, column);
        const std::size_t place = (row * static_cast<std::size_t>(in) + column) * 9 + i % 9;
        ASSERT_NEAR(weight[i], factor * tensor[place], 0.04 * std::abs(factor)) << l;
      }
    }
  }
}

// What was made of one tensor by those orders comes back exactly: encoding undoes them.
TEST(Blend, EncodesBackThroughItsOrder) {
  const SourceCard card = sharing_card("blend, bits: 6");
  const auto made = sources_of(card, sharing_conv(5, 5), 3),
             again = sources_of(card, sharing_conv(5, 5), 3);
  const std::size_t count = 5 * 5 * 9;
  made[0]->encode(sharing_normals(count));
  for (std::size_t l = 0; l < 3; ++l) {
    made[l]->parameters().back()->value[0] = 1;
    again[l]->encode(shared_weight(*made[l], count));
  }
  for (std::size_t l = 0; l < 3; ++l) {
    const std::vector<float> a = shared_weight(*made[l], count),
                             b = shared_weight(*again[l], count);
    for (std::size_t i = 0; i < count; ++i) ASSERT_NEAR(a[i], b[i], 1e-5) << l;
  }
}

TEST(Blend, LearnsThroughItsOrderAndStoresASeedALayer) {
  const LayerShape shape = sharing_conv(4, 5);
  const auto all = sources_of(sharing_card("blend"), shape, 2);
  const std::size_t count = 4 * 5 * 9;
  all[0]->encode(sharing_normals(count));
  // The weight is linear in the tensor: moving along the gradient by its own amount.
  shared_weight(*all[1], count);
  std::vector<float> g(count);
  g[17] = 1;
  all[1]->backward(g);
  const std::vector<float>& gradient = all[0]->parameters()[0]->gradient;
  const auto at = static_cast<std::size_t>(
      std::max_element(gradient.begin(), gradient.end(),
                       [](float a, float b) { return std::abs(a) < std::abs(b); }) -
      gradient.begin());
  EXPECT_EQ(std::count(gradient.begin(), gradient.end(), 0.0f), static_cast<long>(count) - 1);
  const std::vector<float> weight = shared_weight(*all[1], count);
  const float factor = all[1]->parameters()[0]->value[0];
  EXPECT_NEAR(weight[17], factor * all[0]->parameters()[0]->value[at], 0.04 * std::abs(factor));

  EXPECT_NEAR(all[1]->parameters()[0]->gradient[0], weight[17] / factor / 180, 1e-6);
  // A checkpoint keeps the seed: read where the card has another, it gives the same order.
  const auto other = sources_of(sharing_card("blend, blend: {seed: 9}"), shape, 2);
  other[0]->parameters()[0]->value = all[0]->parameters()[0]->value;
  for (std::size_t l = 0; l < 2; ++l) {
    other[l]->parameters().back()->value = all[l]->parameters().back()->value;
    ASSERT_EQ(other[l]->constants().size(), l == 0 ? 2u : 1u);
    for (std::size_t c = 0; c < other[l]->constants().size(); ++c)
      other[l]->constants()[c]->value = all[l]->constants()[c]->value;
    EXPECT_EQ(shared_weight(*other[l], count), shared_weight(*all[l], count));
  }

  const Ratio ratio =
      ratio_of({.name = "two", .layers = {shape, shape}}, sharing_card("blend, bits: 4"));
  EXPECT_EQ(ratio.memory_bits, 180 * 4 + 2 * 32);
  EXPECT_EQ(ratio.complete_bits, 180 * 4 + 4 * 32);
  // Five rows and four columns: their addresses, one look-up each, each drawn by a hash.
  EXPECT_EQ(all[1]->work(),
            (RegenerationWork{.shifts = 9 * 11, .adds = 9 * 15, .lookups = 9, .sum_bits = 32}));
  EXPECT_EQ(sources_of(sharing_card("shared_depth"), shape, 1)[0]->work(), RegenerationWork{});

  std::vector<CodedStream> codes = all[0]->codes();
  ASSERT_EQ(codes[1].name, "seed");
  codes[1].words[0] ^= 2u;
  std::vector<float> damaged(count), whole = shared_weight(*all[0], count);
  all[0]->decode(codes, damaged);
  EXPECT_NE(damaged, whole);
  std::sort(damaged.begin(), damaged.end());
  std::sort(whole.begin(), whole.end());
  EXPECT_EQ(damaged, whole) << "the same elements in another order";
}

TEST(Sharing, LeavesOutWhatLayersOfResNet20HaveInCommon) {
  const NetworkShape shape = network_shape("resnet20", "cifar10");
  const std::int64_t apart = ratio_of(shape, sharing_card("integer, bits: 4")).memory_bits,
                     shared = ratio_of(shape, sharing_card("shared_depth, bits: 4")).memory_bits;
  // 3x3 layers of 16, 32 and 64 channels: 6, 5 and 5 of each.
  EXPECT_EQ(apart - shared, 4 * 9 * (5 * 16 * 16 + 4 * 32 * 32 + 4 * 64 * 64));
}

TEST(Sharing, RefusesNonsense) {
  for (const char* text :
       {"shared_depth, bits: 17", "shared_depth, bits: 0", "shared_depth, fc_bits: 20",
        "shared_depth, shared_depth: {uses: -1}", "shared_depth, shared_depth: {rank: -1}",
        "shared_depth, shared_depth: {by: layer}", "shared_depth, shared_depth: {factor_bits: 1}",
        "shared_depth, retraining: projection", "blend, retraining: projection",
        "blend, blend: {share: 2}"})
    EXPECT_THROW(sharing_card(text), Error) << text;
}

/// A network of layers that share: training moves them together, files and packed words keep them.
TEST(Sharing, TrainsPacksAndKeepsAWholeNetwork) {
  const Dataset data = load_dataset({.name = "glyphs", .train_limit = 64, .test_limit = 10}, 1);
  for (const char* text : {"shared_depth, bits: 4", "blend, bits: 4, fc_bits: 8"}) {
    const SourceCard card = sharing_card(text);
    Network network(build_graph("resnet20", "glyphs"), card, 1);
    const auto before = weights_of(network);
    const TrainCard once{.epochs = 1, .batch = 32};
    train(network, data, {once, 1}, {});
    Network loaded(build_graph("resnet20", "glyphs"), card, 2);
    set_weights(loaded, weights_of(network));
    Network plain(build_graph("resnet20", "glyphs"), SourceCard{}, 3);
    const PackedFile file = unpack(pack(packed(network)), "test");
    EXPECT_EQ(size_of(file).ratio_bits, ratio_of(network.shape(), card).memory_bits);
    unpack_into(file, card, plain);
    for (std::size_t l = 0; l < network.weight_layers().size(); ++l) {
      const std::vector<float> weight = dense_weight(network.weight_layers()[l]);
      EXPECT_EQ(weight, dense_weight(loaded.weight_layers()[l])) << l;
      EXPECT_EQ(weight, dense_weight(plain.weight_layers()[l])) << l;
    }
  }
}

}  // namespace
}  // namespace lightloom::nn
