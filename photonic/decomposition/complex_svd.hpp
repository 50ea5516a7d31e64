#pragma once

#include <vector>

#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// A = left diag(values) right^dagger of a square complex matrix, values descending, left and right
/// unitary.
struct ComplexSvd {
  SquareMatrix left;
  SquareMatrix right;
  std::vector<double> values;
};

/// One-sided Jacobi (Hestenes 1958; Demmel and Veselic 1992): high relative accuracy, O(N^3) a
/// sweep, about ten sweeps.
ComplexSvd complex_svd(const SquareMatrix& matrix);

SquareMatrix multiply(const SquareMatrix& a, const SquareMatrix& b);
SquareMatrix adjoint(const SquareMatrix& a);

}  // namespace lightloom::photonic
