#include "nn/ops/normalisation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace lightloom::nn {
namespace {

/// Pixels of a block: its sums stay in float, and it is still in the cache for a second look.
constexpr std::int64_t block_pixels = 128;

std::int64_t blocks_of(const Tensor& x) {
  return (x.shape().pixels() + block_pixels - 1) / block_pixels;
}

/// Two sums per channel of every block of pixels, (block, 2, channels), added up block after block
/// in double: the same on any number of threads.
class BlockSums {
 public:
  explicit BlockSums(const Tensor& x)
      : channels_(static_cast<std::size_t>(x.shape().channels)),
        blocks_(static_cast<std::size_t>(blocks_of(x))),
        sums_(blocks_ * 2 * channels_) {}

  float* first(std::int64_t block) {
    return sums_.data() + static_cast<std::size_t>(block) * 2 * channels_;
  }
  float* second(std::int64_t block) { return first(block) + channels_; }
  [[nodiscard]] double total(std::size_t which, std::size_t channel) const {
    double sum = 0;
    for (std::size_t b = 0; b < blocks_; ++b) sum += sums_[(2 * b + which) * channels_ + channel];
    return sum;
  }
  /// Mean and biased variance from block means and squares around them (Chan et al. 1979).
  void moments(std::int64_t pixels, const NormValues& values) const;

 private:
  std::size_t channels_, blocks_;
  std::vector<float> sums_;
};

void BlockSums::moments(std::int64_t pixels, const NormValues& values) const {
  const auto count_of = [&](std::size_t b) {
    return static_cast<double>(
        std::min<std::int64_t>(block_pixels, pixels - static_cast<std::int64_t>(b) * block_pixels));
  };
  for (std::size_t c = 0; c < channels_; ++c) {
    double mean = 0, squares = 0;
    for (std::size_t b = 0; b < blocks_; ++b) mean += count_of(b) * sums_[2 * b * channels_ + c];
    mean /= static_cast<double>(pixels);
    for (std::size_t b = 0; b < blocks_; ++b) {
      const double away = sums_[2 * b * channels_ + c] - mean;
      squares += sums_[(2 * b + 1) * channels_ + c] + count_of(b) * away * away;
    }
    values.mean[c] = static_cast<float>(mean);
    values.variance[c] = static_cast<float>(squares / static_cast<double>(pixels));
  }
}

/// Mean of a block and the squares around it, per channel.
void block_moments(const float* x, std::int64_t pixels, std::span<float> means, float* squares) {
  const auto channels = static_cast<int>(means.size());
  float* mean = means.data();
  for (std::int64_t p = 0; p < pixels; ++p) {
    const float* from = x + p * channels;
#pragma omp simd
    for (int c = 0; c < channels; ++c) mean[c] += from[c];
  }
  const float share = 1.0f / static_cast<float>(pixels);
  for (int c = 0; c < channels; ++c) mean[c] *= share;
  for (std::int64_t p = 0; p < pixels; ++p) {
    const float* from = x + p * channels;
#pragma omp simd
    for (int c = 0; c < channels; ++c) squares[c] += (from[c] - mean[c]) * (from[c] - mean[c]);
  }
}

/// Calls f(block, first element, pixels) for every block.
template <class F>
void each_block(const Tensor& x, F f) {
  const std::int64_t blocks = blocks_of(x), pixels = x.shape().pixels();
  const std::int64_t channels = x.shape().channels;
#pragma omp parallel for schedule(static)
  for (std::int64_t b = 0; b < blocks; ++b) {
    f(b, b * block_pixels * channels, std::min(block_pixels, pixels - b * block_pixels));
  }
}

/// y = x * scale + shift with the statistics put into both.
struct Line {
  std::vector<float> scale, shift, inverse;

  Line(const NormValues& values, double epsilon) {
    for (std::size_t c = 0; c < values.scale.size(); ++c) {
      const double root = 1 / std::sqrt(values.variance[c] + epsilon);
      const double slope = root * values.scale[c];
      inverse.push_back(static_cast<float>(root));
      scale.push_back(static_cast<float>(slope));
      shift.push_back(static_cast<float>(values.shift[c] - slope * values.mean[c]));
    }
  }
};

}  // namespace

struct BatchNormalisation::Implementation {
  double epsilon;
  bool relu;

