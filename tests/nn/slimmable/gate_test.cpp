// The gate: its derivatives, what it learns, and that what it chooses is what is computed.
#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "core/random/random.hpp"
#include "nn/data/batch.hpp"
#include "nn/inference/inference.hpp"
#include "nn/slimmable/gate_training.hpp"
#include "nn/slimmable/gated_inference.hpp"
#include "nn/slimmable/sandwich.hpp"
#include "tests/nn/slimmable/small_slim.hpp"

namespace lightloom::nn {
namespace {

/// Images of 2 features; the first says whether the narrowest of 3 choices is right. The widest
/// always is.
GateExamples made_up_examples(std::size_t images) {
  GateExamples examples{.classes = 2,
                        .features = {},
                        .logits = std::vector<std::vector<float>>(3),
                        .labels = {},
                        .macs = {1e8, 4e8, 9e8}};
  const Stream stream({.seed = 4});
  for (std::size_t i = 0; i < images; ++i) {
    const double hard = stream.uniform(i, 0) < 0.4 ? 1 : 0;
    examples.features.push_back(static_cast<float>(2 * hard + 0.3 * stream.normal(i, 1)));
    examples.features.push_back(static_cast<float>(stream.normal(i, 2)));
    examples.labels.push_back(static_cast<int>(i % 2));
    for (std::size_t w = 0; w < 3; ++w) {
      const bool right = w == 2 || hard == 0;
      const auto up = static_cast<std::size_t>(examples.labels.back());
      for (std::size_t c = 0; c < 2; ++c)
        examples.logits[w].push_back((c == up) == right ? 1.5f : -1.0f);
    }
  }
  return examples;
}

GateCard small_gate_card() {
  return {.after = "a2",
          .trunk = 0.5,
          .choices = 3,
          .hidden = 5,
          .schedule = {.rate = 0.02, .milestones = {}},
          .optimizer = {.kind = OptimizerKind::adam}};
}

double log_sum(std::span<const double> logits) {
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit);
  return std::log(sum);
}

TEST(GateLoss, TakesTheSoftMaxOfItsTargetOnce) {
  const GateExamples examples = made_up_examples(6);
  GateCard card = small_gate_card();
  card.cost_weight = 0;
  GateBatch batch{examples, {0, 1, 2, 3, 4, 5}, {}};
  const std::vector<double> logits{.3, -.2, .5, 1, 0, -1, .1, .2, .3, 2, 1, 0, 0, 0, 0, -1, 1, 3};
  std::vector<double> d;
  const double with = gate_loss(card, batch, logits, d);
  card.target_weight = 0;
  const double without = gate_loss(card, batch, logits, d);
  double expected = 0;
  const std::vector<std::size_t> targets = gate_targets(examples);
  for (std::size_t i = 0; i < 6; ++i) {
    const auto row = std::span(logits).subspan(3 * i, 3);
    expected += (log_sum(row) - row[targets[i]]) / 6;
  }
  EXPECT_NEAR(with - without, expected, 1e-12);
}

TEST(GateLoss, CountsTheNetworksThatAreChosenAndTheirMean) {
  const GateExamples examples = made_up_examples(2);
  GateCard card = small_gate_card();
  card.target_weight = 0;
  card.cost_weight = 0.5;
  card.cost_unit_macs = 2e8;
  card.cost_target_macs = 1e8;
  const std::vector<double> logits{1, 0, 0, 0, 0, 1};  // the narrowest, the widest: 5e8 a mean
  std::vector<double> d;
  double task = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t w = i == 0 ? 0 : 2;
    const std::vector<double> z{examples.logits[w][2 * i], examples.logits[w][2 * i + 1]};
    task += (log_sum(z) - z[static_cast<std::size_t>(examples.labels[i])]) / 2;
  }
  EXPECT_NEAR(gate_loss(card, {examples, {0, 1}, {}}, logits, d), task + 0.5 * 4, 1e-12);
  card.cost_target_macs = 6e8;
  EXPECT_NEAR(gate_loss(card, {examples, {0, 1}, {}}, logits, d), task, 1e-12)
      << "below the target nothing is paid";
}

