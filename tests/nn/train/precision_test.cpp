#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "core/error.hpp"
#include "nn/data/dataset.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/train/checkpoint.hpp"
#include "nn/train/train.hpp"

namespace lightloom::nn {
namespace {

Graph small_network() {
  GraphBuilder net("small", {28, 28, 1});
  int at = net.relu(net.batch_norm(
      "bn1", net.convolution("conv1", 0, {.channels = 8, .kernel = 5, .stride = 2})));
  at = net.relu(net.batch_norm(
      "bn2", net.convolution("conv2", at, {.channels = 16, .kernel = 3, .stride = 2})));
  net.linear("fc", net.flatten(at), 10, true);
  return std::move(net).finish();
}

Dataset small_glyphs() {
  omp_set_num_threads(1);
  return load_dataset({.name = "glyphs", .train_limit = 1500, .test_limit = 2, .validation = 0.4},
                      1);
}

TrainCard card_of(Precision precision) {
  return {.epochs = 3,
          .batch = 25,
          .precision = precision,
          .schedule = {.rate = 0.01},
          .optimizer = {.kind = OptimizerKind::adam}};
}

struct Trained {
  Weights weights;
  double accuracy = 0;
};

Trained trained(const Dataset& data, const TrainCard& card, const TrainHelpers& helpers = {}) {
  Network network(small_network(), {}, 7);
  const TrainResult result = train(network, data, {card, 7}, helpers);
  return {weights_of(network), result.epochs.back().validation_accuracy};
}

bool same(const Weights& a, const Weights& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i].values != b[i].values) return false;
  return a.size() == b.size();
}

class Bfloat16Training : public testing::Test {
  void SetUp() override {
    if (!multiplies_bfloat16()) GTEST_SKIP() << "this processor has no bfloat16";
  }
};

TEST_F(Bfloat16Training, ReachesFloat32sAccuracyOnAnotherWay) {
  const Dataset data = small_glyphs();
  const Trained fine = trained(data, card_of(Precision::float32));
  const Trained coarse = trained(data, card_of(Precision::bfloat16));
  EXPECT_FALSE(same(fine.weights, coarse.weights)) << "the precision changed nothing";
  const auto images = static_cast<double>(data.validation.size());
  const double share = (fine.accuracy + coarse.accuracy) / 2;
  const double error = std::sqrt(2 * share * (1 - share) / images);  // of a difference, if unpaired
  EXPECT_GT(fine.accuracy, 0.5) << "nothing was learnt";
  EXPECT_NEAR(coarse.accuracy, fine.accuracy, 4 * error);
}

TEST_F(Bfloat16Training, RepeatsToTheBitAlsoFromACheckpointWhichAnotherPrecisionDoesNotTakeUp) {
  const Dataset data = small_glyphs();
  TrainCard card = card_of(Precision::bfloat16);
  const Trained whole = trained(data, card);
  const std::string path = testing::TempDir() + "bfloat16_checkpoint.h5";
  std::filesystem::remove(path);
  const TrainHelpers helpers{.checkpoint = path};
  struct EndAfter : ProgressSink {
    void report(const ProgressReport& report) override { done = report.done; }
    [[nodiscard]] bool cancelled() const override { return done >= 1000; }
    std::int64_t done = 0;
  } ends;
  trained(data, card, {.checkpoint = path, .progress = &ends});
  try {
    trained(data, card_of(Precision::float32), helpers);
    ADD_FAILURE() << "float32 went on from it";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("trained in bfloat16"), std::string::npos);
  }
  EXPECT_TRUE(same(trained(data, card, helpers).weights, whole.weights));
  std::filesystem::remove(path);
}

TEST(PrecisionOfACard, AutoIsSettledWhenItIsReadAndOthersAreRefused) {
  const auto read = [](const char* text, Tree* resolved) {
    return read_card<TrainCard>(parse_yaml(text, "card"), resolved).precision;
  };
  Tree resolved;
  EXPECT_EQ(read("{}", &resolved), Precision::float32);
  EXPECT_EQ(resolved.find("precision")->scalar, "float32");
  EXPECT_EQ(read("precision: auto", &resolved), quickest_precision());
  EXPECT_EQ(resolved.find("precision")->scalar, precision_name(quickest_precision()));
  EXPECT_EQ(read("precision: bfloat16", &resolved), Precision::bfloat16);
  EXPECT_EQ(resolved.find("precision")->scalar, "bfloat16");
  EXPECT_THROW(read("precision: float16", &resolved), Error);
}

}  // namespace
}  // namespace lightloom::nn
