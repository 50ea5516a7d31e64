#include "nn/ops/maps/matrix_product.hpp"

#include <Eigen/Core>

#include "core/parallel.hpp"

namespace lightloom::nn {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Constant = Eigen::Map<const Matrix>;
using Changing = Eigen::Map<Matrix>;

/// Sizes of one product, and how many there are.
struct Sizes {
  std::int64_t products, rows, inner, columns;

  Sizes(const Tensor& left, const Tensor& y)
      : products(std::int64_t{y.shape().images} * y.shape().height),
        rows(y.shape().width),
        inner(left.shape().size() / (products * rows)),
        columns(y.shape().channels) {}
};

}  // namespace

void matrix_product(const Tensor& left, const Tensor& right, Tensor& y) {
  const Sizes s(left, y);
  parallel_for(s.products, [&](std::ptrdiff_t n) {
    const Constant a(left.data() + n * s.rows * s.inner, s.rows, s.inner),
        b(right.data() + n * s.inner * s.columns, s.inner, s.columns);
    Changing(y.data() + n * s.rows * s.columns, s.rows, s.columns).noalias() = a * b;
  });
}

void matrix_product_backward(const Tensor& left, const Tensor& right, const Tensor& dy,
                             const MatrixGradients& gradients) {
  const Sizes s(left, dy);
  parallel_for(s.products, [&](std::ptrdiff_t n) {
    const std::int64_t at_left = n * s.rows * s.inner, at_right = n * s.inner * s.columns;
    const Constant a(left.data() + at_left, s.rows, s.inner),
        b(right.data() + at_right, s.inner, s.columns),
        d(dy.data() + n * s.rows * s.columns, s.rows, s.columns);
    Changing(gradients.left.data() + at_left, s.rows, s.inner).noalias() = d * b.transpose();
    Changing(gradients.right.data() + at_right, s.inner, s.columns).noalias() = a.transpose() * d;
  });
}

}  // namespace lightloom::nn
