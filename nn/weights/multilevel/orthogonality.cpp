#include "nn/weights/multilevel/orthogonality.hpp"

#include <Eigen/Core>

namespace lightloom::nn {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Calls use(A, dA) for every matrix of the stack.
template <class Use>
void for_matrices(const MatrixStack& stack, std::span<float> d, Use use) {
  const auto size = std::ptrdiff_t{stack.rows} * stack.columns;
  for (int i = 0; i < stack.count; ++i) {
    const Eigen::Map<const Matrix> a(stack.a.data() + i * size, stack.rows, stack.columns);
    Eigen::Map<Matrix> gradient(d.data() + i * size, stack.rows, stack.columns);
    use(a, gradient);
  }
}

}  // namespace

double rows_from_orthonormal(const MatrixStack& stack, double weight, std::span<float> d) {
  double value = 0;
  for_matrices(stack, d, [&](const auto& a, auto& gradient) {
    Matrix gram = a * a.transpose();
    gram.diagonal().array() -= 1.0f;
    value += static_cast<double>(gram.squaredNorm());
    gradient.noalias() += static_cast<float>(4 * weight) * gram * a;
  });
  return weight * value;
}

double columns_from_orthogonal(const MatrixStack& stack, double weight, std::span<float> d) {
  double value = 0;
  for_matrices(stack, d, [&](const auto& a, auto& gradient) {
    const Eigen::RowVectorXf inverse = (a.colwise().norm().array() + 1e-8f).inverse();
    const Matrix unit = a * inverse.asDiagonal();
    Matrix gram = unit.transpose() * unit;
    gram.diagonal().array() -= 1.0f;
    value += static_cast<double>(gram.squaredNorm());
    gradient.noalias() += (static_cast<float>(4 * weight) * unit * gram) * inverse.asDiagonal();
  });
  return weight * value;
}

}  // namespace lightloom::nn
