// Gates, concatenation, subsampling and dropout, gradients against differences in double precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "nn/ops/elementwise.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn {
namespace {

using reference::differences;
using reference::dot;
using reference::Doubles;
using reference::expect_near;
using reference::random_doubles;
using reference::tensor;

const TensorShape map(3, 5, 7, 13), gate(3, 1, 1, 13);

Doubles doubles(const TensorShape& shape, std::uint32_t family) {
  return random_doubles(static_cast<std::size_t>(shape.size()), family);
}

/// Channel c of image n scales all 35 positions of it.
Doubles gated(const Doubles& x, const Doubles& g) {
  Doubles y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = x[i] * g[i / (35 * 13) * 13 + i % 13];
  return y;
}

TEST(Gates, ForwardAndBothGradientsAgreeWithTheDefinition) {
  const Doubles x = doubles(map, 0), g = doubles(gate, 1), dy = doubles(map, 2);
  Tensor y(map), dx(map), dg(gate);
  multiply(tensor(x, map), tensor(g, gate), y);
  expect_near(y.values(), gated(x, g), 1, "y");
  multiply(tensor(dy, map), tensor(g, gate), dx);
  expect_near(dx.values(), differences(x, [&](const Doubles& v) { return dot(dy, gated(v, g)); }),
              20, "dx");
  multiply_backward(tensor(x, map), tensor(dy, map), dg);
  expect_near(dg.values(), differences(g, [&](const Doubles& v) { return dot(dy, gated(x, v)); }),
              35 + 20, "d_gate");
}

TEST(Gates, AFlattenedMapTimesRowsIsElementByElement) {
  const TensorShape rows(3, 1, 1, 455);
  const Doubles x = doubles(map, 0), r = doubles(map, 1);
  Doubles product(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) product[i] = x[i] * r[i];
  Tensor y(rows), d(rows);
  multiply(tensor(x, map), tensor(r, rows), y);
  expect_near(y.values(), product, 1, "y");
  multiply_backward(tensor(x, map), tensor(r, rows), d);
  expect_near(d.values(), product, 1, "d_right");
}

TEST(Gates, ChannelsAreJoinedAndSplitInTheirPlaces) {
  const TensorShape part(3, 5, 7, 4);
  const Doubles x = doubles(part, 0), w = doubles(map, 1);
  Tensor whole = tensor(w, map), back(part);
  join_channels(tensor(x, part), 6, whole);
  for (std::size_t i = 0; i < w.size(); ++i) {
    const std::size_t c = i % 13, pixel = i / 13;
    const double expected = c >= 6 && c < 10 ? x[pixel * 4 + c - 6] : w[i];
    ASSERT_EQ(whole.data()[i], static_cast<float>(expected)) << i;
  }
  split_channels(whole, 6, back);
  for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(back.data()[i], static_cast<float>(x[i]));
}

TEST(Gates, SubsamplingHasTheGradientOfItsDefinition) {
  const TensorShape small(3, 3, 4, 17);
  const Doubles x = doubles(map, 0), dy = doubles(small, 1);
  const auto chosen = [](const Doubles& v) {
    Doubles y(3 * 3 * 4 * 17, 0.0);
    for (std::size_t n = 0; n < 3; ++n)
      for (std::size_t h = 0; h < 3; ++h)
        for (std::size_t w = 0; w < 4; ++w)
          for (std::size_t c = 0; c < 13; ++c)
            y[((n * 3 + h) * 4 + w) * 17 + c + 2] = v[((n * 5 + 2 * h) * 7 + 2 * w) * 13 + c];
    return y;
  };
  Tensor y(small), dx(map);
  subsample(tensor(x, map), y);
  expect_near(y.values(), chosen(x), 1, "y");
  subsample_backward(tensor(dy, small), dx);
  expect_near(dx.values(), differences(x, [&](const Doubles& v) { return dot(dy, chosen(v)); }), 20,
              "dx");
}

TEST(Gates, DropoutKeepsItsShareScalesItAndItsGradientHasTheSameHoles) {
  const TensorShape shape(1, 1, 1, 40001);
  const Stream stream({4, Purpose::dropout});
  Tensor ones(shape), y(shape), dx(shape), later(shape);
  std::fill_n(ones.data(), 40001, 1.0f);
  drop(ones, {0.3, stream, 5}, y);
  double kept = 0;
  for (const float one : y.values()) {
    ASSERT_TRUE(one == 0 || std::abs(one - 1 / 0.7) < 1e-6) << one;
    kept += one != 0;
  }
  EXPECT_NEAR(kept, 0.7 * 40001, 4 * std::sqrt(40001 * 0.3 * 0.7));
  drop(ones, {0.3, stream, 5}, dx);
  EXPECT_TRUE(std::equal(y.values().begin(), y.values().end(), dx.data()));
  drop(ones, {0.3, stream, 6}, later);
  EXPECT_FALSE(std::equal(y.values().begin(), y.values().end(), later.data()));
}

}  // namespace
}  // namespace lightloom::nn
