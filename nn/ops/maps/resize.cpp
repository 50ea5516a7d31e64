#include "nn/ops/maps/resize.hpp"

#include <algorithm>

namespace lightloom::nn {
namespace {

/// Calls f(image, small pixel of x, pixel of y, weight) for every pair that a table joins, image by
/// image in parallel and in a fixed order within one.
template <class F>
void each_pair(const ResizeTable& table, const TensorShape& x, const TensorShape& y, F f) {
#pragma omp parallel for schedule(static)
  for (int n = 0; n < y.images; ++n) {
    for (int p = 0; p < y.height; ++p) {
      for (int q = 0; q < y.width; ++q) {
        const std::int64_t to = (std::int64_t{n} * y.height + p) * y.width + q;
        for (const ResizeTap& row : table.rows[static_cast<std::size_t>(p)])
          for (const ResizeTap& column : table.columns[static_cast<std::size_t>(q)])
            f((std::int64_t{n} * x.height + row.from) * x.width + column.from, to,
              row.weight * column.weight);
      }
    }
  }
}

void add_scaled(const float* from, float weight, int count, float* to) {
  for (int c = 0; c < count; ++c) to[c] += weight * from[c];
}

}  // namespace

void resize(const ResizeTable& table, const Tensor& x, Tensor& y) {
  const int channels = y.shape().channels;
  std::fill_n(y.data(), y.shape().size(), 0.0f);
  each_pair(table, x.shape(), y.shape(), [&](std::int64_t from, std::int64_t to, float weight) {
    add_scaled(x.data() + from * channels, weight, channels, y.data() + to * channels);
  });
}

void resize_backward(const ResizeTable& table, const Tensor& dy, Tensor& dx) {
  const int channels = dx.shape().channels;
  std::fill_n(dx.data(), dx.shape().size(), 0.0f);
  each_pair(table, dx.shape(), dy.shape(), [&](std::int64_t from, std::int64_t to, float weight) {
    add_scaled(dy.data() + to * channels, weight, channels, dx.data() + from * channels);
  });
}

}  // namespace lightloom::nn
