#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <span>
#include <vector>

#include "core/random/random.hpp"
#include "nn/graph/layer_shape.hpp"
#include "nn/graph/matrix_engine.hpp"
#include "nn/ops/tensor.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::nn::reference {

using Doubles = std::vector<double>;

inline Doubles random_doubles(std::size_t size, std::uint32_t family) {
  const Stream stream({3, Purpose::test, family});
  Doubles values(size);
  // Rounded to float, so that both sides see the same numbers.
  for (std::size_t i = 0; i < size; ++i) values[i] = static_cast<float>(stream.normal(i));
  return values;
}

inline std::vector<float> floats(const Doubles& values) { return {values.begin(), values.end()}; }

inline Tensor tensor(const Doubles& values, const TensorShape& shape) {
  Tensor t(shape);
  std::copy(values.begin(), values.end(), t.data());
  return t;
}

/// Calls f(x, w, y) with the places of the operands and the output of every product that a layer
/// takes: loops by its definition, channels last, weights [out, in/groups, kh, kw].
template <class F>
void each_product(const LayerShape& s, int images, F f) {
  const int in_group = s.in_channels / s.groups, out_group = s.out_channels / s.groups;
  std::size_t at = 0;
  for (int n = 0; n < images; ++n)
    for (int oh = 0; oh < s.out_height; ++oh)
      for (int ow = 0; ow < s.out_width; ++ow)
        for (int o = 0; o < s.out_channels; ++o, ++at)
          for (int c = 0; c < in_group; ++c)
            for (int kh = 0; kh < s.kernel_height; ++kh)
              for (int kw = 0; kw < s.kernel_width; ++kw) {
                const int h = oh * s.stride.height - s.padding.top + kh * s.dilation.height;
                const int v = ow * s.stride.width - s.padding.left + kw * s.dilation.width;
                if (h < 0 || h >= s.in_height || v < 0 || v >= s.in_width) continue;
                const int channel = o / out_group * in_group + c;
                f(as_index(((n * s.in_height + h) * s.in_width + v) * s.in_channels + channel),
                  as_index(((o * in_group + c) * s.kernel_height + kh) * s.kernel_width + kw), at);
              }
}

/// The layer in double precision.
inline Doubles product(const LayerShape& s, int images, const Doubles& x, const Doubles& w) {
  Doubles sums(static_cast<std::size_t>(images * s.positions() * s.out_channels), 0.0);
  each_product(s, images,
               [&](std::size_t xi, std::size_t wi, std::size_t yi) { sums[yi] += x[xi] * w[wi]; });
  return sums;
}

/// d(loss)/d(values) by central differences in double precision.
inline Doubles differences(Doubles values, const std::function<double(const Doubles&)>& loss,
                           double h = 1e-5) {
  Doubles gradient(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double kept = values[i];
    values[i] = kept + h;
    const double up = loss(values);
    values[i] = kept - h;
    gradient[i] = (up - loss(values)) / (2 * h);
    values[i] = kept;
  }
  return gradient;
}

inline double dot(const Doubles& a, const Doubles& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

inline double norm(const Doubles& a) { return std::sqrt(dot(a, a)); }

/// A matrix engine that is the definition itself.
class SlowEngine : public MatrixEngine {
 public:
  void load(int layer, const LayerShape& shape, std::span<const float> weights,
            std::uint32_t) override {
    if (layer >= static_cast<int>(shapes_.size())) {
      shapes_.resize(static_cast<std::size_t>(layer) + 1);
      weights_.resize(shapes_.size());
    }
    shapes_[static_cast<std::size_t>(layer)] = shape;
    weights_[static_cast<std::size_t>(layer)] = {weights.begin(), weights.end()};
  }
  void multiply(int layer, const InputMaps& inputs, std::span<float> outputs) override {
    firsts.push_back(inputs.first_image);
    const auto n = static_cast<std::size_t>(layer);
    const Doubles y = product(shapes_[n], inputs.images,
                              {inputs.values.begin(), inputs.values.end()}, weights_[n]);
    std::copy(y.begin(), y.end(), outputs.begin());
  }
  std::vector<std::uint64_t> firsts;

 private:
  std::vector<LayerShape> shapes_;
  std::vector<Doubles> weights_;
};

/// |got - expected| below float rounding of `terms` numbers of order one, in the norm.
inline void expect_near(std::span<const float> got, const Doubles& expected, double terms,
                        const char* what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  Doubles error(expected.size());
  for (std::size_t i = 0; i < error.size(); ++i) error[i] = got[i] - expected[i];
  const double bound = 4 * 6e-8 * std::sqrt(terms) * (norm(expected) + 1e-3);
  EXPECT_LT(norm(error), bound) << what;
}

}  // namespace lightloom::nn::reference
