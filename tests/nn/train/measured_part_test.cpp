// Training the rest of a network on what is known of its first part, and noise on weights.
#include "nn/train/measured_part.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>

#include "nn/inference/part_inference.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/train/train.hpp"
#include "nn/train/training_pass.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn {
namespace {

/// A layer, and what reads it: the rest is a network of its own, `rest_alone`.
Graph stem_and_rest() {
  GraphBuilder net("whole", {28, 28, 1});
  const int stem = net.convolution("stem", 0, {.channels = 3, .kernel = 5, .stride = 4});
  const int at = net.relu(net.batch_norm("n1", stem));
  const int more = net.relu(
      net.batch_norm("n2", net.convolution("more", at, {.channels = 4, .kernel = 3, .stride = 2})));
  net.linear("fc", net.flatten(more), 10, true);
  return std::move(net).finish();
}

Graph rest_alone() {
  GraphBuilder net("rest", {6, 6, 3});
  const int at = net.relu(net.batch_norm("n1", 0));
  const int more = net.relu(
      net.batch_norm("n2", net.convolution("more", at, {.channels = 4, .kernel = 3, .stride = 2})));
  net.linear("fc", net.flatten(more), 10, true);
  return std::move(net).finish();
}

/// What the stem makes of a set's images, as images of the rest.
ImageSet seen_by_rest(Network& whole, const GraphCut& cut, const ImageSet& set) {
  PartInference stem(whole, cut_at_input(whole.graph()), cut);
  ImageSet seen{.image = {6, 6, 3}, .pixels = {}, .labels = set.labels};
  seen.normalise.signed_inputs = true;
  seen.values.resize(set.size() * 108);
  for_each_batch(set, {0, set.size()}, 50, [&](const Batch& batch, std::size_t first) {
    const Tensor* const pixels[] = {&batch.images};
    const Tensor& values = *stem.forward(pixels).front();
    std::copy(values.values().begin(), values.values().end(),
              seen.values.begin() + static_cast<std::ptrdiff_t>(first * 108));
  });
  return seen;
}

NodeValues node_values_of(const Graph& graph, const GraphCut& cut, const ImageSet& seen) {
  NodeValues values(graph, cut.frontier, seen.size());
  Tensor all({static_cast<int>(seen.size()), 6, 6, 3});
  std::copy(seen.values.begin(), seen.values.end(), all.data());
  const Tensor* const one[] = {&all};
  values.put(0, one);
  return values;
}

const std::vector<float>& named_values(const Weights& weights, const std::string& name) {
  for (const NamedValues& one : weights)
    if (one.name == name) return one.values;
  throw std::runtime_error("no values " + name);
}

class MeasuredPartTraining : public testing::Test {
 protected:
  void SetUp() override { omp_set_num_threads(1); }

