#include "nn/weights/multilevel/two_level_product.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <vector>

#include "core/parallel.hpp"

namespace lightloom::nn {
namespace {

template <class Real>
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class Real>
using View = Eigen::Map<Matrix<Real>, 0, Eigen::OuterStride<>>;
template <class Real>
using ConstView = Eigen::Map<const Matrix<Real>, 0, Eigen::OuterStride<>>;

/// Columns multiplied at once: the panel of all kernels stays in the second-level cache. Threads
/// share out panels and blocks of rows, never one product: Eigen's own threads wait for each other
/// many times in each, and its sums would depend on their number.
constexpr int panel_columns = 256;
constexpr int block_rows = 128;

/// Columns of the kernel matrix multiplied together.
struct Panel {
  int first = 0, count = 0;
};

/// panel = V kernels[:, panel].
template <class Real>
void multiply_panel(const LevelSizes& sizes, const Panel& panel, const LevelTwo<Real>& level,
                    Real* out) {
  const Eigen::OuterStride<> columns(sizes.columns());
  const ConstView<Real> left(level.v.data(), sizes.kernels, sizes.cross,
                             Eigen::OuterStride<>(sizes.cross));
  const ConstView<Real> right(level.kernels.data() + panel.first, sizes.cross, panel.count,
                              columns);
  View<Real>(out, sizes.kernels, panel.count, Eigen::OuterStride<>(panel.count)).noalias() =
      left * right;
}

/// Rows of a matrix, `stride` from one to the next.
template <class Real>
struct Rows {
  const Real* first;
  std::ptrdiff_t stride;
};

/// ordered[:, panel] = scale * rows, one a kernel; `columns` of `ordered`.
template <class Real>
void store_panel(const Panel& panel, const Rows<Real>& rows, float scale, View<float> ordered) {
  for (Eigen::Index kernel = 0; kernel < ordered.rows(); ++kernel) {
    const Real* from = rows.first + kernel * rows.stride;
    float* to = ordered.data() + kernel * ordered.outerStride() + panel.first;
    for (int i = 0; i < panel.count; ++i) to[i] = scale * static_cast<float>(from[i]);
  }
}

}  // namespace

template <class Real>
void level_one(const LevelSizes& sizes, const TwoLevels& levels, std::span<Real> all) {
  const int area = sizes.area, intra = sizes.intra;
#pragma omp parallel for schedule(static)
  for (int m = 0; m < sizes.cross; ++m) {
    const float* wb = levels.basis.data() + std::ptrdiff_t{m} * intra * area;
    const float* level = levels.u.data() + std::ptrdiff_t{m} * sizes.channels * intra;
    Real* to = all.data() + std::ptrdiff_t{m} * sizes.columns();
    for (int c = 0; c < sizes.channels; ++c, level += intra, to += area) {
      for (int s = 0; s < area; ++s) to[s] = Real(level[0]) * Real(wb[s]);
      for (int b = 1; b < intra; ++b)
        for (int s = 0; s < area; ++s) to[s] += Real(level[b]) * Real(wb[b * area + s]);
    }
  }
}

template void level_one(const LevelSizes&, const TwoLevels&, std::span<float>);
template void level_one(const LevelSizes&, const TwoLevels&, std::span<double>);

void level_one_backward(const LevelSizes& sizes, const TwoLevels& levels, const float* d_kernels,
                        const LevelOneGradients& gradients) {
  const int area = sizes.area, intra = sizes.intra;
  std::ranges::fill(gradients.d_basis, 0.0f);
#pragma omp parallel for schedule(static)
  for (int m = 0; m < sizes.cross; ++m) {
    const float* wb = levels.basis.data() + std::ptrdiff_t{m} * intra * area;
    const float* level = levels.u.data() + std::ptrdiff_t{m} * sizes.channels * intra;
    const float* d_kernel = d_kernels + std::ptrdiff_t{m} * sizes.columns();
    float* d_wb = gradients.d_basis.data() + std::ptrdiff_t{m} * intra * area;
    float* d_u = gradients.d_u.data() + std::ptrdiff_t{m} * sizes.channels * intra;
    for (int c = 0; c < sizes.channels; ++c, d_kernel += area, level += intra, d_u += intra)
      for (int b = 0; b < intra; ++b) {
        float sum = 0;
        for (int s = 0; s < area; ++s) {
          sum += d_kernel[s] * wb[b * area + s];
          d_wb[b * area + s] += level[b] * d_kernel[s];
        }
        d_u[b] = sum;
      }
  }
}

template <class Real>
void level_two(const LevelSizes& sizes, const LevelTwo<Real>& level, float scale,
               std::span<float> ordered) {
  const View<float> whole(ordered.data(), sizes.kernels, sizes.columns(),
                          Eigen::OuterStride<>(sizes.columns()));
  const int panels = (sizes.columns() + panel_columns - 1) / panel_columns;
  parallel_for(panels, [&](std::ptrdiff_t number) {
    const int at = static_cast<int>(number) * panel_columns;
    const Panel panel{.first = at, .count = std::min(panel_columns, sizes.columns() - at)};
    if (sizes.cross_on) {
      static thread_local std::vector<Real> scratch;  // V times a panel of the kernels
      scratch.resize(static_cast<std::size_t>(sizes.kernels) * panel_columns);
      multiply_panel(sizes, panel, level, scratch.data());
      store_panel<Real>(panel, {scratch.data(), panel.count}, scale, whole);
    } else {
      store_panel<Real>(panel, {level.kernels.data() + panel.first, sizes.columns()}, scale, whole);
    }
  });
}

template void level_two(const LevelSizes&, const LevelTwo<float>&, float, std::span<float>);
template void level_two(const LevelSizes&, const LevelTwo<double>&, float, std::span<float>);

void level_two_backward(const LevelSizes& sizes, const LevelTwo<float>& level, const float* d_dense,
                        const LevelTwoGradients& gradients) {
  const int rows = sizes.kernels, columns = sizes.columns();
  const Eigen::Map<const Matrix<float>> dw(d_dense, rows, columns);
  const Eigen::Map<const Matrix<float>> made(level.kernels.data(), sizes.cross, columns);
  const Eigen::Map<const Matrix<float>> cross(level.v.data(), rows, sizes.cross);
  Eigen::Map<Matrix<float>> d_cross(gradients.d_v.data(), rows, sizes.cross);
  Eigen::Map<Matrix<float>> d_made(gradients.d_kernels.data(), sizes.cross, columns);
  const auto block_of_d_cross = [&](int at) {
    const int count = std::min(block_rows, rows - at);
    d_cross.middleRows(at, count).noalias() = dw.middleRows(at, count) * made.transpose();
  };
  const auto panel_of_d_made = [&](int at) {
    const int count = std::min(panel_columns, columns - at);
    d_made.middleCols(at, count).noalias() = cross.transpose() * dw.middleCols(at, count);
  };
  FirstException first;  // the products allocate
#pragma omp parallel
  {
#pragma omp for schedule(static) nowait
    for (int at = 0; at < rows; at += block_rows) first.run([&] { block_of_d_cross(at); });
#pragma omp for schedule(static)
    for (int at = 0; at < columns; at += panel_columns) first.run([&] { panel_of_d_made(at); });
  }
  first.rethrow();
}

}  // namespace lightloom::nn