  /// dy where the ReLU let the value through, which x says.
  [[nodiscard]] float through(float x, float dy, float scale, float shift) const {
    return relu && x * scale + shift <= 0.0f ? 0.0f : dy;
  }
};

BatchNormalisation::BatchNormalisation(double epsilon, bool relu)
    : own_(std::make_unique<Implementation>(Implementation{epsilon, relu})) {}
BatchNormalisation::~BatchNormalisation() = default;
BatchNormalisation::BatchNormalisation(BatchNormalisation&&) noexcept = default;
BatchNormalisation& BatchNormalisation::operator=(BatchNormalisation&&) noexcept = default;

void BatchNormalisation::forward(const Tensor& x, const NormValues& values, Tensor& y) {
  BlockSums sums(x);
  const auto channels = static_cast<std::size_t>(x.shape().channels);
  each_block(x, [&](std::int64_t b, std::int64_t first, std::int64_t pixels) {
    block_moments(x.data() + first, pixels, {sums.first(b), channels}, sums.second(b));
  });
  sums.moments(x.shape().pixels(), values);
  const Line line(values, own_->epsilon);
  scale_shift(x, {line.scale, line.shift}, own_->relu ? Then::relu : Then::nothing, y);
}

void BatchNormalisation::backward(const Tensor& x, const NormValues& values,
                                  const NormGradients& gradients) {
  const float* upper = gradients.dy.data();
  float* lower = gradients.dx.data();
  const Line line(values, own_->epsilon);
  const int channels = x.shape().channels;
  const Implementation& own = *own_;
  const float *scale = line.scale.data(), *shift = line.shift.data(), *mean = values.mean.data();
  BlockSums sums(x);
  each_block(x, [&](std::int64_t b, std::int64_t first, std::int64_t pixels) {
    float *plain = sums.first(b), *along = sums.second(b);
    for (std::int64_t p = 0; p < pixels; ++p) {
      const float *from = x.data() + first + p * channels, *d = upper + first + p * channels;
#pragma omp simd
      for (int c = 0; c < channels; ++c) {
        const float g = own.through(from[c], d[c], scale[c], shift[c]);
        plain[c] += g;
        along[c] += g * (from[c] - mean[c]);
      }
    }
  });
  // dx = scale inverse (g - mean(g) - n mean(g n)) = scale' g + slope (x - mean) + offset
  std::vector<float> slope(line.scale.size()), offset(line.scale.size());
  const double share = 1 / static_cast<double>(x.shape().pixels());
  for (std::size_t c = 0; c < slope.size(); ++c) {
    const double sum = sums.total(0, c), along = sums.total(1, c), root = line.inverse[c];
    gradients.d_shift[c] = static_cast<float>(sum);
    gradients.d_scale[c] = static_cast<float>(along * root);
    offset[c] = static_cast<float>(-line.scale[c] * sum * share);
    slope[c] = static_cast<float>(-line.scale[c] * along * root * root * share);
  }
  const float *tilt = slope.data(), *lift = offset.data();
  each_block(x, [&](std::int64_t, std::int64_t first, std::int64_t pixels) {
    for (std::int64_t p = 0; p < pixels; ++p) {
      const float *from = x.data() + first + p * channels, *d = upper + first + p * channels;
      float* to = lower + first + p * channels;
#pragma omp simd
      for (int c = 0; c < channels; ++c) {
        const float g = own.through(from[c], d[c], scale[c], shift[c]);
        to[c] = scale[c] * g + tilt[c] * (from[c] - mean[c]) + lift[c];
      }
    }
  });
}

void scale_shift(const Tensor& x, const ScaleShift& by, Then then, Tensor& y) {
  const std::span<const float> scale = by.scale, shift = by.shift;
  const int channels = static_cast<int>(scale.size());  // a flattened map has the map's shape
  const std::int64_t pixels = x.shape().size() / channels;
  const float floor = then == Then::relu ? 0.0f : -std::numeric_limits<float>::infinity();
#pragma omp parallel for schedule(static)
  for (std::int64_t p = 0; p < pixels; ++p) {
    const float* from = x.data() + p * channels;
    float* to = y.data() + p * channels;
    for (int c = 0; c < channels; ++c) {
      const auto k = static_cast<std::size_t>(c);
      to[c] = std::max(floor, from[c] * scale[k] + shift[k]);
    }
  }
}

}  // namespace lightloom::nn
