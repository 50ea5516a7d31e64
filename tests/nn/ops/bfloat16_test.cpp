#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "nn/graph/graph.hpp"
#include "nn/ops/products/product.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn {
namespace {

using reference::Doubles;
using reference::floats;
using reference::random_doubles;

/// To 8 significant bits, half to even: the definition, in double precision.
double to_bfloat16(double value) {
  if (value == 0) return 0;
  const double step = std::ldexp(1.0, std::ilogb(value) - 7);
  return std::nearbyint(value / step) * step;
}

Doubles rounded(Doubles values) {
  for (double& value : values) value = to_bfloat16(value);
  return values;
}

Doubles magnitudes(Doubles values) {
  for (double& value : values) value = std::fabs(value);
  return values;
}

/// A layer and its gradients in double precision, of operands or of their magnitudes.
struct Sums {
  Doubles y, dx, dw, db;

  struct Operands {
    const Doubles &x, &w, &dy;
  };
  Sums(const LayerShape& s, int images, const Operands& of)
      : y(of.dy.size(), 0.0),
        dx(of.x.size(), 0.0),
        dw(of.w.size(), 0.0),
        db(static_cast<std::size_t>(s.out_channels), 0.0) {
    reference::each_product(s, images, [&](std::size_t xi, std::size_t wi, std::size_t yi) {
      y[yi] += of.x[xi] * of.w[wi];
      dx[xi] += of.w[wi] * of.dy[yi];
      dw[wi] += of.x[xi] * of.dy[yi];
    });
    for (std::size_t i = 0; i < y.size(); ++i) db[i % db.size()] += of.dy[i];
  }
};

/// Every element of `got` against sums of `terms` products in float32 arithmetic: at most
/// `terms` roundings of the sum of the products' magnitudes (Higham 2002, eq. 3.5).
void expect_sums(std::span<const float> got, const Doubles& exact, const Doubles& sizes,
                 double terms) {
  ASSERT_EQ(got.size(), exact.size());
  constexpr double unit = 0x1p-24;
  for (std::size_t i = 0; i < exact.size(); ++i)
    ASSERT_NEAR(got[i], exact[i], terms * unit * sizes[i] + 1e-30) << i;
}

struct RoundedCase {
  const char* name;
  MapShape image;
  ConvolutionOptions options;
};

class Bfloat16Products : public testing::TestWithParam<RoundedCase> {
  void SetUp() override {
    if (!multiplies_bfloat16()) GTEST_SKIP() << "this processor has no bfloat16";
  }
};

TEST_P(Bfloat16Products, AreFloatSumsOfProductsOfRoundedOperands) {
  GraphBuilder net("one", GetParam().image);
  net.convolution("conv", 0, GetParam().options);
  const LayerShape s = layer_shape(std::move(net).finish(), 1);
  const int images = 3;
  const TensorShape x_shape(images, s.in_height, s.in_width, s.in_channels);
  const TensorShape y_shape(images, s.out_height, s.out_width, s.out_channels);
  const auto in = static_cast<std::size_t>(x_shape.size()),
             out = static_cast<std::size_t>(y_shape.size());
  const Doubles x = random_doubles(in, 0), dy = random_doubles(out, 2);
  const Doubles w = random_doubles(static_cast<std::size_t>(s.weights()), 1);
  const Doubles rx = rounded(x), rw = rounded(w), rdy = rounded(dy);
  const Doubles ax = magnitudes(rx), aw = magnitudes(rw), ady = magnitudes(rdy);
  const Tensor tx = reference::tensor(x, x_shape), tdy = reference::tensor(dy, y_shape);
  const Sums exact(s, images, {rx, rw, rdy}), sizes(s, images, {ax, aw, ady});
  Product product(s, nullptr, {.precision = Precision::bfloat16});
  product.set_weights(floats(w));

  Tensor y(y_shape), dx(x_shape);
  product.forward(tx, {}, y);
  expect_sums(y.values(), exact.y, sizes.y, s.matrix_columns());
  product.backward_input(tdy, dx);
  expect_sums(dx.values(), exact.dx, sizes.dx, 1.0 * s.out_channels * s.kernel_area());
  std::vector<float> dw(w.size()), db(static_cast<std::size_t>(s.out_channels));
  product.backward_weights(tx, tdy, dw, db);
  const auto positions = static_cast<double>(y_shape.pixels());
  expect_sums(dw, exact.dw, sizes.dw, positions);
  expect_sums(db, exact.db, sizes.db, positions);
}

INSTANTIATE_TEST_SUITE_P(
    AwkwardSizes, Bfloat16Products,
    testing::Values(
        RoundedCase{"plain", {7, 5, 3}, {.channels = 5, .kernel = 3, .padding = 1}},
        RoundedCase{"stride", {7, 6, 5}, {.channels = 7, .kernel = 3, .stride = 2, .padding = 1}},
        RoundedCase{"blocked", {6, 7, 32}, {.channels = 16, .kernel = 3, .padding = 1}},
        RoundedCase{"pointwise", {3, 5, 19}, {.channels = 11}},
        RoundedCase{"shortcut", {5, 5, 6}, {.channels = 9, .stride = 2}},
        RoundedCase{"groups", {6, 5, 6}, {.channels = 9, .kernel = 3, .padding = 1, .groups = 3}},
        RoundedCase{"depthwise",
                    {5, 7, 11},
                    {.channels = 11, .kernel = 3, .stride = 2, .padding = 1, .groups = 11}},
        RoundedCase{
            "dilation", {9, 8, 3}, {.channels = 4, .kernel = 3, .padding = 2, .dilation = 2}},
        RoundedCase{"sides", {9, 8, 3}, {.channels = 4, .kernel = 3, .padding = {0, 2, 1, 3}}}),
    [](const auto& one) { return one.param.name; });

// With AMX their weight gradients are products of patches.
INSTANTIATE_TEST_SUITE_P(
    Patches, Bfloat16Products,
    testing::Values(
        RoundedCase{"narrow", {5, 4, 32}, {.channels = 64, .kernel = 3, .padding = 1}},
        RoundedCase{"stride", {9, 7, 33}, {.channels = 65, .kernel = 3, .stride = 2, .padding = 1}},
        RoundedCase{"sides",
                    {7, 6, 32},
                    {.channels = 64, .kernel = 3, .stride = {2, 1}, .padding = {0, 2, 1, 3}}},
        RoundedCase{"dilation",
                    {9, 8, 32},
                    {.channels = 64, .kernel = 3, .padding = {1, 2, 3, 2}, .dilation = {1, 2}}},
        RoundedCase{"pointwise", {6, 9, 17}, {.channels = 5}},
        RoundedCase{"shortcut", {6, 7, 17}, {.channels = 9, .stride = {2, 3}}},
        RoundedCase{"padded_point", {4, 3, 16}, {.channels = 3, .padding = 1}}),
    [](const auto& one) { return one.param.name; });

TEST(Bfloat16, GradientsOfManyPatchesAreSummedOverPartsOfTheBatch) {
  if (!multiplies_bfloat16()) GTEST_SKIP() << "this processor has no bfloat16";
  GraphBuilder net("one", {8, 8, 512});
  net.convolution("conv", 0, {.channels = 64, .kernel = 3, .padding = 1});
  const LayerShape s = layer_shape(std::move(net).finish(), 1);
  const int images = 70;  // of 295 thousand numbers each: three parts
  Tensor x({images, 8, 8, 512}), dy({images, 8, 8, 64});
  std::fill(x.values().begin(), x.values().end(), 1.0f);
  std::fill(dy.values().begin(), dy.values().end(), 1.0f);
  Product product(s, nullptr, {.precision = Precision::bfloat16});
  std::vector<float> dw(static_cast<std::size_t>(s.weights())), db(64);
  product.backward_weights(x, dy, dw, db);
  EXPECT_EQ(dw[4], 64 * images) << "the middle of the kernel sees every pixel";
  EXPECT_EQ(dw[0], 49 * images) << "its corner all but a row and a column";
  EXPECT_EQ(db[63], 64 * images);
}

TEST(Bfloat16, RoundsToNearestAndHalfToEven) {
  if (!multiplies_bfloat16()) GTEST_SKIP() << "this processor has no bfloat16";
  const LayerShape s{
      .name = "fc", .kind = LayerShape::Kind::linear, .in_channels = 1, .out_channels = 1};
  Product product(s, nullptr, {.precision = Precision::bfloat16});
  product.set_weights(std::vector<float>{1.0f});
  const auto through = [&](float value) {
    Tensor x({1, 1, 1, 1}), y({1, 1, 1, 1});
    x.values()[0] = value;
    product.forward(x, {}, y);
    return y.values()[0];
  };
  EXPECT_EQ(through(1 + 0x1p-8f), 1.0f);
  EXPECT_EQ(through(1 + 0x3p-8f), 1 + 0x1p-6f);
  EXPECT_EQ(through(std::nextafter(1 + 0x1p-8f, 2.0f)), 1 + 0x1p-7f);
  EXPECT_EQ(through(-(1 + 0x3p-8f)), -(1 + 0x1p-6f));
  EXPECT_EQ(through(1e30f), static_cast<float>(to_bfloat16(1e30f))) << "float32's range";
}

TEST(Bfloat16, SumsOfSmallIntegersAreExact) {
  if (!multiplies_bfloat16()) GTEST_SKIP() << "this processor has no bfloat16";
  const LayerShape s{
      .name = "fc", .kind = LayerShape::Kind::linear, .in_channels = 333, .out_channels = 7};
  Doubles x = random_doubles(5 * 333, 0), w = random_doubles(7 * 333, 1);
  for (double& value : x) value = std::rint(std::clamp(64 * value, -255.0, 255.0));
  for (double& value : w) value = std::rint(std::clamp(64 * value, -127.0, 127.0));
  Product product(s, nullptr, {.precision = Precision::bfloat16});
  product.set_weights(floats(w));
  Tensor y({5, 1, 1, 7});
  product.forward(reference::tensor(x, {5, 1, 1, 333}), {}, y);
  const Doubles expected = reference::product(s, 5, x, w);
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(y.values()[i], expected[i]);
}

TEST(Precision, WhatTheProcessorLacksIsRefusedByItsKey) {
  EXPECT_NO_THROW(require_precision(Precision::float32, "train.precision"));
  EXPECT_EQ(quickest_precision() == Precision::bfloat16, multiplies_bfloat16());
  if (multiplies_bfloat16()) {
    EXPECT_NO_THROW(require_precision(Precision::bfloat16, "train.precision"));
    return;
  }
  try {
    require_precision(Precision::bfloat16, "teacher.precision");
    FAIL() << "it was accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("teacher.precision"), std::string::npos);
  }
}

}  // namespace
}  // namespace lightloom::nn