/// Straight through: with the loss linear in the choice, its gradient is that of the soft-max.
TEST(GateLoss, HasTheGradientOfTheSoftChoice) {
  const GateExamples examples = made_up_examples(3);
  GateCard card = small_gate_card();
  card.temperature = 0.7;
  card.cost_unit_macs = 3e8;
  const std::vector<std::uint32_t> images{2, 0, 1};
  const std::vector<double> noise{.4, -.3, .2, 0, .9, -.5, 1.2, .1, -.7};
  const std::vector<double> logits{.3, -.2, .5, 1, 0, -1, .1, .2, .3};
  std::vector<double> d;
  gate_loss(card, {examples, images, noise}, logits, d);
  // The mean cost of the hard choices.
  std::vector<std::size_t> hard;
  double macs = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    std::size_t best = 0;
    for (std::size_t k = 1; k < 3; ++k)
      if (logits[3 * i + k] + noise[3 * i + k] > logits[3 * i + best] + noise[3 * i + best])
        best = k;
    hard.push_back(best);
    macs += examples.macs[best] / 3;
  }
  const auto surrogate = [&](const std::vector<double>& at) {
    double value = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const std::size_t image = images[i];
      std::vector<double> soft, z;
      for (std::size_t k = 0; k < 3; ++k)
        soft.push_back(std::exp((at[3 * i + k] + noise[3 * i + k]) / card.temperature));
      const double sum = soft[0] + soft[1] + soft[2];
      for (std::size_t c = 0; c < 2; ++c) z.push_back(examples.logits[hard[i]][2 * image + c]);
      const double whole = std::exp(z[0]) + std::exp(z[1]);
      for (std::size_t k = 0; k < 3; ++k) {
        double slope = 2 * 0.5 * macs / 3e8 * examples.macs[k] / 3e8;
        for (std::size_t c = 0; c < 2; ++c)
          slope += (std::exp(z[c]) / whole - (static_cast<int>(c) == examples.labels[image])) *
                   examples.logits[k][2 * image + c];
        value += soft[k] / sum * slope / 3;
      }
      const auto row = std::span(at).subspan(3 * i, 3);
      value += (log_sum(row) - row[gate_targets(examples)[image]]) / 3;
    }
    return value;
  };
  for (std::size_t i = 0; i < logits.size(); ++i) {
    std::vector<double> more = logits, less = logits;
    more[i] += 1e-5;
    less[i] -= 1e-5;
    EXPECT_NEAR(d[i], (surrogate(more) - surrogate(less)) / 2e-5, 1e-7) << i;
  }
}

TEST(WidthGate, HasTheGradientsOfItsLogits) {
  WidthGate gate({.channels = 4, .hidden = 5, .choices = 3}, 2);
  for (Parameter* p : gate.parameters())
    fill_normal(Stream({.seed = 8}), p->value.size(), p->value);
  std::vector<float> features(8);
  fill_normal(Stream({.seed = 9}), 0, features);
  const std::vector<double> weights{.5, -1, 2, .3, 1, -.7};
  const auto value = [&] {
    const std::vector<double> logits = gate.logits(features);
    double sum = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) sum += weights[i] * logits[i];
    return sum;
  };
  value();
  gate.backward(features, weights);
  for (Parameter* p : gate.parameters())
    for (std::size_t i = 0; i < p->value.size(); ++i) {
      const float before = p->value[i];
      p->value[i] = before + 1e-3f;
      const double more = value();
      p->value[i] = before - 1e-3f;
      const double less = value();
      p->value[i] = before;
      EXPECT_NEAR(p->gradient[i], (more - less) / 2e-3, 2e-3) << p->name;
    }
}

TEST(WidthGate, BeginsWithoutAPreferenceAndCountsItsNumbers) {
  WidthGate gate({.channels = 4, .hidden = 5, .choices = 3}, 2);
  const std::vector<float> features{1, 2, 3, 4};
  EXPECT_EQ(gate.logits(features), std::vector<double>(3, 0.0));
  EXPECT_EQ(gate.bits(), 32 * (4 * 5 + 5 + 5 * 3 + 3));
}

TEST(TrainGate, LearnsWhichImagesTheNarrowestGetsRight) {
  const GateExamples examples = made_up_examples(1000);
  const GateCard card = small_gate_card();
  WidthGate gate({.channels = 2, .hidden = 5, .choices = 3}, 2), again(gate);
  const auto losses = train_gate(gate, examples, {card, 3});
  EXPECT_LT(losses.back(), losses.front());
  const std::vector<std::size_t> chosen = gate.choose(examples.features),
                                 wanted = gate_targets(examples);
  int agree = 0;
  for (std::size_t i = 0; i < chosen.size(); ++i) agree += chosen[i] == wanted[i] ? 1 : 0;
  EXPECT_GT(agree, 970) << "features are 6.7 deviations apart";
  EXPECT_EQ(chosen, gate.choose(examples.features)) << "no noise where it is used";
  train_gate(again, examples, {card, 3});
  for (std::size_t p = 0; p < 4; ++p)
    EXPECT_EQ(gate.parameters()[p]->value, again.parameters()[p]->value);
}

TEST(TrainGate, SpendsLessWhereMultiplicationsCost) {
  const GateExamples examples = made_up_examples(600);
  GateCard card = small_gate_card();
  card.target_weight = 0;
  const auto mean = [&](double weight) {
    card.cost_weight = weight;
    card.cost_unit_macs = 1e8;
    WidthGate gate({.channels = 2, .hidden = 5, .choices = 3}, 2);
    train_gate(gate, examples, {card, 3});
    double macs = 0;
    for (const std::size_t w : gate.choose(examples.features)) macs += examples.macs[w];
    return macs / 600;
  };
  EXPECT_EQ(mean(10), 1e8) << "all narrowest";
  EXPECT_GT(mean(0), 2e8);
}

