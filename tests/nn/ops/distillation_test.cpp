#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "nn/ops/loss.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn {
namespace {

using reference::Doubles;

Doubles softmax_at(const Doubles& logits, std::size_t first, double temperature) {
  Doubles p(logits.begin() + static_cast<std::ptrdiff_t>(first),
            logits.begin() + static_cast<std::ptrdiff_t>(first) + 3);
  double sum = 0;
  for (double& one : p) sum += one = std::exp(one / temperature);
  for (double& one : p) one /= sum;
  return p;
}

TEST(Distillation, LossIsTheWeightedSumOfDivergenceAtItsTemperatureAndCrossEntropy) {
  const Doubles student{0.5, -1.0, 2.0, 1.5, 0.25, -0.75}, teacher{1.0, 0.5, -2.0, -0.5, 3.0, 0.0};
  const std::vector<int> labels{2, 0};
  const TensorShape shape(2, 1, 1, 3);
  for (const DistillationOptions& options :
       {DistillationOptions{.temperature = 3, .beta = 0.9}, {.temperature = 1.5, .beta = 0.25}}) {
    double expected = 0;
    for (std::size_t image = 0; image < 2; ++image) {
      const Doubles p = softmax_at(student, 3 * image, options.temperature),
                    q = softmax_at(teacher, 3 * image, options.temperature),
                    plain = softmax_at(student, 3 * image, 1);
      double divergence = 0;
      for (std::size_t c = 0; c < 3; ++c) divergence += q[c] * std::log(q[c] / p[c]);
      expected += options.beta * options.temperature * options.temperature * divergence / 2 -
                  (1 - options.beta) * std::log(plain[static_cast<std::size_t>(labels[image])]) / 2;
    }
    Tensor d_logits;
    const double loss =
        distillation(reference::tensor(student, shape), {reference::tensor(teacher, shape), labels},
                     options, d_logits);
    EXPECT_NEAR(loss, expected, 1e-12 * 20);  // logits are exact in float; 20 terms of order one
  }
}

}  // namespace
}  // namespace lightloom::nn
