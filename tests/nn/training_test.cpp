#include <gtest/gtest.h>
#include <omp.h>

#include <filesystem>

#include "core/error.hpp"
#include "core/progress.hpp"
#include "nn/evaluate.hpp"
#include "nn/models.hpp"
#include "nn/train.hpp"
#include "nn/weights_file.hpp"

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
  Progress::set_enabled(false);
  omp_set_num_threads(1);  // waiting threads would fight with other tests for the cores
  const Dataset data = glyphs(0, 0);
  Network linear(linear_classifier(), {}, 1);
  train(linear, data, {.epochs = 4, .rate = 0.003}, 1);
  const double linear_accuracy = test_accuracy(linear, data);
  EXPECT_LT(linear_accuracy, 0.90);
  EXPECT_GT(linear_accuracy, 0.40) << "so the classifier did learn";

  Network network(build_graph("cnn3", "glyphs"), {}, 1);
  const TrainResult result = train(network, data, {.epochs = 3, .rate = 0.003}, 1);
  EXPECT_GE(test_accuracy(network, data), 0.97);
  EXPECT_LT(result.epochs.back().loss, result.epochs.front().loss);
  RecordProperty("linear", std::to_string(linear_accuracy));
  RecordProperty("cnn3", std::to_string(test_accuracy(network, data)));
}

TEST(Training, RepeatsToTheBitForASeedAndThreadCount) {
  Progress::set_enabled(false);
  const Dataset data = glyphs(300, 10);
  for (const int threads : {1, 2}) {
    omp_set_num_threads(threads);
    Network first(build_graph("cnn3", "glyphs"), {}, 7),
        second(build_graph("cnn3", "glyphs"), {}, 7);
    train(first, data, {.epochs = 1}, 7);
    train(second, data, {.epochs = 1}, 7);
    const Weights left = weights_of(first), right = weights_of(second);
    for (std::size_t i = 0; i < left.size(); ++i)
      EXPECT_EQ(left[i].values, right[i].values) << left[i].name;
    Network other(build_graph("cnn3", "glyphs"), {}, 7);
    train(other, data, {.epochs = 1}, 8);
    EXPECT_NE(weights_of(other)[0].values, left[0].values) << "another seed shuffles otherwise";
  }
}

}  // namespace
}  // namespace lightloom::nn
