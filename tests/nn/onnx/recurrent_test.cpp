// Recurrent cells of the interpreter by their formulas and by laws.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/nn/onnx/arrays.hpp"

namespace lightloom::nn::onnx::recurrent_tests {
namespace {

using namespace arrays;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST(OnnxRecurrent, OneStepOfEachCellIsItsFormula) {
  // One input, one hidden unit. Gates of the weights in the file's order.
  const double x = 0.7, h = 0.3, c = -0.4;
  const Array seq = of_floats({1, 1, 1}, {0.7f}), h0 = of_floats({1, 1, 1}, {0.3f}),
              c0 = of_floats({1, 1, 1}, {-0.4f});
  const Array w4 = of_floats({1, 4, 1}, {0.5f, -0.6f, 0.7f, 0.8f}),
              r4 = of_floats({1, 4, 1}, {0.1f, 0.2f, -0.3f, 0.4f}),
              b8 = of_floats({1, 8}, {1, 2, 3, 4, -1, 0.5f, -2, 0.25f}),
              p3 = of_floats({1, 3}, {0.9f, -0.8f, 0.6f});
  const double i = sigmoid(0.5 * x + 0.1 * h + 1 - 1 + 0.9 * c);
  const double f = sigmoid(0.7 * x - 0.3 * h + 3 - 2 + 0.6 * c);
  const double cell = f * c + i * std::tanh(0.8 * x + 0.4 * h + 4 + 0.25);
  const double o = sigmoid(-0.6 * x + 0.2 * h + 2 + 0.5 - 0.8 * cell);
  const auto lstm = run("LSTM", {seq, w4, r4, b8, left_out, h0, c0, p3}, {}, 3);
  EXPECT_NEAR(lstm[0].floats[0], o * std::tanh(cell), 1e-6);
  EXPECT_NEAR(lstm[1].floats[0], o * std::tanh(cell), 1e-6);
  EXPECT_NEAR(lstm[2].floats[0], cell, 1e-6);

  const Array w3 = of_floats({1, 3, 1}, {0.5f, -0.6f, 0.7f}),
              r3 = of_floats({1, 3, 1}, {0.1f, 0.2f, -0.3f}),
              b6 = of_floats({1, 6}, {1, 2, 3, -1, 0.5f, -2});
  const double z = sigmoid(0.5 * x + 0.1 * h), r = sigmoid(-0.6 * x + 0.2 * h + 2.5);
  for (const std::int64_t after : {0, 1}) {
    const double n = after ? std::tanh(0.7 * x + 3 + r * (-0.3 * h - 2))
                           : std::tanh(0.7 * x + 3 - 0.3 * (r * h) - 2);
    const auto gru =
        run("GRU", {seq, w3, r3, b6, left_out, h0}, {{"linear_before_reset", number(after)}}, 2);
    EXPECT_NEAR(gru[1].floats[0], (1 - z) * n + z * h, 1e-6) << after;
  }
  const auto rnn = run("RNN",
                       {seq, of_floats({1, 1, 1}, {0.5f}), of_floats({1, 1, 1}, {0.1f}),
                        of_floats({1, 2}, {1, -0.25f}), left_out, h0},
                       {{"activations", {.texts = {"Relu"}}}}, 2);
  EXPECT_NEAR(rnn[0].floats[0], 0.5 * x + 0.1 * h + 0.75, 1e-6);
}

TEST(OnnxRecurrent, TheSecondDirectionIsTheFirstOnTheTurnedSequence) {
  const Array x = drawn({4, 2, 3}, 0);  // steps, sequences, inputs
  Array turned = x;
  for (std::size_t t = 0; t < 4; ++t)
    std::copy_n(x.floats.begin() + static_cast<std::ptrdiff_t>((3 - t) * 6), 6,
                turned.floats.begin() + static_cast<std::ptrdiff_t>(t * 6));
  const Array w = drawn({1, 20, 3}, 1), r = drawn({1, 20, 5}, 2), b = drawn({1, 40}, 3);
  const auto twice = [](const Array& one) {
    Array both = one;
    both.dims[0] = 2;
    both.floats.insert(both.floats.end(), one.floats.begin(), one.floats.end());
    return both;
  };
  const auto forward = run("LSTM", {x, w, r, b}, {}, 3),
             back = run("LSTM", {turned, w, r, b}, {}, 3);
  const auto both =
      run("LSTM", {x, twice(w), twice(r), twice(b)}, {{"direction", {.text = "bidirectional"}}}, 3);
  ASSERT_EQ(both[0].dims, (std::vector<std::int64_t>{4, 2, 2, 5}));
  for (std::size_t t = 0; t < 4; ++t)
    for (std::size_t i = 0; i < 10; ++i) {
      EXPECT_EQ(both[0].floats[t * 20 + i], forward[0].floats[t * 10 + i]);
      EXPECT_EQ(both[0].floats[t * 20 + 10 + i], back[0].floats[(3 - t) * 10 + i]);
    }
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(both[2].floats[10 + i], back[2].floats[i]);
}

TEST(OnnxRecurrent, ShortSequencesEndWhereTheySay) {
  const Array x = drawn({4, 2, 3}, 0), w = drawn({1, 15, 3}, 1), r = drawn({1, 15, 5}, 2);
  const auto all = run("GRU", {x, w, r}, {}, 2);
  const auto cut =
      run("GRU", {x, w, r, left_out, of_integers({2}, {4, 2}, ElementType::int32)}, {}, 2);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(cut[1].floats[i], all[1].floats[i]) << "the long one";
    EXPECT_EQ(cut[1].floats[5 + i], all[0].floats[1 * 10 + 5 + i]) << "after its second step";
    EXPECT_EQ(cut[0].floats[2 * 10 + 5 + i], 0) << "nothing behind its end";
  }
}

}  // namespace
}  // namespace lightloom::nn::onnx::recurrent_tests
