#pragma once

#include <span>

namespace lightloom::nn {

/// `a` holds `count` matrices (rows, columns), row-major.
struct MatrixStack {
  std::span<const float> a;
  int count = 0, rows = 0, columns = 0;
};

/// weight * sum over the stack of ||A A^T - I||_F^2; adds its gradient 4 weight (A A^T - I) A to
/// `d`.
double rows_from_orthonormal(const MatrixStack& stack, double weight, std::span<float> d);

/// weight * sum of ||N^T N - I||_F^2, N the matrix with its columns divided by (norm + 1e-8). The
/// norms count as constants in the gradient, as in the reference implementation.
double columns_from_orthogonal(const MatrixStack& stack, double weight, std::span<float> d);

}  // namespace lightloom::nn
