#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "core/progress.hpp"
#include "nn/inference/evaluate.hpp"
#include "nn/models/models.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/train/train.hpp"
#include "tests/nn/reference.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::nn {
namespace {

Dataset glyphs(int train, int test) {
  return load_dataset({.name = "glyphs", .train_limit = train, .test_limit = test}, 1);
}

Graph linear_classifier() {
  GraphBuilder net("linear", {28, 28, 1});
  net.linear("linear", net.flatten(0), 10, true);
  return std::move(net).finish();
}

double test_accuracy(Network& network, const Dataset& data) {
  Inference inference(network);
  return evaluate(inference, data.test).accuracy();
}

TEST(Training, GlyphsAreTooHardForALinearClassifierAndEasyForTheSmallNetwork) {
  omp_set_num_threads(1);  // waiting threads would fight with other tests for the cores
  const Dataset data = glyphs(0, 0);
  Network linear(linear_classifier(), {}, 1);
  train(linear, data, {{.epochs = 4, .schedule = {.rate = 0.003}}, 1});
  const double linear_accuracy = test_accuracy(linear, data);
  EXPECT_LT(linear_accuracy, 0.90);
  EXPECT_GT(linear_accuracy, 0.40) << "so the classifier did learn";

  Network network(build_graph("cnn3", "glyphs"), {}, 1);
  const TrainResult result = train(network, data, {{.epochs = 3, .schedule = {.rate = 0.003}}, 1});
  EXPECT_GE(test_accuracy(network, data), 0.97);
  EXPECT_LT(result.epochs.back().loss, result.epochs.front().loss);
  RecordProperty("linear", std::to_string(linear_accuracy));
  RecordProperty("cnn3", std::to_string(test_accuracy(network, data)));
}

TEST(Training, RepeatsToTheBitForASeedAndThreadCount) {
  const Dataset data = glyphs(300, 10);
  for (const int threads : {1, 2}) {
    omp_set_num_threads(threads);
    Network first(build_graph("cnn3", "glyphs"), {}, 7),
        second(build_graph("cnn3", "glyphs"), {}, 7);
    train(first, data, {{.epochs = 1}, 7});
    train(second, data, {{.epochs = 1}, 7});
    const Weights left = weights_of(first), right = weights_of(second);
    for (std::size_t i = 0; i < left.size(); ++i)
      EXPECT_EQ(left[i].values, right[i].values) << left[i].name;
    Network other(build_graph("cnn3", "glyphs"), {}, 7);
    train(other, data, {{.epochs = 1}, 8});
    EXPECT_NE(weights_of(other)[0].values, left[0].values) << "another seed shuffles otherwise";
  }
}

/// Bits and records of a training that is interrupted after `first` epochs, and taken up again.
class Checkpoints : public testing::Test {
 protected:
  void SetUp() override {
    omp_set_num_threads(1);
    std::filesystem::remove(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  TrainCard card_{.epochs = 3, .augment = {.crop = 2, .flip = true}, .average = 0.9};
  std::string path_ = scratch_path("checkpoint.h5").string();
};

/// Stands for the user who wants an end.
class Stop : public ProgressSink {
 public:
  [[nodiscard]] bool cancelled() const override { return asked; }
  bool asked = false;
};

/// Multiplies exactly; at training step `step` the user wants an end.
class StoppingEngine : public reference::SlowEngine {
 public:
  StoppingEngine(Stop& stop, std::uint32_t step) : stop_(stop), step_(step) {}
  void load(int layer, const LayerShape& shape, std::span<const float> weights,
            std::uint32_t write) override {
    if (write == step_) stop_.asked = true;
    SlowEngine::load(layer, shape, weights, write);
  }

 private:
  Stop& stop_;
  std::uint32_t step_;
};

Graph tiny() {
  GraphBuilder net("tiny", {28, 28, 1});
  int at = net.relu(
      net.batch_norm("bn", net.convolution("conv", 0, {.channels = 3, .kernel = 5, .stride = 4})));
  net.linear("fc", net.dropout(net.flatten(at), 0.3), 10, true);
  return std::move(net).finish();
}

TEST_F(Checkpoints, ResumeToTheSameBitsAfterAnInterrupt) {
  const Dataset data = glyphs(200, 10);  // 180 to train with: 3 steps an epoch
  Network straight(tiny(), {}, 7), cut(tiny(), {}, 7), fresh(tiny(), {}, 99);
  Stop stop;
  StoppingEngine never(stop, 1000), in_second_epoch(stop, 4);
  card_.noise_aware = true;
  const TrainResult whole = train(straight, data, {card_, 7}, {.engines = {&never}});
  const TrainResult first =
      train(cut, data, {card_, 7},
            {.engines = {&in_second_epoch}, .checkpoint = path_, .progress = &stop});
  ASSERT_TRUE(stop.asked);
  ASSERT_EQ(first.epochs.size(), 1u);
  // Everything must come from the file: the network is another one.
  const TrainResult rest =
      train(fresh, data, {card_, 7}, {.engines = {&never}, .checkpoint = path_});
  ASSERT_EQ(rest.epochs.size(), whole.epochs.size());
  for (std::size_t e = 0; e < whole.epochs.size(); ++e) {
    EXPECT_EQ(rest.epochs[e].loss, whole.epochs[e].loss) << e;
    EXPECT_EQ(rest.epochs[e].validation_accuracy, whole.epochs[e].validation_accuracy) << e;
  }
  const Weights a = weights_of(straight), b = weights_of(fresh);
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].values, b[i].values) << a[i].name;
}

TEST_F(Checkpoints, OfATrainingThatRanOutOfPatienceEndIt) {
  const Dataset data = glyphs(100, 10);
  card_ = {.epochs = 12, .schedule = {.rate = 1e-9}, .patience = 2};
  Network first(tiny(), {}, 7), again(tiny(), {}, 9);
  const TrainResult whole = train(first, data, {card_, 7}, {.checkpoint = path_});
  ASSERT_EQ(whole.epochs.size(), 3u) << "such steps change nothing: the first epoch stays the best";
  const TrainResult rest = train(again, data, {card_, 7}, {.checkpoint = path_});
  EXPECT_EQ(rest.epochs.size(), 3u);
  const Weights a = weights_of(first), b = weights_of(again);
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].values, b[i].values) << a[i].name;
}

