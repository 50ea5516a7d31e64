#include "nn/ops/group_norm.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace lightloom::nn {
namespace {

/// A tensor as blocks of pixels whose groups are normalised alone.
struct Layout {
  std::int64_t blocks, pixels;
  int channels, groups, width;  // width: channels of a group

  Layout(const TensorShape& shape, const GroupNorm& how)
      : blocks(how.per_position ? shape.pixels() : shape.images),
        pixels(how.per_position ? 1 : std::int64_t{shape.height} * shape.width),
        channels(shape.channels),
        groups(how.groups),
        width(shape.channels / how.groups) {
    assert(shape.channels % how.groups == 0);
  }
  /// First element of a group at a pixel.
  [[nodiscard]] std::int64_t at(std::int64_t block, std::int64_t pixel, int group) const {
    return (block * pixels + pixel) * channels + std::int64_t{group} * width;
  }
};

struct Moments {
  double mean, inverse;  // 1 / sqrt(variance + epsilon)
};

/// One group of a block.
struct Group {
  std::int64_t block;
  int number;
};

Moments moments(const Layout& l, const float* x, const Group& of, double epsilon) {
  const auto [block, group] = of;
  const double count = static_cast<double>(l.pixels) * l.width;
  double sum = 0, squares = 0;
  for (std::int64_t p = 0; p < l.pixels; ++p) {
    const float* from = x + l.at(block, p, group);
    for (int c = 0; c < l.width; ++c) sum += from[c];
  }
  const double mean = sum / count;
  for (std::int64_t p = 0; p < l.pixels; ++p) {
    const float* from = x + l.at(block, p, group);
    for (int c = 0; c < l.width; ++c) squares += (from[c] - mean) * (from[c] - mean);
  }
  return {mean, 1 / std::sqrt(squares / count + epsilon)};
}

std::vector<Moments> all_moments(const Layout& l, const float* x, double epsilon) {
  std::vector<Moments> all(static_cast<std::size_t>(l.blocks) * static_cast<std::size_t>(l.groups));
#pragma omp parallel for schedule(static)
  for (std::int64_t b = 0; b < l.blocks; ++b) {
    for (int g = 0; g < l.groups; ++g) {
      all[static_cast<std::size_t>(b * l.groups + g)] = moments(l, x, {b, g}, epsilon);
    }
  }
  return all;
}

/// What the gradient of a group reads and writes, all from the tensors' first elements.
struct GroupGradient {
  const float *x, *scale, *dy;
  float* dx;
};

/// dx of one group: inverse (dn - mean(dn) - n mean(dn n)) for the normal values n and their
/// gradient dn = dy scale.
void group_gradient(const Layout& l, const Group& of, const Moments& m,
                    const GroupGradient& arrays) {
  const auto [x, scale, dy, dx] = arrays;
  const auto [block, group] = of;
  const double count = static_cast<double>(l.pixels) * l.width;
  double sum = 0, along = 0;
  for (std::int64_t p = 0; p < l.pixels; ++p) {
    const std::int64_t first = l.at(block, p, group);
    for (int c = 0; c < l.width; ++c) {
      const double dn = double{dy[first + c]} * scale[group * l.width + c];
      sum += dn;
      along += dn * (x[first + c] - m.mean) * m.inverse;
    }
  }
  for (std::int64_t p = 0; p < l.pixels; ++p) {
    const std::int64_t first = l.at(block, p, group);
    for (int c = 0; c < l.width; ++c) {
      const double dn = double{dy[first + c]} * scale[group * l.width + c];
      const double normal = (x[first + c] - m.mean) * m.inverse;
      dx[first + c] = static_cast<float>(m.inverse * (dn - sum / count - normal * along / count));
    }
  }
}

}  // namespace

void group_norm(const Tensor& x, const GroupNorm& how, const ScaleShift& by, Tensor& y) {
  const std::span<const float> scale = by.scale, shift = by.shift;
  const Layout l(y.shape(), how);  // a flattened map still has the map's own
#pragma omp parallel for schedule(static)
  for (std::int64_t b = 0; b < l.blocks; ++b) {
    for (int g = 0; g < l.groups; ++g) {
      const Moments m = moments(l, x.data(), {b, g}, how.epsilon);
      for (std::int64_t p = 0; p < l.pixels; ++p) {
        const std::int64_t first = l.at(b, p, g);
        for (int c = 0; c < l.width; ++c) {
          const auto k = static_cast<std::size_t>(std::int64_t{g} * l.width + c);
          const double normal = (x.data()[first + c] - m.mean) * m.inverse;
          y.data()[first + c] = static_cast<float>(normal * scale[k] + shift[k]);
        }
      }
    }
  }
}

void group_norm_backward(const Tensor& x, const GroupNorm& how, std::span<const float> scale,
                         const NormGradients& gradients) {
  const GroupGradient arrays{x.data(), scale.data(), gradients.dy.data(), gradients.dx.data()};
  const Layout l(gradients.dx.shape(), how);
  const std::vector<Moments> all = all_moments(l, x.data(), how.epsilon);
#pragma omp parallel for schedule(static)
  for (int c = 0; c < l.channels; ++c) {
    double along = 0, sum = 0;
    for (std::int64_t i = 0; i < l.blocks * l.pixels; ++i) {
      const Moments& m = all[static_cast<std::size_t>(i / l.pixels * l.groups + c / l.width)];
      const std::int64_t at = i * l.channels + c;
      along += arrays.dy[at] * (arrays.x[at] - m.mean) * m.inverse;
      sum += arrays.dy[at];
    }
    gradients.d_scale[static_cast<std::size_t>(c)] = static_cast<float>(along);
    gradients.d_shift[static_cast<std::size_t>(c)] = static_cast<float>(sum);
  }
#pragma omp parallel for schedule(static)
  for (std::int64_t b = 0; b < l.blocks; ++b) {
    for (int g = 0; g < l.groups; ++g) {
      group_gradient(l, {b, g}, all[static_cast<std::size_t>(b * l.groups + g)], arrays);
    }
  }
}

}  // namespace lightloom::nn
