#include "nn/inference/number_errors.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "nn/models/models.hpp"
#include "nn/ops/loss.hpp"
#include "nn/train/train.hpp"

namespace lightloom::nn {
namespace {

Tensor outputs_of(const std::vector<float>& values, int images, int width) {
  Tensor tensor(TensorShape(images, 1, 1, width));
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}

TEST(NumberErrors, AreThoseByHandBatchAfterBatch) {
  // Errors 1, 0 | -1, 2 | 0, 0; targets (0, 4), (2, 0), (4, 2).
  NumberErrors errors;
  add_errors(outputs_of({1, 4, 1, 2}, 2, 2), std::vector<float>{0, 4, 2, 0}, errors);
  add_errors(outputs_of({4, 2}, 1, 2), std::vector<float>{4, 2}, errors);
  EXPECT_EQ(errors.images, 3);
  EXPECT_DOUBLE_EQ(errors.mean_squared(), (1 + 1 + 4) / 6.0);
  EXPECT_DOUBLE_EQ(errors.root_mean_squared(), 1);
  EXPECT_DOUBLE_EQ(errors.mean_absolute(), (1 + 1 + 2) / 6.0);
  // Both outputs vary by 8 about their mean of 2.
  EXPECT_DOUBLE_EQ(errors.explained(), 1 - 6.0 / 16);
  EXPECT_EQ(errors.by_image, (std::vector<double>{0.5, 2.5, 0}));
}

TEST(NumberErrors, TheMeanExplainsNothingAndTheTruthAll) {
  NumberErrors mean, truth, constant;
  const std::vector<float> targets{1, 2, 3, 6};
  add_errors(outputs_of({3, 3, 3, 3}, 4, 1), targets, mean);
  add_errors(outputs_of(targets, 4, 1), targets, truth);
  add_errors(outputs_of({2, 2}, 2, 1), std::vector<float>{1, 1}, constant);
  EXPECT_DOUBLE_EQ(mean.explained(), 0);
  EXPECT_DOUBLE_EQ(truth.explained(), 1);
  EXPECT_DOUBLE_EQ(constant.explained(), -1) << "no variance: minus the mean squared error";
}

TEST(SquaredLoss, HasItsGradient) {
  const std::vector<float> targets{0.5f, -1, 2, 0.25f, 0, 1};
  std::vector<float> values{0.1f, 0.7f, -0.3f, 1.2f, -0.8f, 0.4f};
  Tensor gradient, unused;
  const double loss = mean_squared_error(outputs_of(values, 2, 3), targets, gradient);
  double by_hand = 0;
  for (std::size_t i = 0; i < 6; ++i)
    by_hand += (double{values[i]} - targets[i]) * (double{values[i]} - targets[i]) / 6;
  EXPECT_NEAR(loss, by_hand, 1e-12);
  for (std::size_t i = 0; i < 6; ++i) {
    constexpr float step = 1.0f / 1024;
    std::vector<float> above = values, below = values;
    above[i] += step;
    below[i] -= step;
    const double slope = (mean_squared_error(outputs_of(above, 2, 3), targets, unused) -
                          mean_squared_error(outputs_of(below, 2, 3), targets, unused)) /
                         (double{above[i]} - below[i]);
    EXPECT_NEAR(gradient.values()[i], slope, 1e-5);
  }
}

/// Rows x of three numbers and targets A x + b.
Dataset linear_data(std::size_t count) {
  Dataset data{
      .shape = {"made", {1, 1, 3}, 2, Task::regression}, .train = {}, .validation = {}, .test = {}};
  ImageSet set{.image = {1, 1, 3}, .pixels = {}, .labels = {}, .outputs = 2};
  for (std::size_t i = 0; i < count; ++i) {
    const auto part = [&](std::size_t k) {
      constexpr std::size_t primes[] = {101, 103, 97};
      return static_cast<float>(i * 37 % primes[k]) / 100;
    };
    set.values.insert(set.values.end(), {part(0), part(1), part(2)});
    set.targets.push_back(2 * part(0) - part(1) + 0.5f);
    set.targets.push_back(part(2) - 0.25f);
    set.labels.push_back(0);
  }
  data.train = set;
  data.validation = data.test = set;
  return data;
}

TEST(Regression, ALinearLawIsLearntAndTheBestEpochKept) {
  const Dataset data = linear_data(505);
  GraphBuilder net("line", {1, 1, 3});
  net.linear("fc", 0, 2, true);
  Network network(std::move(net).finish(), {}, 1);
  TrainCard card{.epochs = 40, .batch = 32};
  card.schedule.rate = 0.1;
  const TrainResult result = train(network, data, {card, 1});
  Inference inference(network);
  EXPECT_GT(evaluate_numbers(inference, data.test).explained(), 0.9999);
  EXPECT_EQ(result.epochs.size(), 40u);
  EXPECT_GT(result.epochs.back().train_accuracy, 0.99);
  const std::vector<float> weight = dense_weight(network.weight_layers()[0]);
  const std::vector<float> law{2, -1, 0, 0, 0, 1};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(weight[i], law[i], 0.02);
}

TEST(Regression, WhatIsOfClassesIsRefused) {
  const Dataset data = linear_data(10);
  GraphBuilder net("line", {1, 1, 3});
  net.linear("fc", 0, 2, true);
  Network network(std::move(net).finish(), {}, 1);
  TrainCard card{.epochs = 1, .label_smoothing = 0.1};
  EXPECT_THROW(train(network, data, {card, 1}), Error);
}

}  // namespace
}  // namespace lightloom::nn
