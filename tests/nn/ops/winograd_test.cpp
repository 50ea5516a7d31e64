#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "nn/graph/graph.hpp"
#include "nn/inference/inference.hpp"
#include "nn/ops/products/product.hpp"
#include "tests/nn/reference.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::nn {
namespace {

using reference::Doubles;
using reference::expect_near;
using reference::floats;
using reference::random_doubles;

// Wide 3x3 convolutions of many tiles are computed by Winograd's method, large ones in parts of the
// batch. The loops below are the definition, for the elements that are looked at.
struct Convolution {
  const char* name;
  int images, height, width, in, out, padding;

  [[nodiscard]] int out_height() const { return height + 2 * padding - 2; }
  [[nodiscard]] int out_width() const { return width + 2 * padding - 2; }
  [[nodiscard]] std::size_t x_at(int n, int h, int w, int c) const {
    return as_index(((n * height + h) * width + w) * in + c);
  }
  [[nodiscard]] std::size_t y_at(int n, int h, int w, int c) const {
    return as_index(((n * out_height() + h) * out_width() + w) * out + c);
  }
  [[nodiscard]] std::size_t w_at(int o, int i, int h, int w) const {
    return as_index(((o * in + i) * 3 + h) * 3 + w);
  }
  [[nodiscard]] bool inside(int h, int w) const {
    return h >= 0 && h < height && w >= 0 && w < width;
  }
  [[nodiscard]] bool inside_out(int h, int w) const {
    return h >= 0 && h < out_height() && w >= 0 && w < out_width();
  }
  [[nodiscard]] TensorShape x_shape() const { return {images, height, width, in}; }
  [[nodiscard]] TensorShape y_shape() const { return {images, out_height(), out_width(), out}; }
  [[nodiscard]] LayerShape layer() const {
    GraphBuilder net("one", {height, width, in});
    net.convolution("conv", 0, {.channels = out, .kernel = 3, .padding = padding, .bias = true});
    return layer_shape(std::move(net).finish(), 1);
  }
};

double output(const Convolution& c, const Doubles& x, const Doubles& w, std::size_t at) {
  const int o = static_cast<int>(at) % c.out, pixel = static_cast<int>(at) / c.out;
  const int column = pixel % c.out_width(), row = pixel / c.out_width() % c.out_height();
  const int image = pixel / c.out_width() / c.out_height();
  double sum = 0;
  for (int i = 0; i < c.in; ++i)
    for (int k = 0; k < 9; ++k) {
      const int h = row + k / 3 - c.padding, v = column + k % 3 - c.padding;
      if (c.inside(h, v)) sum += x[c.x_at(image, h, v, i)] * w[c.w_at(o, i, k / 3, k % 3)];
    }
  return sum;
}

double input_gradient(const Convolution& c, const Doubles& dy, const Doubles& w, std::size_t at) {
  const int i = static_cast<int>(at) % c.in, pixel = static_cast<int>(at) / c.in;
  const int column = pixel % c.width, row = pixel / c.width % c.height;
  const int image = pixel / c.width / c.height;
  double sum = 0;
  for (int o = 0; o < c.out; ++o)
    for (int k = 0; k < 9; ++k) {
      const int h = row - k / 3 + c.padding, v = column - k % 3 + c.padding;
      if (c.inside_out(h, v)) sum += dy[c.y_at(image, h, v, o)] * w[c.w_at(o, i, k / 3, k % 3)];
    }
  return sum;
}

double weight_gradient(const Convolution& c, const Doubles& x, const Doubles& dy, std::size_t at) {
  const int k = static_cast<int>(at) % 9, i = static_cast<int>(at) / 9 % c.in;
  const int o = static_cast<int>(at) / 9 / c.in;
  double sum = 0;
  for (int n = 0; n < c.images; ++n)
    for (int row = 0; row < c.out_height(); ++row)
      for (int column = 0; column < c.out_width(); ++column) {
        const int h = row + k / 3 - c.padding, v = column + k % 3 - c.padding;
        if (c.inside(h, v)) sum += dy[c.y_at(n, row, column, o)] * x[c.x_at(n, h, v, i)];
      }
  return sum;
}

/// Every `step`-th of `got` against f(index).
template <class F>
void compare(std::span<const float> got, std::size_t step, double terms, const char* what, F f) {
  std::vector<float> looked;
  Doubles expected;
  for (std::size_t at = 0; at < got.size(); at += step) {
    looked.push_back(got[at]);
    expected.push_back(f(at));
  }
  expect_near(looked, expected, terms, what);
}

class WinogradCases : public testing::TestWithParam<Convolution> {};

TEST_P(WinogradCases, OutputsAndGradientsAgreeWithTheDefinition) {
  const Convolution c = GetParam();
  const auto size = [](const TensorShape& shape) { return static_cast<std::size_t>(shape.size()); };
  const Doubles x = random_doubles(size(c.x_shape()), 0), dy = random_doubles(size(c.y_shape()), 2);
  const Doubles w = random_doubles(as_index(9 * c.in * c.out), 1);
  const Doubles old = random_doubles(dy.size(), 3);
  const std::vector<float> bias = floats(random_doubles(static_cast<std::size_t>(c.out), 4));
  const Tensor tx = reference::tensor(x, c.x_shape()), tdy = reference::tensor(dy, c.y_shape());
  Product product(c.layer());
  product.set_weights(floats(w));

  // 36 products a channel reach every output of a tile.
  Tensor y = reference::tensor(old, c.y_shape());
  product.forward(tx, bias, y, {.accumulate = true, .activation = Activation::relu});
  compare(y.values(), 103, 36 * c.in, "y", [&](std::size_t at) {
    return std::max(0.0,
                    output(c, x, w, at) + bias[at % static_cast<std::size_t>(c.out)] + old[at]);
  });
  Tensor dx(c.x_shape());
  product.backward_input(tdy, dx);
  compare(dx.values(), 103, 36 * c.out, "dx",
          [&](std::size_t at) { return input_gradient(c, dy, w, at); });
  std::vector<float> dw(w.size()), db(bias.size());
  product.backward_weights(tx, tdy, dw, db);
  compare(dw, 101, 3.0 * static_cast<double>(c.y_shape().pixels()), "dw",
          [&](std::size_t at) { return weight_gradient(c, x, dy, at); });
  compare(db, 1, static_cast<double>(c.y_shape().pixels()), "db", [&](std::size_t at) {
    double sum = 0;
    for (std::size_t i = at; i < dy.size(); i += bias.size()) sum += dy[i];
    return sum;
  });
}

INSTANTIATE_TEST_SUITE_P(AwkwardSizes, WinogradCases,
                         testing::Values(Convolution{"half_tiles", 3, 15, 13, 48, 32, 1},
                                         Convolution{"unpadded", 4, 14, 18, 32, 48, 0},
                                         Convolution{"in_parts", 37, 23, 24, 32, 32, 1},
                                         Convolution{"in_slices", 9, 8, 7, 352, 416, 1}),
                         [](const auto& one) { return one.param.name; });

TEST(Product, DirectlySumsOfIntegersAreExact) {
  const Convolution c{"", 3, 15, 13, 32, 32, 1};
  Doubles x = random_doubles(static_cast<std::size_t>(c.x_shape().size()), 0);
  Doubles w = random_doubles(as_index(9 * c.in * c.out), 1);
  for (double& value : x) value = std::rint(std::clamp(64 * value, -127.0, 127.0));
  for (double& value : w) value = std::rint(std::clamp(64 * value, -127.0, 127.0));
  Product product(c.layer());
  product.set_weights(floats(w));
  Tensor y(c.y_shape());
  product.forward(reference::tensor(x, c.x_shape()), {}, y, {.method = Method::direct});
  for (std::size_t at = 0; at < y.values().size(); at += 7)  // 127 127 288 is below 2^24
    ASSERT_EQ(y.values()[at], output(c, x, w, at));
}

TEST(Inference, OfRoundedInputsIsDirect) {
  const Convolution c{"", 3, 16, 12, 32, 32, 1};
  GraphBuilder net("one", {c.height, c.width, c.in});
  net.convolution("conv", 0, {.channels = c.out, .kernel = 3, .padding = 1});
  Network network(std::move(net).finish(), {}, 1);
  WeightLayer& layer = network.weight_layers()[0];
  layer.activation_bits = 8;
  layer.range = {.low = 0, .high = 255, .seen = true};  // one unit a step
  Doubles x = random_doubles(static_cast<std::size_t>(c.x_shape().size()), 0);
  Doubles w = random_doubles(as_index(9 * c.in * c.out), 1);
  for (double& value : x) value = std::rint(std::clamp(100 + 64 * value, 0.0, 255.0));
  for (double& value : w) value = std::rint(std::clamp(64 * value, -127.0, 127.0));
  layer.source->encode(floats(w));
  Inference inference(network);
  const Tensor& y = inference.forward(reference::tensor(x, c.x_shape()));
  for (const float value : y.values()) ASSERT_EQ(value, std::rint(value));
}

}  // namespace
}  // namespace lightloom::nn
