#include "nn/train/trainer.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include "nn/network/weights_file.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn {
namespace {

Graph tiny_trained() {
  GraphBuilder net("tiny", {28, 28, 1});
  const int at = net.relu(
      net.batch_norm("bn", net.convolution("conv", 0, {.channels = 3, .kernel = 5, .stride = 4})));
  net.linear("fc", net.dropout(net.flatten(at), 0.3), 10, true);
  return std::move(net).finish();
}

Dataset glyphs_validated(double validation) {
  omp_set_num_threads(1);
  return load_dataset(
      {.name = "glyphs", .train_limit = 50, .test_limit = 2, .validation = validation}, 1);
}

/// Wants an end once it was told of so many images.
class StopAfter : public ProgressSink {
 public:
  explicit StopAfter(std::int64_t images) : most_(images) {}
  void report(const ProgressReport& report) override { told = report.done; }
  [[nodiscard]] bool cancelled() const override { return told >= most_; }
  std::int64_t told = 0;

 private:
  std::int64_t most_;
};

/// Notes the training steps that come by.
class NotingEngine : public reference::SlowEngine {
 public:
  void load(int layer, const LayerShape& shape, std::span<const float> weights,
            std::uint32_t write) override {
    if (layer == 0) steps.push_back(write);
    SlowEngine::load(layer, shape, weights, write);
  }
  std::vector<std::uint32_t> steps;
};

TEST(Trainer, TellsTheSinkOfEveryImageAndEndsAfterTheStepInHandOnceItIsCancelled) {
  const Dataset data = glyphs_validated(0);  // 50 images: steps of 20, 20 and 10
  const TrainCard card{.batch = 20, .noise_aware = true};
  for (const auto& [stop, told, steps] :
       {std::tuple{1000, 50, 3u}, std::tuple{40, 40, 2u}, std::tuple{1, 20, 1u}}) {
    StopAfter sink(stop);
    NotingEngine engine;
    Network network(tiny_trained(), {}, 7);
    Trainer trainer(network, data, {card, 7}, {.engines = {&engine}, .progress = &sink});
    Progress progress(sink, "test", 50, "images");
    trainer.epoch(0, progress);
    EXPECT_EQ(sink.told, told);
    EXPECT_EQ(engine.steps.size(), steps);
  }
}

void expect_same(const Weights& a, const Weights& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].values, b[i].values) << a[i].name;
}

TEST(Trainer, GoesOnFromASavedStateToTheSameBits) {
  const Dataset data = glyphs_validated(0);
  const TrainCard card{.batch = 20, .optimizer = {.kind = OptimizerKind::adamw}, .average = 0.9};
  Network straight(tiny_trained(), {}, 7), other(tiny_trained(), {}, 99);
  Progress progress(no_progress(), "test", 100, "images");
  Checkpoint state;
  Weights kept, kept_later;
  {
    Trainer trainer(straight, data, {card, 7}, {});
    trainer.epoch(0, progress);
    trainer.save(state);
    trainer.epoch(1, progress);
    trainer.validate(-1, kept);
  }
  Trainer trainer(other, data, {card, 7}, {});
  trainer.restore(state);
  trainer.epoch(1, progress);
  trainer.validate(-1, kept_later);
  expect_same(weights_of(straight), weights_of(other));
  expect_same(kept, kept_later);
  EXPECT_NE(kept[0].values, weights_of(other)[0].values) << "the average is another set of weights";
}

TEST(Trainer, KeepsWeightsOnlyWhereTheyAreBetterThanTheBestSoFar) {
  const Dataset data = glyphs_validated(0.4);
  Network network(tiny_trained(), {}, 7);
  const TrainCard card;  // the trainer refers to it
  Trainer trainer(network, data, {card, 7}, {});
  Weights first, again;
  const double accuracy = trainer.validate(-1, first);
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(trainer.validate(accuracy, again), accuracy);
  EXPECT_TRUE(again.empty()) << "the first of equals is kept";
  EXPECT_EQ(trainer.own_changes(), (std::vector<double>{0, 0}))
      << "no source has a rule of its own";
}

}  // namespace
}  // namespace lightloom::nn
