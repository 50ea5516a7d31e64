// What latents cost and save, by hand.
#include "nn/accounting/freeze_ledger.hpp"

#include <gtest/gtest.h>

#include "nn/freeze/latent_cache.hpp"
#include "nn/freeze/prefix_cut.hpp"
#include "nn/models/models.hpp"

namespace lightloom::nn {
namespace {

/// Images of 6 x 6 x 2; a: 3x3, 4 maps of 4 x 4; b: 3x3, 5 maps of 2 x 2; fc: 20 to 3.
Graph by_hand() {
  GraphBuilder net("by hand", {6, 6, 2});
  const int a =
      net.relu(net.batch_norm("n", net.convolution("a", 0, {.channels = 4, .kernel = 3})));
  const int b = net.relu(net.convolution("b", a, {.channels = 5, .kernel = 3}));
  net.linear("fc", net.flatten(b), 3, true);
  return std::move(net).finish();
}

// Products of an image: a 4*2*9 weights at 16 places, b 5*4*9 at 4, fc 3*20.
constexpr std::int64_t a_macs = 72 * 16, b_macs = 180 * 4, fc_macs = 60;
// Numbers that are trained and kept: of a 72 weights of 8 bits, 8 of its normalisation.
constexpr std::int64_t a_numbers = 72 + 8, a_stored_bits = 72 * 8 + 32;

FreezeCase case_by_hand(const Graph& graph, const GraphCut& cut,
                        std::span<const LayerNumbers> layers) {
  return {.graph = graph,
          .cut = cut,
          .layers = layers,
          .norm_numbers = 8,
          .images = 100,
          .image_bytes = 72,
          .latent_bytes = 64 + 8,  // 4 x 4 x 4 at 8 bits, scale and zero
          .views = 1,
          .images_stay = false,
          .batch = 30,
          .state_words = 2,
          .epochs = 5};
}

class FreezeByHand : public testing::Test {
 protected:
  Graph graph_ = by_hand();
  GraphCut cut_ = prefix_cut(graph_, 1);
  std::vector<LayerNumbers> layers_{{72, a_stored_bits}, {180, 1472}, {63, 512}};
  FreezeCase case_ = case_by_hand(graph_, cut_, layers_);
};

TEST_F(FreezeByHand, OneLatentOfEachImage) {
  ASSERT_EQ(latent_bytes({{4, 4, 4}, 8}), 72);
  const FreezeLedger ledger = freeze_ledger(case_);
  EXPECT_EQ(ledger.images_bytes, 7200);
  EXPECT_EQ(ledger.cache_bytes, 7200);
  EXPECT_EQ(ledger.paid_bytes, 0);
  EXPECT_EQ(ledger.gain, 1);
  // Gradient, two averages: three words of 4 bytes of each; the images of a batch.
  EXPECT_EQ(ledger.optimiser_bytes, 3 * 4 * a_numbers);
  EXPECT_EQ(ledger.activation_bytes, 30 * 72 * 4);
  EXPECT_EQ(ledger.net_bytes, -3 * 4 * a_numbers - 30 * 72 * 4);
  // Backward, a needs no gradient of the image, and b none of its input any more.
  EXPECT_EQ(ledger.forward_macs, a_macs);
  EXPECT_EQ(ledger.backward_macs, a_macs + b_macs);
  EXPECT_EQ(ledger.network_forward_macs, a_macs + b_macs + fc_macs);
  EXPECT_EQ(ledger.network_backward_macs, a_macs + 2 * b_macs + 2 * fc_macs);
  EXPECT_EQ(ledger.epoch_macs, 100 * (2 * a_macs + b_macs));
  EXPECT_EQ(ledger.fill_macs, 100 * a_macs);
  EXPECT_EQ(ledger.saved_macs, 500 * (2 * a_macs + b_macs) - 100 * a_macs);
  EXPECT_EQ(ledger.break_even, 1);
  EXPECT_EQ(ledger.break_even_recompute, 1);
  // Four steps an epoch: weights read twice; weights, both averages read and written.
  const std::int64_t weights = 4 * (2 * 4 * a_numbers + 2 * 3 * 4 * a_numbers);
  EXPECT_EQ(ledger.weight_bytes, weights);
  EXPECT_EQ(ledger.epoch_traffic_bytes, weights + 2 * 100 * 72 * 4);
  EXPECT_EQ(ledger.fill_traffic_bytes, 7200 + 7200 + 4 * a_stored_bits / 8);
  EXPECT_EQ(ledger.break_even_traffic, 1);
}

TEST_F(FreezeByHand, SeveralViewsAreKeptAndPaidForAtOnceAndReadInTurn) {
  case_.views = 4;
  const FreezeLedger one = freeze_ledger(case_by_hand(graph_, cut_, layers_));
  const FreezeLedger ledger = freeze_ledger(case_);
  EXPECT_EQ(ledger.cache_bytes, 4 * 7200);
  EXPECT_EQ(ledger.paid_bytes, 3 * 7200);
  EXPECT_EQ(ledger.gain, 0.25);
  EXPECT_EQ(ledger.fill_macs, 400 * a_macs);
  EXPECT_EQ(ledger.epoch_macs, one.epoch_macs);
  // 4 * 1152 over 2 * 1152 + 720 is 1.5.
  EXPECT_EQ(ledger.break_even, 2);
  EXPECT_EQ(ledger.break_even_recompute, 4);
  EXPECT_EQ(ledger.epoch_traffic_bytes, one.epoch_traffic_bytes);
  EXPECT_EQ(ledger.fill_traffic_bytes, 4 * one.fill_traffic_bytes);
}

TEST_F(FreezeByHand, ImagesThatSomebodyElseNeedsAreNotSaved) {
  case_.images_stay = true;
  const FreezeLedger ledger = freeze_ledger(case_);
  EXPECT_EQ(ledger.paid_bytes, 7200);
  EXPECT_EQ(ledger.epoch_traffic_bytes,
            freeze_ledger(case_by_hand(graph_, cut_, layers_)).epoch_traffic_bytes - 7200);
}

TEST_F(FreezeByHand, LayersThatAreComputedAnewSaveTheWayBackAlone) {
  case_.views = 0;
  case_.latent_bytes = 0;
  const FreezeLedger ledger = freeze_ledger(case_);
  EXPECT_EQ(ledger.cache_bytes, 0);
  EXPECT_EQ(ledger.paid_bytes, 0);
  EXPECT_EQ(ledger.forward_macs, 0);
  EXPECT_EQ(ledger.backward_macs, a_macs + b_macs);
  EXPECT_EQ(ledger.fill_macs, 0);
  EXPECT_EQ(ledger.break_even_recompute, std::nullopt);
  EXPECT_EQ(ledger.weight_bytes,
            4 * (2 * 4 * a_numbers + 2 * 3 * 4 * a_numbers - a_stored_bits / 8));
}

TEST_F(FreezeByHand, TrafficThatIsNeverPaidBackIsSaid) {
  case_.latent_bytes = 100'000;
  const FreezeLedger ledger = freeze_ledger(case_);
  EXPECT_LT(ledger.epoch_traffic_bytes, 0);
  EXPECT_EQ(ledger.break_even_traffic, std::nullopt);
  EXPECT_EQ(ledger.break_even, 1) << "of work it is";
}

/// Bytes of an image over those of its latent behind so many layers.
double gain_behind(const Graph& graph, int layers, int bits) {
  const GraphCut cut = prefix_cut(graph, layers);
  const MapShape latent = graph.nodes[static_cast<std::size_t>(cut.frontier.front())].shape;
  const std::vector<LayerNumbers> none(weight_nodes(graph).size());
  return freeze_ledger({.graph = graph,
                        .cut = cut,
                        .layers = none,
                        .images = 50'000,
                        .image_bytes = graph.nodes[0].shape.size(),
                        .latent_bytes = latent_bytes({latent, bits})})
      .gain;
}

TEST(FreezeLedger, LatentsOfCifarAtEightBitsAreLargerThanImages) {
  // More-sources, section 7: 16384, 8192, 4096 values against 3072 bytes.
  const Graph graph = build_graph("resnet20", "cifar10");
  for (const auto& [layers, values] : {std::pair{7, 16384}, {13, 8192}, {17, 4096}}) {
    EXPECT_DOUBLE_EQ(gain_behind(graph, layers, 8), 3072.0 / (values + 8)) << layers;
    EXPECT_LT(gain_behind(graph, layers, 8), 1) << layers;
  }
  EXPECT_LT(gain_behind(graph, 17, 6), 1) << "3072 + 8 bytes";
  EXPECT_GT(gain_behind(graph, 17, 5), 1) << "below 6 bits at the last map the store shrinks";
  EXPECT_LT(gain_behind(graph, 13, 5), 1);
}

/// The encoders of the published gains: frames of 84 x 84, 576 and 3136 numbers behind them.
Graph frames(bool data_efficient) {
  GraphBuilder net("frames", {84, 84, 1});
  int at = 0;
  if (data_efficient) {
    at = net.relu(net.convolution("1", at, {.channels = 32, .kernel = 5, .stride = 5}));
    at = net.relu(net.convolution("2", at, {.channels = 64, .kernel = 5, .stride = 5}));
  } else {
    at = net.relu(net.convolution("1", at, {.channels = 32, .kernel = 8, .stride = 4}));
    at = net.relu(net.convolution("2", at, {.channels = 64, .kernel = 4, .stride = 2}));
    at = net.relu(net.convolution("3", at, {.channels = 64, .kernel = 3}));
  }
  net.linear("fc", net.flatten(at), 6, true);
  return std::move(net).finish();
}

TEST(FreezeLedger, LatentsOfFramesAreSmallerAsPublished) {
  // Codecs, section 11: 84*84/576/4 = 3.06, 84*84/3136/4 = .56, which loses; at 8 bits it gains.
  EXPECT_DOUBLE_EQ(gain_behind(frames(true), 2, 32), 84 * 84 / 576.0 / 4);
  EXPECT_NEAR(gain_behind(frames(true), 2, 32), 3.06, 0.005);
  EXPECT_NEAR(gain_behind(frames(false), 3, 32), 0.56, 0.005);
  EXPECT_DOUBLE_EQ(gain_behind(frames(false), 3, 8), 84 * 84 / (3136.0 + 8));
  EXPECT_GT(gain_behind(frames(false), 3, 8), 2);
}

TEST(FreezeLedger, GainCrossesOneWhereLatentsTakeAnImagesBytes) {
  const Graph graph = by_hand();
  EXPECT_EQ(gain_behind(graph, 1, 8), 1) << "64 numbers and their scale, 72 pixels";
  EXPECT_GT(gain_behind(graph, 1, 7), 1);
  EXPECT_LT(gain_behind(graph, 1, 9), 1);
}

}  // namespace
}  // namespace lightloom::nn
