#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>

#include "nn/graph/graph.hpp"
#include "nn/ops/elementwise.hpp"
#include "nn/ops/maps/pooling.hpp"
#include "nn/ops/normalisation.hpp"
#include "nn/ops/products/product.hpp"
#include "tests/nn/reference.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::nn {
namespace {

using reference::Doubles;
using reference::expect_near;
using reference::floats;
using reference::random_doubles;

struct Case {
  const char* name;
  MapShape image;
  ConvolutionOptions options;
};

LayerShape shape_of(const Case& c) {
  GraphBuilder net("one", c.image);
  net.convolution("conv", 0, c.options);
  return layer_shape(std::move(net).finish(), 1);
}

class ProductCases : public testing::TestWithParam<Case> {};

TEST_P(ProductCases, ForwardAndBothGradientsAgreeWithTheDefinition) {
  const LayerShape s = shape_of(GetParam());
  const int images = 3;
  const auto in = as_index(images * s.in_height * s.in_width * s.in_channels);
  const auto out = static_cast<std::size_t>(images * s.positions() * s.out_channels);
  const Doubles x = random_doubles(in, 0),
                w = random_doubles(static_cast<std::size_t>(s.weights()), 1);
  const Doubles dy = random_doubles(out, 2);
  const TensorShape x_shape(images, s.in_height, s.in_width, s.in_channels);
  const TensorShape y_shape(images, s.out_height, s.out_width, s.out_channels);
  const Tensor tx = reference::tensor(x, x_shape), tdy = reference::tensor(dy, y_shape);
  Tensor ty(y_shape), tdx(x_shape);
  Product product(s);
  product.set_weights(floats(w));
  product.forward(tx, {}, ty);
  expect_near(ty.values(), reference::product(s, images, x, w), s.matrix_columns(), "y");

  // The loss <dy, y> is linear in x and in w, so differences are exact up to rounding.
  product.backward_input(tdy, tdx);
  const Doubles dx = reference::differences(
      x, [&](const Doubles& v) { return reference::dot(dy, reference::product(s, images, v, w)); });
  expect_near(tdx.values(), dx, 1.0 * s.out_channels * s.kernel_area() * 100, "dx");
  std::vector<float> dw(w.size()), db(static_cast<std::size_t>(s.out_channels));
  product.backward_weights(tx, tdy, dw, db);
  const Doubles expected = reference::differences(
      w, [&](const Doubles& v) { return reference::dot(dy, reference::product(s, images, x, v)); });
  expect_near(dw, expected, 100.0 * static_cast<double>(images * s.positions()), "dw");
  Doubles bias(db.size(), 0.0);
  for (std::size_t i = 0; i < out; ++i) bias[i % bias.size()] += dy[i];
  expect_near(db, bias, static_cast<double>(images * s.positions()), "db");
}

INSTANTIATE_TEST_SUITE_P(
    AwkwardSizes, ProductCases,
    testing::Values(
        Case{"plain", {7, 5, 3}, {.channels = 5, .kernel = 3, .padding = 1}},
        Case{"stride", {7, 6, 5}, {.channels = 7, .kernel = 3, .stride = 2, .padding = 1}},
        Case{"grey", {9, 9, 1}, {.channels = 17, .kernel = 5, .stride = 2, .padding = 1}},
        Case{"pointwise", {3, 5, 19}, {.channels = 11}},
        Case{"shortcut", {5, 5, 6}, {.channels = 9, .stride = 2}},
        Case{"thin_shortcut", {8, 8, 3}, {.channels = 8, .stride = 2}},
        Case{"thin_axes", {7, 9, 2}, {.channels = 5, .stride = {3, 2}}},
        Case{"groups", {6, 5, 6}, {.channels = 9, .kernel = 3, .padding = 1, .groups = 3}},
        Case{"depthwise",
             {5, 7, 11},
             {.channels = 11, .kernel = 3, .stride = 2, .padding = 1, .groups = 11}},
        Case{"dilation", {9, 8, 3}, {.channels = 4, .kernel = 3, .padding = 2, .dilation = 2}},
        Case{"sides", {9, 8, 3}, {.channels = 4, .kernel = 3, .padding = {0, 2, 1, 3}}},
        Case{"axes",
             {11, 9, 4},
             {.channels = 6,
              .kernel = 3,
              .stride = {2, 1},
              .padding = {1, 0, 0, 2},
              .groups = 2,
              .dilation = {1, 3},
              .kernel_width = 2}}),
    [](const auto& one) { return one.param.name; });

TEST(Product, LinearLayerIsAMatrixProduct) {
  const LayerShape s{
      .name = "fc", .kind = LayerShape::Kind::linear, .in_channels = 33, .out_channels = 7};
  const Doubles x = random_doubles(5 * 33, 0), w = random_doubles(7 * 33, 1),
                dy = random_doubles(5 * 7, 2);
  Product product(s);
  product.set_weights(floats(w));
  Tensor y({5, 1, 1, 7}), dx({5, 1, 1, 33});
  const std::vector<float> bias(7, 0.5f);
  product.forward(reference::tensor(x, {5, 1, 1, 33}), bias, y);
  Doubles expected = reference::product(s, 5, x, w);
  for (double& value : expected) value += 0.5;
  expect_near(y.values(), expected, 33, "y");
  product.backward_input(reference::tensor(dy, {5, 1, 1, 7}), dx);
  const Doubles d = reference::differences(
      x, [&](const Doubles& v) { return reference::dot(dy, reference::product(s, 5, v, w)); });
  expect_near(dx.values(), d, 7 * 100, "dx");
}

TEST(Product, FusesSumAndActivationBehindTheBias) {
  const Case c{"", {5, 4, 3}, {.channels = 6, .kernel = 3, .padding = 1}};
  const LayerShape s = shape_of(c);
  const Doubles x = random_doubles(2 * 60, 0),
                w = random_doubles(static_cast<std::size_t>(s.weights()), 1);
  const Doubles old = random_doubles(2 * 5 * 4 * 6, 2);
  Product product(s);
  product.set_weights(floats(w));
  Tensor y = reference::tensor(old, {2, 5, 4, 6});
  product.forward(reference::tensor(x, {2, 5, 4, 3}), std::vector<float>(6, -0.25f), y,
                  {.accumulate = true, .activation = Activation::relu6});
  Doubles expected = reference::product(s, 2, x, w);
  for (std::size_t i = 0; i < old.size(); ++i)
    expected[i] = std::clamp(expected[i] - 0.25 + old[i], 0.0, 6.0);
  expect_near(y.values(), expected, 30, "y");
}

/// Batch normalisation by its definition, then ReLU.
Doubles normalise(const Doubles& x, const Doubles& scale, const Doubles& shift, bool relu) {
  const std::size_t channels = scale.size(), pixels = x.size() / channels;
  Doubles y(x.size());
  for (std::size_t c = 0; c < channels; ++c) {
    double mean = 0, variance = 0;
    for (std::size_t p = 0; p < pixels; ++p)
      mean += x[p * channels + c] / static_cast<double>(pixels);
    for (std::size_t p = 0; p < pixels; ++p) {
      variance += std::pow(x[p * channels + c] - mean, 2) / static_cast<double>(pixels);
    }
    for (std::size_t p = 0; p < pixels; ++p) {
      const std::size_t i = p * channels + c;
      y[i] = (x[i] - mean) / std::sqrt(variance + 1e-5) * scale[c] + shift[c];
      if (relu) y[i] = std::max(y[i], 0.0);
    }
  }
  return y;
}

TEST(BatchNormalisation, ForwardAndGradientsAgreeWithTheDefinition) {
  for (const bool relu : {false, true}) {
    const TensorShape shape(2, 11, 13, 7);  // more pixels than one block of partial sums
    Doubles x = random_doubles(static_cast<std::size_t>(shape.size()), 0);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] =
          static_cast<float>(x[i] + 2.0 * static_cast<double>(i) / static_cast<double>(x.size()));
    }
    const Doubles scale = random_doubles(7, 1), shift = random_doubles(7, 2),
                  dy = random_doubles(x.size(), 3);
    std::vector<float> fs = floats(scale), fb = floats(shift), mean(7), variance(7), ds(7), db(7);
    BatchNormalisation norm(1e-5, relu);
    Tensor y(shape), dx(shape);
    const Tensor tx = reference::tensor(x, shape);
    const NormValues values{fs, fb, mean, variance};
    norm.forward(tx, values, y);
    expect_near(y.values(), normalise(x, scale, shift, relu), 100, "y");
    norm.backward(tx, values, {reference::tensor(dy, shape), dx, ds, db});
    const auto loss = [&](const Doubles& a, const Doubles& b, const Doubles& c) {
      return reference::dot(dy, normalise(a, b, c, relu));
    };
    expect_near(dx.values(),
                reference::differences(x, [&](const Doubles& v) { return loss(v, scale, shift); }),
                1000, "dx");
    expect_near(ds,
                reference::differences(scale, [&](const Doubles& v) { return loss(x, v, shift); }),
                1000, "ds");
    expect_near(db,
                reference::differences(shift, [&](const Doubles& v) { return loss(x, scale, v); }),
                1000, "db");
  }
}

