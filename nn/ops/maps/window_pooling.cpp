#include "nn/ops/maps/window_pooling.hpp"

#include <algorithm>
#include <limits>

namespace lightloom::nn {
namespace {

/// Elements of a window along one axis: first, first + step, ... below `end`, all in the map; and
/// how many lie in the map or its padding.
struct Reach {
  int first, end, step, padded;
};

/// A window along one axis, and the padding on either side of the map.
struct WindowAxis {
  int kernel, stride, dilation, before, after;
};

Reach reach(int position, const WindowAxis& w, int size) {
  const auto [kernel, stride, dilation, before, after] = w;
  const int start = position * stride - before, last = start + (kernel - 1) * dilation;
  int first = start;
  while (first < 0) first += dilation;
  int padded = kernel;  // without those past the padding
  for (int at = last; padded > 0 && at >= size + after; at -= dilation) --padded;
  return {first, std::min(last + 1, size), dilation, padded};
}

/// The maps before and behind a pooling.
struct PooledShapes {
  const TensorShape &x, &y;
};

/// Calls f(pixel of y, rows, columns) for every window of an image.
template <class F>
void each_window(const Window& w, const PooledShapes& shapes, int image, F f) {
  const TensorShape &x = shapes.x, &y = shapes.y;
  for (int p = 0; p < y.height; ++p) {
    const Reach rows =
        reach(p, {w.height, w.stride.height, w.dilation.height, w.padding.top, w.padding.bottom},
              x.height);
    for (int q = 0; q < y.width; ++q) {
      const Reach columns = reach(
          q, {w.width, w.stride.width, w.dilation.width, w.padding.left, w.padding.right}, x.width);
      f((std::int64_t{image} * y.height + p) * y.width + q, rows, columns);
    }
  }
}

/// What a window has of the map.
struct Patch {
  const Reach &rows, &columns;
};

/// Calls f(pixel of x) for all of it.
template <class F>
void each_pixel(const TensorShape& x, int image, const Patch& patch, F f) {
  const Reach rows = patch.rows, columns = patch.columns;
  for (int h = rows.first; h < rows.end; h += rows.step)
    for (int v = columns.first; v < columns.end; v += columns.step)
      f((std::int64_t{image} * x.height + h) * x.width + v);
}

/// One over what an average divides by.
float share(PoolKind kind, const Reach& rows, const Reach& columns) {
  const auto inside = [](const Reach& r) {
    return std::max(0, (r.end - r.first + r.step - 1) / r.step);
  };
  const int count =
      kind == PoolKind::average ? rows.padded * columns.padded : inside(rows) * inside(columns);
  return count > 0 ? 1.0f / static_cast<float>(count) : 0.0f;
}

}  // namespace

void WindowPooling::forward(const Tensor& x, Tensor& y) {
  if (kind_ == PoolKind::max) return largest(x, y);
  average(x, y);
}

void WindowPooling::largest(const Tensor& x, Tensor& y) {
  const int channels = y.shape().channels;
  places_.assign(static_cast<std::size_t>(y.shape().size()), -1);
  std::fill_n(y.data(), y.shape().size(), std::numeric_limits<float>::lowest());
#pragma omp parallel for schedule(static)
  for (int n = 0; n < y.shape().images; ++n) {
    each_window(window_, {x.shape(), y.shape()}, n,
                [&](std::int64_t to, const Reach& rows, const Reach& columns) {
                  each_pixel(x.shape(), n, {rows, columns}, [&](std::int64_t from) {
                    for (int c = 0; c < channels; ++c) {
                      const std::int64_t out = to * channels + c, in = from * channels + c;
                      std::int64_t& place = places_[static_cast<std::size_t>(out)];
                      if (place >= 0 && x.data()[in] <= y.data()[out]) continue;
                      y.data()[out] = x.data()[in];
                      place = in;
                    }
                  });
                });
  }
}

void WindowPooling::average(const Tensor& x, Tensor& y) const {
  const int channels = y.shape().channels;
  std::fill_n(y.data(), y.shape().size(), 0.0f);
#pragma omp parallel for schedule(static)
  for (int n = 0; n < y.shape().images; ++n) {
    each_window(window_, {x.shape(), y.shape()}, n,
                [&](std::int64_t to, const Reach& rows, const Reach& columns) {
                  const float each = share(kind_, rows, columns);
                  each_pixel(x.shape(), n, {rows, columns}, [&](std::int64_t from) {
                    for (int c = 0; c < channels; ++c)
                      y.data()[to * channels + c] += each * x.data()[from * channels + c];
                  });
                });
  }
}

void WindowPooling::backward(const Tensor& dy, Tensor& dx) const {
  const int channels = dy.shape().channels;
  std::fill_n(dx.data(), dx.shape().size(), 0.0f);
#pragma omp parallel for schedule(static)
  for (int n = 0; n < dy.shape().images; ++n) {
    each_window(window_, {dx.shape(), dy.shape()}, n,
                [&](std::int64_t to, const Reach& rows, const Reach& columns) {
                  const float* d = dy.data() + to * channels;
                  if (kind_ == PoolKind::max) {
                    const auto* place = places_.data() + to * channels;
                    for (int c = 0; c < channels; ++c)
                      if (place[c] >= 0) dx.data()[place[c]] += d[c];
                    return;
                  }
                  const float each = share(kind_, rows, columns);
                  each_pixel(dx.shape(), n, {rows, columns}, [&](std::int64_t from) {
                    for (int c = 0; c < channels; ++c)
                      dx.data()[from * channels + c] += each * d[c];
                  });
                });
  }
}

}  // namespace lightloom::nn
