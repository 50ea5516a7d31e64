// Networks brought onto a chip part by part, and statistics of batch normalisation that it
// measures.
#include "cosim/analog/staged_chip.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "cosim/analog/chip_statistics.hpp"
#include "photonic/cores/core_card.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::cosim {
namespace {

using nn::Tensor;

/// Two convolutions with normalisations and a shortcut, then a classifier.
nn::Graph staged_graph() {
  nn::GraphBuilder net("staged", {28, 28, 1});
  const int stem = net.relu(
      net.batch_norm("n1", net.convolution("a", 0, {.channels = 3, .kernel = 5, .stride = 4})));
  const int branch =
      net.batch_norm("n2", net.convolution("b", stem, {.channels = 3, .kernel = 3, .padding = 1}));
  net.linear("c", net.flatten(net.relu(net.add(stem, branch))), 10, true);
  return std::move(net).finish();
}

std::unique_ptr<photonic::TensorCore> noisy_core(const std::string& card) {
  const std::string folder = LIGHTLOOM_SOURCE_DIR "/data/devices/";
  return photonic::make_core(
      read_card<photonic::CoreCard>(load_card(folder + card, {"rows=16", "columns=16"})));
}

nn::Dataset few_glyphs() {
  return nn::load_dataset({.name = "glyphs", .train_limit = 60, .test_limit = 20}, 3);
}

/// Another network's statistics and factors.
void disturb(nn::Network& network) {
  for (nn::NormLayer& norm : network.norms())
    for (std::size_t c = 0; c < norm.mean.size(); ++c) {
      norm.mean[c] = 0.1F * static_cast<float>(c) - 0.05F;
      norm.variance[c] = 0.5F + 0.3F * static_cast<float>(c);
      norm.scale.value[c] = 1.2F;
      norm.shift.value[c] = 0.1F;
    }
}

TEST(StagedChip, MeasuresWhatOnePassThroughTheWholeNetworkMeasuresToTheBit) {
  const nn::Dataset data = few_glyphs();
  for (const char* card : {"mrr-bank.yaml", "pcm-crossbar.yaml"}) {
    const auto core = noisy_core(card);
    nn::Network network(staged_graph(), {}, 7);
    disturb(network);
    Chip whole(*core, network, {}, {5, 2});
    nn::Inference inference(network, &whole.engine());
    whole.calibrate(inference, data, 16);
    Chip chip(*core, network, {}, {5, 2});
    StagedChip staged(chip, network, data, 16);
    const std::size_t lot = staged.add({.set = data.test, .images = 20, .first_number = 30});
    const std::vector<int> nodes = nn::weight_nodes(network.graph());
    for (std::size_t k = 1; k <= nodes.size(); ++k)
      staged.advance(nn::cut_behind(network.graph(), std::span(nodes).first(k)), no_progress());
    nn::for_each_batch(data.test, {0, 20}, 7, [&](const nn::Batch& batch, std::size_t first) {
      const Tensor& logits = inference.forward(batch.images, 30 + first);
      for (std::size_t i = 0; i < logits.values().size(); ++i)
        EXPECT_EQ(staged.values(lot).of(0)[first * 10 + i], logits.values()[i]) << card;
    });
    EXPECT_EQ(chip.counts().conversions, whole.counts().conversions);
  }
}

/// Mean and unbiased variance of one channel, in two passes over a list.
struct ChannelMoments {
  double mean = 0, variance = 0;
};
ChannelMoments channel_moments(const std::vector<float>& values, std::size_t channel,
                               std::size_t channels) {
  std::vector<double> own;
  for (std::size_t i = channel; i < values.size(); i += channels) own.push_back(values[i]);
  ChannelMoments moments;
  for (const double x : own) moments.mean += x / static_cast<double>(own.size());
  for (const double x : own)
    moments.variance +=
        (x - moments.mean) * (x - moments.mean) / static_cast<double>(own.size() - 1);
  return moments;
}

/// relu((x - mean) / sqrt(variance + epsilon) scale + shift), channels last.
std::vector<float> normalised(const std::vector<float>& values, const nn::NormLayer& norm) {
  std::vector<float> result;
  const std::size_t channels = norm.mean.size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t c = i % channels;
    const float factor =
        norm.scale.value[c] / std::sqrt(norm.variance[c] + static_cast<float>(norm.epsilon));
    result.push_back(
        std::max(0.0F, values[i] * factor + (norm.shift.value[c] - norm.mean[c] * factor)));
  }
  return result;
}