TEST_F(Checkpoints, KeepWhatSourcesChangedByTheirOwnRules) {
  const Dataset data = glyphs(200, 10);
  const SourceCard deal{.source = "smart_deal"};
  card_ = {.epochs = 3, .noise_aware = true};
  Network straight(tiny(), deal, 7), cut(tiny(), deal, 7), fresh(tiny(), deal, 7);
  Stop stop;
  StoppingEngine never(stop, 1000), in_second_epoch(stop, 4);
  const TrainResult whole = train(straight, data, {card_, 7}, {.engines = {&never}});
  train(cut, data, {card_, 7},
        {.engines = {&in_second_epoch}, .checkpoint = path_, .progress = &stop});
  const TrainResult rest =
      train(fresh, data, {card_, 7}, {.engines = {&never}, .checkpoint = path_});
  ASSERT_GT(*std::max_element(whole.own_changes.begin(), whole.own_changes.end()), 0.0);
  EXPECT_EQ(rest.own_changes, whole.own_changes);
}

TEST_F(Checkpoints, OfATrainingThatLeftTheNumbersAreNotWritten) {
  const Dataset data = glyphs(100, 10);
  Network network(tiny(), {}, 7);
  card_ = {.epochs = 2, .schedule = {.rate = 1e30}};
  try {
    train(network, data, {card_, 7}, {.checkpoint = path_});
    FAIL() << "a loss that is not a number ended in order";
  } catch (const Failure& failure) {
    EXPECT_NE(std::string(failure.what()).find("diverged"), std::string::npos) << failure.what();
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Checkpoints, OfAnotherSeedOrModelAreRefused) {
  const Dataset data = glyphs(100, 10);
  card_.epochs = 1;
  Network network(build_graph("cnn3", "glyphs"), {}, 7), other(build_graph("mlp", "glyphs"), {}, 7);
  train(network, data, {card_, 7}, {.checkpoint = path_});
  EXPECT_THROW(train(network, data, {card_, 8}, {.checkpoint = path_}), Error);
  EXPECT_THROW(train(other, data, {card_, 7}, {.checkpoint = path_}), Error);
}

TEST(Schedules, HaveTheirKnownValues) {
  const auto at = [](const RateSchedule& schedule, std::int64_t step) {
    return rate_at(schedule, {step, 10, 10});
  };
  EXPECT_DOUBLE_EQ(at({.kind = RateKind::cosine, .rate = 1}, 0), 1);
  EXPECT_NEAR(at({.kind = RateKind::cosine, .rate = 1}, 50), 0.5, 1e-12);
  EXPECT_NEAR(at({.kind = RateKind::exponential, .rate = 1, .decay = 0.98}, 29), 0.98 * 0.98,
              1e-12);
  const RateSchedule steps{.kind = RateKind::step, .rate = 1, .decay = 0.1, .milestones = {3, 6}};
  EXPECT_NEAR(at(steps, 29), 1, 1e-12);
  EXPECT_NEAR(at(steps, 30), 0.1, 1e-12);
  EXPECT_NEAR(at(steps, 60), 0.01, 1e-12);
  const RateSchedule cycle{.kind = RateKind::one_cycle, .rate = 1};
  EXPECT_NEAR(at(cycle, 0), 1.0 / 25, 1e-12);
  EXPECT_NEAR(at(cycle, 30), 1, 1e-12);
  EXPECT_LT(at(cycle, 99), 0.01);
  const RateSchedule warm{.kind = RateKind::constant, .rate = 1, .warmup = 2};
  EXPECT_NEAR(at(warm, 9), 0.5, 1e-12);
  EXPECT_NEAR(at(warm, 20), 1, 1e-12);
}

TEST(Losses, SmoothedCrossEntropyHasItsGradientAndItsMinimumAtTheSmoothedTarget) {
  Tensor logits({1, 1, 1, 4}), d_logits;
  const std::vector<int> label{2};
  for (int c = 0; c < 4; ++c) {
    logits.data()[c] = static_cast<float>(std::log(c == 2 ? 0.9 + 0.025 : 0.025));
  }
  cross_entropy(logits, label, d_logits, 0.1);
  for (const float d : d_logits.values()) EXPECT_NEAR(d, 0, 1e-6);
  logits.data()[0] += 1;
  const double loss = cross_entropy(logits, label, d_logits, 0.1);
  const float slope = d_logits.data()[0];
  Tensor unused;
  logits.data()[0] += 1e-3f;
  EXPECT_NEAR((cross_entropy(logits, label, unused, 0.1) - loss) / 1e-3, slope, 1e-3);
}

TEST(Augmentation, IsAPureFunctionOfSeedEpochAndImage) {
  const Dataset data = glyphs(40, 10);
  const std::vector<std::uint32_t> order{5, 9}, turned{9, 5};
  const AugmentationDraw draw{{.crop = 3, .flip = true, .cutout = 6}, 3, 1};
  const auto pixels = [&](const std::vector<std::uint32_t>& rows, const AugmentationDraw& how) {
    Batch batch;
    fill_batch(data.train, rows, batch, how);
    return std::vector<float>(batch.images.data(), batch.images.data() + 2 * 784);
  };
  const std::vector<float> a = pixels(order, draw), b = pixels(turned, draw);
  EXPECT_TRUE(std::equal(a.begin(), a.begin() + 784, b.begin() + 784)) << "whatever the batch";
  for (const AugmentationDraw& other : {AugmentationDraw{draw.augmentation, 3, 2}, {}})
    EXPECT_FALSE(std::equal(a.begin(), a.begin() + 784, pixels(order, other).begin()));
}

TEST(Training, StopsWhenThePatienceIsOver) {
  const Dataset data = glyphs(300, 50);
  Network network(linear_classifier(), {}, 1);
  // Without a step nothing gets better than the first epoch.
  const TrainCard still{.epochs = 9, .schedule = {.rate = 0}, .patience = 3};
  const TrainResult stopped = train(network, data, {still, 1});
  EXPECT_EQ(stopped.best_epoch, 0);
  EXPECT_EQ(stopped.epochs.size(), 4u);
  TrainCard patient = still;
  patient.patience = 0;
  EXPECT_EQ(train(network, data, {patient, 1}).epochs.size(), 9u);
}

TEST(Augmentation, ShiftsByEveryAmountEquallyOftenAndMirrorsHalfOfThem) {
  ImageSet dot{.image = {9, 9, 1}};  // one bright pixel, left of the middle
  constexpr int images = 4000;
  dot.pixels.assign(81 * images, 0);
  dot.labels.assign(images, 0);
  std::vector<std::uint32_t> order(images);
  for (std::uint32_t i = 0; i < images; ++i) {
    order[i] = i;
    dot.pixels[81 * i + 4 * 9 + 3] = 255;
  }
  Batch batch;
  fill_batch(dot, order, batch, {{.crop = 1, .flip = true}, 1, 0});
  std::vector<int> count(81, 0);
  for (int i = 0; i < images; ++i) {
    const float* image = batch.images.data() + 81 * i;
    ++count[static_cast<std::size_t>(std::max_element(image, image + 81) - image)];
  }
  // Columns 2, 3 (unmirrored only), 4 (both: shift +1, or mirrored and -1), 5, 6; three rows. 18
  // equal draws.
  for (const int row : {3, 4, 5}) {
    for (const int column : {2, 3, 4, 5, 6}) {
      const double share = column == 4 ? 2.0 / 18 : 1.0 / 18;
      const double bound = 4 * std::sqrt(images * share * (1 - share));
      EXPECT_NEAR(count[static_cast<std::size_t>(row * 9 + column)], images * share, bound);
    }
  }
}

}  // namespace
}  // namespace lightloom::nn
