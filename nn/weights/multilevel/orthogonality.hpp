#pragma once

#include <span>

#include "core/cards/card.hpp"

namespace lightloom::nn {

/// The two published forms of the regulariser differ by orders of magnitude; a lambda belongs to
/// one of them.
enum class OrthogonalityForm {
  mean,  // mean over entries (reference implementation)
  sum,   // squared Frobenius norm (Gu et al., ICCV 2021, Eq. 7)
};

/// The section `orthogonality` of a multi-level source. Recommended: 0.01 to 0.05 (mean).
struct OrthogonalityCard {
  double lambda = 0;  // 0: off
  OrthogonalityForm form = OrthogonalityForm::mean;
};
void describe(Section& section, OrthogonalityCard& card);

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
