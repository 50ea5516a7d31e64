#pragma once

#include <vector>

#include "core/matrix.hpp"
#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// A = left diag(values) right^dagger of a complex matrix (rows, columns): `left` of all rows and
/// `right` of all columns, both unitary, and as many values as the shorter side has, descending.
struct ComplexSvd {
  SquareMatrix left;
  SquareMatrix right;
  std::vector<double> values;
};

/// One-sided Jacobi (Hestenes 1958; Demmel and Veselic 1992) on the longer vectors, so that of a
/// matrix of M x N, M >= N, a sweep costs O(M N^2), and there are about ten; what completes the
/// longer factor costs O(M^3). High relative accuracy of values above round-off of the largest.
ComplexSvd complex_svd(const ComplexMatrix& matrix);
ComplexSvd complex_svd(const SquareMatrix& matrix);

SquareMatrix multiply(const SquareMatrix& a, const SquareMatrix& b);
SquareMatrix adjoint(const SquareMatrix& a);

}  // namespace lightloom::photonic
