#include "nn/optim/optimizer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "core/error.hpp"

namespace lightloom::nn {
namespace {

Parameter parameter(std::vector<float> value) {
  Parameter p{.name = "p", .value = std::move(value)};
  p.gradient.resize(p.value.size());
  return p;
}

/// A gradient that changes from step to step.
double slope(double x, int step) { return 2 * (x - 0.3) + 0.1 * std::sin(1.7 * step); }

/// The update rules in double precision, written from their papers one scalar at a time.
struct Scalar {
  OptimizerOptions options;
  double x, m = 0, v = 0;

  void step(int t, double lr) {
    double g = slope(x, t);
    const bool adam_family = options.kind == OptimizerKind::adam ||
                             options.kind == OptimizerKind::adamw ||
                             options.kind == OptimizerKind::radam;
    if (options.kind == OptimizerKind::adamw || options.kind == OptimizerKind::radam)
      x -= lr * options.weight_decay * x;
    else
      g += options.weight_decay * x;
    if (!adam_family) {
      m = t == 1 ? g : options.momentum * m + g;
      x -= lr * (options.kind == OptimizerKind::nesterov ? g + options.momentum * m : m);
      return;
    }
    m = options.beta1 * m + (1 - options.beta1) * g;
    v = options.beta2 * v + (1 - options.beta2) * g * g;
    const double bias1 = 1 - std::pow(options.beta1, t), bias2 = 1 - std::pow(options.beta2, t);
    if (options.kind != OptimizerKind::radam) {
      x -= lr * (m / bias1) / (std::sqrt(v / bias2) + options.epsilon);
      return;
    }
    const double inf = 2 / (1 - options.beta2) - 1;
    const double rho = inf - 2 * t * std::pow(options.beta2, t) / bias2;
    if (rho < 5) {
      x -= lr * m / bias1;
      return;
    }
    const double r =
        std::sqrt(bias2 * (rho - 4) / (inf - 4) * (rho - 2) / rho * inf / (inf - 2)) / bias1;
    x -= lr * r * m / (std::sqrt(v) + options.epsilon);
  }
};

TEST(Optimizer, FollowsEachRuleForAHundredSteps) {
  for (const OptimizerKind kind : {OptimizerKind::sgd, OptimizerKind::nesterov, OptimizerKind::adam,
                                   OptimizerKind::adamw, OptimizerKind::radam}) {
    const OptimizerOptions options{.kind = kind, .weight_decay = 0.01};
    Parameter p = parameter({1.0f, -2.0f, 0.5f});
    Parameter* all[] = {&p};
    Optimizer optimizer(options, all);
    std::vector<Scalar> reference{{options, 1.0}, {options, -2.0}, {options, 0.5}};
    for (int t = 1; t <= 100; ++t) {
      for (std::size_t i = 0; i < 3; ++i) {
        p.gradient[i] = static_cast<float>(slope(p.value[i], t));
        reference[i].step(t, 0.01);
      }
      optimizer.step(0.01);
      // Rounding of 100 steps of a contraction in single precision.
      for (std::size_t i = 0; i < 3; ++i)
        ASSERT_NEAR(p.value[i], reference[i].x, 2e-5)
            << "kind " << static_cast<int>(kind) << " step " << t;
    }
  }
}

TEST(Optimizer, RectifiesFromTheSixthStepOn) {
  for (int t = 1; t <= 5; ++t) EXPECT_EQ(radam_rectification(t, 0.9, 0.999), 0) << t;
  EXPECT_GT(radam_rectification(6, 0.9, 0.999), 0);
  // The factor tends to one.
  EXPECT_NEAR(radam_rectification(1000000, 0.9, 0.999), 1.0, 1e-3);
}

TEST(Optimizer, ClearsTheGradientsItUsed) {
  Parameter p = parameter({1.0f});
  Parameter* all[] = {&p};
  Optimizer optimizer({.kind = OptimizerKind::sgd}, all);
  p.gradient[0] = 1;
  optimizer.step(0.1);
  EXPECT_EQ(p.gradient[0], 0.0f);
}

TEST(Optimizer, DecaysOnlyWhatAsksForIt) {
  Parameter weight = parameter({1.0f}), scale = parameter({1.0f});
  scale.decay = false;
  Parameter* all[] = {&weight, &scale};
  Optimizer optimizer({.kind = OptimizerKind::radam, .weight_decay = 0.5}, all);
  optimizer.step(0.1);
  EXPECT_FLOAT_EQ(weight.value[0], 0.95f);
  EXPECT_EQ(scale.value[0], 1.0f);
}

TEST(Optimizer, ContinuesToTheBitFromASavedState) {
  for (const OptimizerKind kind : {OptimizerKind::nesterov, OptimizerKind::radam}) {
    Parameter whole = parameter({1.0f, -2.0f}), halved = whole;
    Parameter* all_whole[] = {&whole};
    Parameter* all_halved[] = {&halved};
    Optimizer straight({.kind = kind}, all_whole);
    std::optional<Optimizer> pieces(std::in_place, OptimizerOptions{.kind = kind}, all_halved);
    for (int t = 1; t <= 20; ++t) {
      for (Parameter* p : {&whole, &halved})
        for (std::size_t i = 0; i < 2; ++i)
          p->gradient[i] = static_cast<float>(slope(p->value[i], t));
      straight.step(0.02);
      pieces->step(0.02);
      if (t != 9) continue;
      const OptimizerState saved = pieces->state();
      pieces.emplace(OptimizerOptions{.kind = kind}, all_halved);
      pieces->restore(saved);
    }
    EXPECT_EQ(whole.value, halved.value);
  }
}

TEST(Optimizer, RefusesTheStateOfOtherParameters) {
  Parameter one = parameter({1.0f}), two = parameter({1.0f, 2.0f});
  Parameter* first[] = {&one};
  Parameter* second[] = {&two};
  Optimizer a({}, first), b({}, second);
  EXPECT_THROW(a.restore(b.state()), Error);
}

}  // namespace
}  // namespace lightloom::nn