TEST(StatisticsOnAChip, AreThoseOfItsMeasuredLayersOneBehindTheOther) {
  // By hand through the bare engine: layer a on 30 images, its moments, the normalisation with
  // these, layer b on what comes of it.
  const nn::Dataset data = few_glyphs();
  const auto core = noisy_core("mrr-bank.yaml");
  nn::Network network(staged_graph(), {}, 7);
  disturb(network);
  {
    Chip chip(*core, network, {}, {5, 1});
    take_statistics(chip, network, {.data = data, .statistics = 30, .calibration = 12},
                    no_progress());
  }
  AnalogEngine engine(*core, 5, 1);
  std::vector<float> at, light;
  nn::for_each_batch(data.train, {0, 30}, 30, [&](const nn::Batch& batch, std::size_t) {
    at.assign(batch.images.values().begin(), batch.images.values().end());
  });
  light.assign(at.begin(), at.begin() + 12 * 784);
  for (int layer = 0; layer < 2; ++layer) {
    const auto n = static_cast<std::size_t>(layer);
    nn::WeightLayer& own = network.weight_layers()[n];
    engine.load(layer, own.shape, nn::dense_weight(own), 0);
    const auto outputs = as_index(own.shape.out_channels) * as_index(own.shape.out_height) *
                         as_index(own.shape.out_width);
    std::vector<float> bright(12 * outputs), measured(30 * outputs);
    engine.begin_calibration();
    engine.multiply(layer, {light, 12, 0}, bright);
    engine.end_calibration();
    engine.multiply(layer, {at, 30, std::uint64_t{1} << 32}, measured);
    const nn::NormLayer& norm = network.norms()[n];
    for (std::size_t c = 0; c < 3; ++c) {
      const ChannelMoments moments = channel_moments(measured, c, 3);
      // Rounded to float, and layer b's inputs once more.
      const double bound = layer == 0 ? 1e-6 : 1e-4;
      EXPECT_NEAR(norm.mean[c], moments.mean, bound * std::sqrt(moments.variance));
      EXPECT_NEAR(norm.variance[c], moments.variance, bound * moments.variance);
    }
    at = normalised(measured, norm);
    light = normalised(bright, norm);
  }
  EXPECT_EQ(network.norms()[0].scale.value[0], 1.2F) << "trained factors stay";
}

TEST(StatisticsOnAChip, AreKeptAndPutBack) {
  nn::Network network(staged_graph(), {}, 7);
  disturb(network);
  const std::vector<float> mean = network.norms()[0].mean, variance = network.norms()[1].variance;
  {
    const KeptStatistics kept(network);
    for (nn::NormLayer& norm : network.norms()) norm.mean = norm.variance = {9, 9, 9};
  }
  EXPECT_EQ(network.norms()[0].mean, mean);
  EXPECT_EQ(network.norms()[1].mean, mean);
  EXPECT_EQ(network.norms()[1].variance, variance);
}

TEST(StatisticsOnAChip, NeedABatchNormalisation) {
  nn::GraphBuilder net("plain", {28, 28, 1});
  net.linear("c", net.flatten(0), 10, true);
  nn::Network network(std::move(net).finish(), {}, 7);
  const auto core = noisy_core("mrr-bank.yaml");
  Chip chip(*core, network, {}, {5, 0});
  EXPECT_THROW(take_statistics(chip, network, {few_glyphs(), 30, 12}, no_progress()), Error);
}

}  // namespace
}  // namespace lightloom::cosim