TEST(BatchNormalisation, GivesTheSameBitsOnAnyNumberOfThreads) {
  const TensorShape shape(3, 17, 19, 5);
  const auto size = static_cast<std::size_t>(shape.size());
  const Tensor x = reference::tensor(random_doubles(size, 0), shape),
               dy = reference::tensor(random_doubles(size, 1), shape);
  const std::vector<float> scale = floats(random_doubles(5, 2)),
                           shift = floats(random_doubles(5, 3));
  const int threads = omp_get_max_threads();
  std::vector<std::vector<float>> results;
  for (const int count : {1, 2, 4}) {
    omp_set_num_threads(count);
    std::vector<float> mean(5), variance(5), ds(5), db(5);
    Tensor y(shape), dx(shape);
    BatchNormalisation norm(1e-5, true);
    norm.forward(x, {scale, shift, mean, variance}, y);
    norm.backward(x, {scale, shift, mean, variance}, {dy, dx, ds, db});
    std::vector<float>& all = results.emplace_back(y.data(), y.data() + size);
    all.insert(all.end(), dx.data(), dx.data() + size);
    for (const auto* part : {&mean, &variance, &ds, &db})
      all.insert(all.end(), part->begin(), part->end());
  }
  omp_set_num_threads(threads);
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

double by_definition(Activation kind, double x) {
  switch (kind) {
    case Activation::relu:
      return std::max(x, 0.0);
    case Activation::relu6:
      return std::min(std::max(x, 0.0), 6.0);
    case Activation::hard_swish:
      return x * std::min(std::max(x + 3, 0.0), 6.0) / 6;
    case Activation::hard_sigmoid:
      return std::min(std::max(x + 3, 0.0), 6.0) / 6;
    case Activation::silu:
      return x / (1 + std::exp(-x));
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::tanh:
      return std::tanh(x);
    case Activation::gelu:
      return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
    case Activation::function:
      break;  // has no definition of its own
  }
  return 0;
}

TEST(Product, EndsInEveryActivationThatCanBeFused) {
  const Case c{"", {5, 4, 3}, {.channels = 6, .kernel = 3, .padding = 1}};
  const LayerShape s = shape_of(c);
  const Doubles x = random_doubles(60, 0),
                w = random_doubles(static_cast<std::size_t>(s.weights()), 1);
  const Doubles plain = reference::product(s, 1, x, w);
  int fused = 0;
  for (const Activation kind :
       {Activation::relu, Activation::relu6, Activation::hard_swish, Activation::hard_sigmoid,
        Activation::silu, Activation::sigmoid, Activation::gelu, Activation::tanh}) {
    if (!can_fuse(kind)) continue;
    ++fused;
    Product product(s);
    product.set_weights(floats(w));
    Tensor y(TensorShape(1, 5, 4, 6));
    product.forward(reference::tensor(x, {1, 5, 4, 3}), {}, y, {.activation = kind});
    Doubles expected = plain;
    for (double& value : expected) value = by_definition(kind, value);
    expect_near(y.values(), expected, 60, "y");
  }
  EXPECT_EQ(fused, 4);
}

TEST(Activations, ForwardAndGradientAgreeWithTheDefinition) {
  Doubles x = random_doubles(101, 0);
  for (double& value : x) value = static_cast<float>(4 * value);  // reaches all pieces
  const Doubles dy = random_doubles(101, 1);
  for (const Activation kind :
       {Activation::relu, Activation::relu6, Activation::hard_swish, Activation::hard_sigmoid,
        Activation::silu, Activation::sigmoid, Activation::gelu, Activation::tanh}) {
    const TensorShape shape(1, 1, 101, 1);
    Tensor tx = reference::tensor(x, shape), y(shape), dx(shape);
    activate(kind, tx, y);
    Doubles expected(x.size()), gradient(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      expected[i] = by_definition(kind, x[i]);
      gradient[i] =
          dy[i] * (by_definition(kind, x[i] + 1e-6) - by_definition(kind, x[i] - 1e-6)) / 2e-6;
    }
    expect_near(y.values(), expected, 20, "y");
    activate_backward(kind, gradient_from_output(kind) ? y : tx, reference::tensor(dy, shape), dx);
    expect_near(dx.values(), gradient, 400, "dx");
  }
}

TEST(Softmax, ForwardAndGradientAgreeWithTheDefinitionAlsoForLargeLogits) {
  const TensorShape shape(3, 1, 1, 7);
  Doubles x = random_doubles(21, 0);
  for (std::size_t i = 0; i < 7; ++i) x[i] += 200;  // exp would overflow
  const Doubles dy = random_doubles(21, 1);
  const auto by_row = [](const Doubles& v) {
    Doubles y(v.size());
    for (std::size_t row = 0; row < v.size(); row += 7) {
      double sum = 0;
      for (std::size_t i = row; i < row + 7; ++i) sum += std::exp(v[i] - v[row]);
      for (std::size_t i = row; i < row + 7; ++i) y[i] = std::exp(v[i] - v[row]) / sum;
    }
    return y;
  };
  Tensor y(shape), dx(shape);
  softmax(reference::tensor(x, shape), y);
  // A logit of 200 has an ulp of 1.5e-5, which the exponential carries into the result.
  expect_near(y.values(), by_row(x), 4e3, "y");
  softmax_backward(y, reference::tensor(dy, shape), dx);
  const Doubles expected =
      reference::differences(x, [&](const Doubles& v) { return reference::dot(dy, by_row(v)); });
  expect_near(dx.values(), expected, 4e3, "dx");
}

/// Pooling by its definition.
Doubles pool(const Doubles& x, const TensorShape& xs, const TensorShape& ys, const Window& w,
             PoolKind kind) {
  Doubles y(static_cast<std::size_t>(ys.size()));
  for (std::size_t i = 0; i < y.size(); ++i) {
    const int c = static_cast<int>(i) % ys.channels,
              ow = static_cast<int>(i) / ys.channels % ys.width,
              oh = static_cast<int>(i) / ys.channels / ys.width % ys.height,
              n = static_cast<int>(i) / ys.channels / ys.width / ys.height;
    double sum = 0, top = -1e300;
    int inside = 0, padded = 0;
    for (int kh = 0; kh < w.height; ++kh)
      for (int kw = 0; kw < w.width; ++kw) {
        const int h = oh * w.stride.height - w.padding.top + kh * w.dilation.height,
                  v = ow * w.stride.width - w.padding.left + kw * w.dilation.width;
        if (h < xs.height + w.padding.bottom && v < xs.width + w.padding.right) ++padded;
        if (h < 0 || h >= xs.height || v < 0 || v >= xs.width) continue;
        const double value = x[as_index(((n * xs.height + h) * xs.width + v) * xs.channels + c)];
        sum += value;
        top = std::max(top, value);
        ++inside;
      }
    y[i] = kind == PoolKind::max ? top : sum / (kind == PoolKind::average ? padded : inside);
  }
  return y;
}

TEST(Pooling, ForwardAndGradientAgreeWithTheDefinition) {
  for (const PoolKind kind :
       {PoolKind::max, PoolKind::average, PoolKind::average_without_padding}) {
    for (const Window& w :
         {Window{3, 3, 2, 1}, Window{2, 3, 2, 0}, Window{3, 3, 3, 0},
          Window{3, 2, {1, 3}, {0, 1, 2, 0}},
          Window{.height = 3, .width = 3, .stride = 2, .padding = 1, .dilation = {2, 1}},
          Window{.height = 3, .width = 3, .stride = 2, .ceiling = true},
          Window{.height = 3, .width = 2, .stride = 3, .padding = 1, .ceiling = true}}) {
      const MapShape in{8, 7, 5};
      const MapShape out = window_map(in, w, "");
      const TensorShape xs(2, in), ys(2, out);
      const Doubles x = random_doubles(static_cast<std::size_t>(xs.size()), 0),
                    dy = random_doubles(static_cast<std::size_t>(ys.size()), 1);
      Pooling pooling(kind, w);
      Tensor y(ys), dx(xs);
      pooling.forward(reference::tensor(x, xs), y);
      expect_near(y.values(), pool(x, xs, ys, w, kind), 9, "y");
      pooling.backward(reference::tensor(dy, ys), dx);
      const Doubles expected = reference::differences(
          x, [&](const Doubles& v) { return reference::dot(dy, pool(v, xs, ys, w, kind)); });
      expect_near(dx.values(), expected, 100, "dx");
    }
  }
}

}  // namespace
}  // namespace lightloom::nn
