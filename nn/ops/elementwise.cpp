#include "nn/ops/elementwise.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <stdexcept>

namespace lightloom::nn {
namespace {

/// Applies y[i] = f(a[i], b[i]) in parallel.
template <class F>
void each(const Tensor& a, const Tensor& b, Tensor& y, F f) {
  const std::int64_t size = y.shape().size();
  const float* left = a.data();
  const float* right = b.data();
  float* to = y.data();
#pragma omp parallel for simd schedule(static)
  for (std::int64_t i = 0; i < size; ++i) to[i] = f(left[i], right[i]);
}

float logistic(float x) { return 1.0f / (1.0f + std::exp(-x)); }
float clamp01(float x) { return std::clamp(x, 0.0f, 1.0f); }
float hard_gate(float x) { return clamp01(x / 6.0f + 0.5f); }
float hard_gate_slope(float x) { return x > -3.0f && x < 3.0f ? 1.0f / 6.0f : 0.0f; }
float normal_cdf(float x) { return 0.5f * (1.0f + std::erf(x / std::numbers::sqrt2_v<float>)); }
float normal_density(float x) {
  return std::exp(-0.5f * x * x) * std::numbers::inv_sqrtpi_v<float> / std::numbers::sqrt2_v<float>;
}

}  // namespace

void activate(Activation kind, const Tensor& x, Tensor& y) {
  switch (kind) {
    case Activation::relu:
      return each(x, x, y, [](float a, float) { return std::max(a, 0.0f); });
    case Activation::relu6:
      return each(x, x, y, [](float a, float) { return std::clamp(a, 0.0f, 6.0f); });
    case Activation::hard_swish:
      return each(x, x, y, [](float a, float) { return a * hard_gate(a); });
    case Activation::hard_sigmoid:
      return each(x, x, y, [](float a, float) { return hard_gate(a); });
    case Activation::silu:
      return each(x, x, y, [](float a, float) { return a * logistic(a); });
    case Activation::sigmoid:
      return each(x, x, y, [](float a, float) { return logistic(a); });
    case Activation::gelu:
      return each(x, x, y, [](float a, float) { return a * normal_cdf(a); });
    case Activation::tanh:
      return each(x, x, y, [](float a, float) { return std::tanh(a); });
    case Activation::function:
      break;
  }
  throw std::logic_error("a function has steps of its own (see nn/ops/function_steps.hpp)");
}

bool gradient_from_output(Activation kind) {
  return kind == Activation::relu || kind == Activation::relu6 || kind == Activation::sigmoid ||
         kind == Activation::tanh;
}

void activate_backward(Activation kind, const Tensor& known, const Tensor& dy, Tensor& dx) {
  switch (kind) {
    case Activation::relu:
      return each(known, dy, dx, [](float y, float d) { return y > 0 ? d : 0.0f; });
    case Activation::relu6:
      return each(known, dy, dx, [](float y, float d) { return y > 0 && y < 6 ? d : 0.0f; });
    case Activation::sigmoid:
      return each(known, dy, dx, [](float y, float d) { return d * y * (1 - y); });
    case Activation::tanh:
      return each(known, dy, dx, [](float y, float d) { return d * (1 - y * y); });
    case Activation::hard_swish:
      return each(known, dy, dx,
                  [](float x, float d) { return d * (hard_gate(x) + x * hard_gate_slope(x)); });
    case Activation::hard_sigmoid:
      return each(known, dy, dx, [](float x, float d) { return d * hard_gate_slope(x); });
    case Activation::silu:
      return each(known, dy, dx, [](float x, float d) {
        const float s = logistic(x);
        return d * (s + x * s * (1 - s));
      });
    case Activation::gelu:
      return each(known, dy, dx,
                  [](float x, float d) { return d * (normal_cdf(x) + x * normal_density(x)); });
    case Activation::function:
      break;
  }
  throw std::logic_error("a function has steps of its own (see nn/ops/function_steps.hpp)");
}

/// By the shape of `y`: a flattened map still has the map's own.
void softmax(const Tensor& x, Tensor& y) {
  const int channels = y.shape().channels;
#pragma omp parallel for schedule(static)
  for (std::int64_t p = 0; p < y.shape().pixels(); ++p) {
    const float* from = x.data() + p * channels;
    float* to = y.data() + p * channels;
    const float top = *std::max_element(from, from + channels);
    float sum = 0;
    for (int c = 0; c < channels; ++c) sum += to[c] = std::exp(from[c] - top);
    for (int c = 0; c < channels; ++c) to[c] /= sum;
  }
}

void softmax_backward(const Tensor& y, const Tensor& dy, Tensor& dx) {
  const int channels = y.shape().channels;
#pragma omp parallel for schedule(static)
  for (std::int64_t p = 0; p < y.shape().pixels(); ++p) {
    const float* out = y.data() + p * channels;
    const float* d = dy.data() + p * channels;
    float mean = 0;
    for (int c = 0; c < channels; ++c) mean += out[c] * d[c];
    for (int c = 0; c < channels; ++c) dx.data()[p * channels + c] = out[c] * (d[c] - mean);
  }
}

void add(const Tensor& left, const Tensor& right, AddThen then, Tensor& y) {
  if (then == AddThen::relu) {
    each(left, right, y, [](float a, float b) { return std::max(a + b, 0.0f); });
  } else {
    each(left, right, y, [](float a, float b) { return a + b; });
  }
}

/// Equal sizes are the same shape, seen as a map or flattened.
void multiply(const Tensor& left, const Tensor& right, Tensor& y) {
  if (left.shape().size() == right.shape().size()) {
    return each(left, right, y, [](float a, float b) { return a * b; });
  }
  const TensorShape shape = left.shape();
  const std::int64_t map = std::int64_t{shape.height} * shape.width;
#pragma omp parallel for schedule(static)
  for (std::int64_t p = 0; p < shape.pixels(); ++p) {
    const float* from = left.data() + p * shape.channels;
    const float* gate = right.data() + p / map * shape.channels;
    float* to = y.data() + p * shape.channels;
    for (int c = 0; c < shape.channels; ++c) to[c] = from[c] * gate[c];
  }
}

void multiply_backward(const Tensor& left, const Tensor& dy, Tensor& d_right) {
  if (left.shape().size() == d_right.shape().size()) {
    return each(left, dy, d_right, [](float a, float b) { return a * b; });
  }
  const TensorShape shape = left.shape();
  const std::int64_t map = std::int64_t{shape.height} * shape.width;
#pragma omp parallel for schedule(static)
  for (int image = 0; image < shape.images; ++image) {
    float* to = d_right.data() + std::int64_t{image} * shape.channels;
    std::fill_n(to, shape.channels, 0.0f);
    for (std::int64_t p = image * map; p < (image + 1) * map; ++p) {
      for (int c = 0; c < shape.channels; ++c) {
        to[c] += left.data()[p * shape.channels + c] * dy.data()[p * shape.channels + c];
      }
    }
  }
}

void add_bias(std::span<const float> bias, Tensor& y) {
  const auto channels = static_cast<std::int64_t>(bias.size());
  const std::int64_t pixels = y.shape().size() / channels;
#pragma omp parallel for schedule(static)
  for (std::int64_t p = 0; p < pixels; ++p) {
    float* to = y.data() + p * channels;
    for (std::int64_t c = 0; c < channels; ++c) to[c] += bias[static_cast<std::size_t>(c)];
  }
}

void join_channels(const Tensor& part, int at, Tensor& whole) {
  const std::int64_t pixels = whole.shape().pixels(), to = whole.shape().channels;
  const std::int64_t from = part.shape().size() / pixels;  // a flattened map has the map's shape
#pragma omp parallel for schedule(static)
  for (std::int64_t p = 0; p < pixels; ++p) {
    std::copy_n(part.data() + p * from, from, whole.data() + p * to + at);
  }
}

void split_channels(const Tensor& whole, int at, Tensor& part) {
  const int from = whole.shape().channels, to = part.shape().channels;
#pragma omp parallel for schedule(static)
  for (std::int64_t p = 0; p < part.shape().pixels(); ++p) {
    std::copy_n(whole.data() + p * from + at, to, part.data() + p * to);
  }
}

namespace {

/// Calls f(small pixel, large pixel) for every position a subsampling keeps.
template <class F>
void each_kept(const TensorShape& large, const TensorShape& small, F f) {
#pragma omp parallel for schedule(static)
  for (int n = 0; n < small.images; ++n) {
    for (int h = 0; h < small.height; ++h) {
      for (int w = 0; w < small.width; ++w) {
        f((std::int64_t{n} * small.height + h) * small.width + w,
          (std::int64_t{n} * large.height + 2 * h) * large.width + 2 * w);
      }
    }
  }
}

}  // namespace

void subsample(const Tensor& x, Tensor& y) {
  const int in = x.shape().channels, out = y.shape().channels;
  const int side = (out - in) / 2;
  each_kept(x.shape(), y.shape(), [&](std::int64_t small, std::int64_t large) {
    float* to = y.data() + small * out;
    std::fill_n(to, out, 0.0f);
    std::copy_n(x.data() + large * in, in, to + side);
  });
}

void subsample_backward(const Tensor& dy, Tensor& dx) {
  const int in = dx.shape().channels, out = dy.shape().channels;
  const int side = (out - in) / 2;
  std::fill_n(dx.data(), dx.shape().size(), 0.0f);
  each_kept(dx.shape(), dy.shape(), [&](std::int64_t small, std::int64_t large) {
    std::copy_n(dy.data() + small * out + side, in, dx.data() + large * in);
  });
}

void drop(const Tensor& x, const Dropout& how, Tensor& y) {
  const auto threshold = static_cast<std::uint64_t>(how.rate * 4294967296.0);
  const auto keep = static_cast<float>(1.0 / (1.0 - how.rate));
  const std::int64_t size = x.shape().size();
#pragma omp parallel for schedule(static)
  for (std::int64_t block = 0; block < (size + 3) / 4; ++block) {
    const auto bits = how.stream.bits(static_cast<std::uint64_t>(block), how.shot);
    for (std::int64_t i = 4 * block; i < std::min(size, 4 * block + 4); ++i) {
      const bool zero = bits[static_cast<std::size_t>(i % 4)] < threshold;
      y.data()[i] = zero ? 0.0f : x.data()[i] * keep;
    }
  }
}

void copy(const Tensor& x, Tensor& y) {
  each(x, x, y, [](float a, float) { return a; });
}

void accumulate(std::span<const float> from, std::span<float> into) {
  const float* add = from.data();
  float* to = into.data();
  constexpr std::size_t worth_sharing = 1 << 15;
#pragma omp parallel for simd schedule(static) if (from.size() >= worth_sharing)
  for (std::size_t i = 0; i < from.size(); ++i) to[i] += add[i];
}

}  // namespace lightloom::nn