/// A gate that gives the images with more of some feature than the median the widest, the others
/// width 1.
void split_in_the_middle(SlimmableNetwork& slim, const ImageSet& set, WidthGate& gate) {
  const GateExamples examples = gate_examples(slim, set, 2);
  std::size_t best = 0;
  double most = 0;
  std::vector<float> middle;
  for (std::size_t c = 0; c < 4; ++c) {
    std::vector<float> values;
    for (std::size_t i = 0; i < set.size(); ++i) values.push_back(examples.features[4 * i + c]);
    std::ranges::sort(values);
    middle.push_back(values[set.size() / 2]);
    if (values.back() - values.front() > most) {
      most = values.back() - values.front();
      best = c;
    }
  }
  const auto p = gate.parameters();  // A, a, B, b
  p[0]->value.assign(4, 0.0f);
  p[0]->value[best] = 100;
  p[1]->value[0] = -100 * middle[best];
  p[2]->value[3] = 1;
  p[3]->value[1] = 1e-4f;
}

TEST(GatedInference, ComputesEveryImageAtTheWidthThatItsGateChose) {
  omp_set_num_threads(1);
  SlimmableNetwork slim(slim_graph(), {}, slim_card(true), 5);
  const SlimCard card = slim_card(true);
  const TrainCard recipe{.batch = 32, .schedule = {.rate = 0.01}};
  const SlimTraining training{.data = slim_data(), .card = card, .recipe = {recipe, 5}};
  take_statistics(slim, training);
  for (NormLayer& norm : slim.network(3).norms())  // or untrained widths say much the same
    if (norm.name == "bn.b2") fill_normal(Stream({.seed = 8}), 0, norm.mean);
  ImageSet test = slim_data().test;
  keep_first(test, 60);
  WidthGate gate({.channels = 4, .hidden = 1, .choices = 4}, 2);
  split_in_the_middle(slim, test, gate);
  // Labels are what the whole network of the width that the gate wants says, image by image.
  Inference narrow(slim.network(1)), wide(slim.network(3));
  SlimInference parts(slim);
  std::vector<std::size_t> wanted;
  int disagree = 0;
  for (std::size_t i = 0; i < test.size(); ++i) {
    Batch one;
    const std::uint32_t number[] = {static_cast<std::uint32_t>(i)};
    fill_batch(test, number, one);
    wanted.push_back(gate.choose(pooled(parts.trunk(one.images)))[0]);
    const int low = predictions(narrow.forward(one.images))[0],
              high = predictions(wide.forward(one.images))[0];
    disagree += low != high ? 1 : 0;
    test.labels[i] = static_cast<std::uint16_t>(wanted.back() == 1 ? low : high);
  }
  ASSERT_GT(disagree, 5) << "the widths answer differently";
  ASSERT_GT(std::ranges::count(wanted, 1u), 20);
  ASSERT_GT(std::ranges::count(wanted, 3u), 20);
  const GatedAnswers answers = evaluate_gated(slim, gate, test, 7);
  EXPECT_EQ(answers.widths, wanted);
  EXPECT_EQ(answers.correct, std::vector<bool>(60, true));
  const auto widths = evaluate_widths(slim, test, 60);
  for (std::size_t i = 0; i < 60; ++i) EXPECT_TRUE(widths[wanted[i]][i]) << i;
}

TEST(GateExamples, AreTheLogitsOfEveryChoice) {
  omp_set_num_threads(1);
  SlimmableNetwork slim(slim_graph(), {}, slim_card(true), 5);
  ImageSet some = slim_data().test;
  keep_first(some, 5);
  const GateExamples examples = gate_examples(slim, some, 3);
  ASSERT_EQ(examples.logits.size(), 3u);
  EXPECT_EQ(examples.classes, 4u);
  EXPECT_EQ(examples.features.size(), 5u * 4u);
  Batch all;
  fill_batch(some, std::vector<std::uint32_t>{0, 1, 2, 3, 4}, all);
  for (std::size_t w = 0; w < 3; ++w) {
    Inference alone(slim.network(w));
    const Tensor& logits = alone.forward(all.images);
    for (std::size_t i = 0; i < 20; ++i) EXPECT_NEAR(examples.logits[w][i], logits.data()[i], 1e-4);
    EXPECT_EQ(examples.macs[w], macs_of(slim, w, nullptr));
  }
  EXPECT_LT(examples.macs[0], examples.macs[1]);
}

}  // namespace
}  // namespace lightloom::nn
