#include "photonic/meshes/mesh_operator.hpp"

#include <Eigen/Core>
#include <algorithm>

namespace lightloom::photonic {
namespace {

constexpr int few_vectors = 2;
constexpr int smallest_dense = 8;  // modes up to which calling a product costs more than the cells

Preparation preparation_for(int carried) {
  return carried >= 128 ? Preparation::scaled : Preparation::full;
}

template <class Real>
using Rows = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class Real>
using Vectors = Eigen::Map<Rows<Real>, 0, Eigen::OuterStride<>>;

}  // namespace

Route choose_route(int modes, int batch, std::int64_t calls) {
  if (batch > few_vectors || modes <= smallest_dense) return Route::sweep;
  constexpr double calls_per_sweep = 1.5;  // whose saving pays for one sweep of sixteen vectors
  const double sweeps = 1 + static_cast<double>(modes) / 16;  // that make the matrix
  return static_cast<double>(calls) > calls_per_sweep * sweeps ? Route::dense : Route::sweep;
}

int carried_vectors(int batch, std::int64_t calls) {
  constexpr int lanes = 16;
  const std::int64_t blocks = (std::int64_t{batch} + lanes - 1) / lanes;
  return static_cast<int>(
             std::min<std::int64_t>(blocks * std::min<std::int64_t>(calls, 1 << 20), 1 << 20)) *
         lanes;
}

template <class Real>
MeshOperator<Real>::MeshOperator(const Topology& topology, std::span<const Transfer> transfers,
                                 std::span<const Complex> screen, const OperatorUse& use)
    : MeshOperator(topology, transfers, screen,
                   OperatorRoute{choose_route(topology.modes, use.batch, use.calls),
                                 carried_vectors(use.batch, use.calls)}) {}

template <class Real>
MeshOperator<Real>::MeshOperator(const Topology& topology, std::span<const Transfer> transfers,
                                 std::span<const Complex> screen, const OperatorRoute& by)
    : route_(by.route) {
  const int n = topology.modes;
  sweep_ = prepare<Real>(topology, transfers, screen,
                         preparation_for(route_ == Route::dense ? n : by.carried));
  if (route_ == Route::sweep) return;
  const auto size = static_cast<std::size_t>(n) * static_cast<std::size_t>(n);
  re_.assign(size, 0);
  im_.assign(size, 0);
  for (int i = 0; i < n; ++i)
    re_[static_cast<std::size_t>(i) * static_cast<std::size_t>(n + 1)] = 1;
  propagate<Real>(sweep_, {re_.data(), im_.data(), n, n, n});
}

template <class Real>
void MeshOperator<Real>::apply(FieldView<Real> fields) const {
  if (route_ == Route::sweep) return propagate<Real>(sweep_, fields);
  const int n = fields.modes, batch = fields.batch;
  const Eigen::Map<const Rows<Real>> re(re_.data(), n, n), im(im_.data(), n, n);
  const Vectors<Real> x(fields.re, n, batch, Eigen::OuterStride<>(fields.stride)),
      y(fields.im, n, batch, Eigen::OuterStride<>(fields.stride));
  // Two real products for each part; a single vector is a column for Eigen's matrix-vector kernel.
  Rows<Real> out_re(n, batch), out_im(n, batch);
  if (batch == 1) {
    const Eigen::Vector<Real, Eigen::Dynamic> u = x.col(0), v = y.col(0);
    out_re.col(0).noalias() = re * u - im * v;
    out_im.col(0).noalias() = re * v + im * u;
  } else {
    out_re.noalias() = re * x;
    out_re.noalias() -= im * y;
    out_im.noalias() = re * y;
    out_im.noalias() += im * x;
  }
  for (int m = 0; m < n; ++m) {
    std::copy_n(out_re.row(m).data(), batch, fields.re + std::ptrdiff_t{m} * fields.stride);
    std::copy_n(out_im.row(m).data(), batch, fields.im + std::ptrdiff_t{m} * fields.stride);
  }
}

template class MeshOperator<float>;
template class MeshOperator<double>;

}  // namespace lightloom::photonic