  Dataset data_ =
      load_dataset({.name = "glyphs", .train_limit = 220, .test_limit = 2, .validation = 0.1}, 1);
  Network whole_{stem_and_rest(), {}, 7};
  GraphCut cut_ = cut_behind(whole_.graph(), std::vector<int>{1});
  ImageSet train_seen_ = seen_by_rest(whole_, cut_, data_.train);
  ImageSet validation_seen_ = seen_by_rest(whole_, cut_, data_.validation);
  NodeValues train_values_ = node_values_of(whole_.graph(), cut_, train_seen_);
  NodeValues validation_values_ = node_values_of(whole_.graph(), cut_, validation_seen_);
  MeasuredPart part_{cut_, train_values_, validation_values_, 1, 7};
};

TEST_F(MeasuredPartTraining, IsTheTrainingOfTheRestAsANetworkOfItsOwn) {
  const TrainCard card{.epochs = 2,
                       .batch = 32,
                       .optimizer = {.kind = OptimizerKind::adamw, .weight_decay = 0.01},
                       .average = 0.9,
                       .recalibrate = 100};
  Network rest(rest_alone(), {}, 7);
  const Weights begin = weights_of(whole_);
  Weights same = weights_of(rest);
  for (NamedValues& one : same) one.values = named_values(begin, one.name);
  set_weights(rest, same);
  const TrainResult alone =
      train(rest, {.shape = data_.shape, .train = train_seen_, .validation = validation_seen_},
            {card, 7});
  const TrainResult together = train(whole_, data_, {card, 7}, {.measured = &part_});
  const Weights end = weights_of(whole_);
  for (const NamedValues& one : weights_of(rest))
    EXPECT_EQ(named_values(end, one.name), one.values) << one.name;
  for (std::size_t e = 0; e < 2; ++e) {
    EXPECT_EQ(together.epochs[e].loss, alone.epochs[e].loss);
    EXPECT_EQ(together.epochs[e].validation_accuracy, alone.epochs[e].validation_accuracy);
  }
  for (const NamedValues& one : begin) {
    const bool stays =
        one.name.starts_with("stem") || one.name.find(".constant.") != std::string::npos;
    EXPECT_EQ(named_values(end, one.name) == one.values, stays) << one.name;
  }
  EXPECT_EQ(validation_accuracy(whole_, data_.validation, part_),
            together.epochs[static_cast<std::size_t>(together.best_epoch)].validation_accuracy);
}

TEST_F(MeasuredPartTraining, EpochsTakeTheViewsOfEveryImageInTurn) {
  // The second view is that of other images: an epoch on it alone is a training on those.
  NodeValues both(whole_.graph(), cut_.frontier, 2 * data_.train.size());
  std::vector<Tensor> one;
  train_values_.take(0, data_.train.size(), one);
  both.put(0, pointers(one));
  for (float& value : one[0].values()) value = -value;
  both.put(data_.train.size(), pointers(one));
  const MeasuredPart two{cut_, both, validation_values_, 2, 7};
  const auto losses = [&](const MeasuredPart& part) {
    Network network(stem_and_rest(), {}, 7);
    const TrainCard card{.epochs = 3, .schedule = {.kind = RateKind::constant, .rate = 1e-9}};
    std::vector<double> all;
    for (const EpochRecord& epoch : train(network, data_, {card, 7}, {.measured = &part}).epochs)
      all.push_back(epoch.loss);
    return all;
  };
  const std::vector<double> single = losses(part_), turns = losses(two);
  // At a rate of nothing only the order and the batches' own statistics move the loss.
  EXPECT_NEAR(turns[0], single[0], 1e-12);
  EXPECT_GT(std::abs(turns[1] - single[1]), 0.01);
  EXPECT_NEAR(turns[2], single[2], 1e-3);
}

/// Notes every weight that is loaded.
class WeightNotes : public reference::SlowEngine {
 public:
  void load(int layer, const LayerShape& shape, std::span<const float> weights,
            std::uint32_t write) override {
    if (layer == 0) loaded.emplace_back(weights.begin(), weights.end());
    SlowEngine::load(layer, shape, weights, write);
  }
  std::vector<std::vector<float>> loaded;
};

TEST(WeightNoise, IsNormalWithAShareOfTheLargestWeightAndNewAtEveryStep) {
  GraphBuilder net("linear", {1, 1, 120});
  net.linear("fc", 0, 100, false);
  Network network(std::move(net).finish(), {}, 7);
  const std::vector<float> clean = dense_weight(network.weight_layers()[0]);
  float largest = 0;
  for (const float weight : clean) largest = std::max(largest, std::fabs(weight));
  TrainingPass pass(network, 5);
  WeightNotes engine;
  Tensor x({1, 1, 1, 120});
  std::fill_n(x.data(), 120, 1.0F);
  for (const std::uint64_t step : {0u, 1u, 0u})
    pass.forward(x, {.step = step, .engine = &engine, .weight_noise = 0.2});
  pass.forward(x, {.step = 2, .engine = &engine});
  EXPECT_EQ(engine.loaded[0], engine.loaded[2]) << "a function of the step";
  EXPECT_EQ(engine.loaded[3], clean);
  EXPECT_EQ(dense_weight(network.weight_layers()[0]), clean) << "the network's own stay";
  const auto count = static_cast<double>(clean.size());
  for (const std::size_t step : {0u, 1u}) {
    double mean = 0, square = 0, product = 0;
    for (std::size_t i = 0; i < clean.size(); ++i) {
      const double z = (engine.loaded[step][i] - clean[i]) / (0.2 * largest);
      mean += z / count;
      square += z * z / count;
      product += z * (engine.loaded[1 - step][i] - clean[i]) / (0.2 * largest) / count;
    }
    EXPECT_NEAR(mean, 0, 4 / std::sqrt(count));
    EXPECT_NEAR(square, 1, 4 * std::sqrt(2 / count)) << "standard error of a variance";
    EXPECT_NEAR(product, 0, 4 / std::sqrt(count)) << "steps are independent";
  }
}

TEST(WeightNoise, GradientsOfWeightsAreThoseOfTheNoisyNetworkStraightThrough) {
  // y = W2 W1 x: the gradient of W1 is (W2 + noise)^T d x^T whatever the noise on W1 itself is.
  GraphBuilder net("linear", {1, 1, 6});
  net.linear("second", net.linear("first", 0, 5, false), 4, false);
  Network network(std::move(net).finish(), {}, 7);
  TrainingPass pass(network, 5);
  const reference::Doubles x = reference::random_doubles(6, 1), d = reference::random_doubles(4, 2);
  /// Notes the second layer's weight.
  class Second : public reference::SlowEngine {
   public:
    void load(int layer, const LayerShape& shape, std::span<const float> weights,
              std::uint32_t write) override {
      if (layer == 1) weight.assign(weights.begin(), weights.end());
      SlowEngine::load(layer, shape, weights, write);
    }
    std::vector<float> weight;
  };
  Second engine;
  pass.forward(reference::tensor(x, {1, 1, 1, 6}), {.engine = &engine, .weight_noise = 0.3});
  pass.backward(reference::tensor(d, {1, 1, 1, 4}));
  const std::vector<float>& got = network.weight_layers()[0].source->parameters()[0]->gradient;
  reference::Doubles expected(30, 0.0);
  for (std::size_t o = 0; o < 5; ++o)
    for (std::size_t k = 0; k < 4; ++k)
      for (std::size_t i = 0; i < 6; ++i)
        expected[o * 6 + i] += double{engine.weight[k * 5 + o]} * d[k] * x[i];
  reference::expect_near(got, expected, 4, "gradient");
}

}  // namespace
}  // namespace lightloom::nn
