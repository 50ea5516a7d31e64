#include "photonic/decomposition/complex_svd.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

namespace lightloom::photonic {
namespace {

/// Rows hold the columns of the matrix, so that a rotation works on contiguous memory.
struct Sums {
  double pp = 0, qq = 0;
  Complex pq = 0;  // <p, q>
};
Sums inner_products(const Complex* p, const Complex* q, int n) {
  Sums s;
  for (int k = 0; k < n; ++k) {
    s.pp += std::norm(p[k]);
    s.qq += std::norm(q[k]);
    s.pq += mul(std::conj(p[k]), q[k]);
  }
  return s;
}

/// c, and s e^{i a}.
struct PlaneRotation {
  double c;
  Complex s;
};

/// (p, q) <- (c p - s e^{-i a} q, s e^{i a} p + c q).
void rotate(Complex* p, Complex* q, int n, const PlaneRotation& by) {
  const auto [c, s] = by;
  for (int k = 0; k < n; ++k) {
    const Complex u = p[k], v = q[k];
    p[k] = c * u - mul(std::conj(s), v);
    q[k] = mul(s, u) + c * v;
  }
}

/// Makes rows p and q of `work` orthogonal, `basis` along with it. Returns whether it had to.
bool orthogonalise(SquareMatrix& work, SquareMatrix& basis, int p, int q) {
  const int n = work.size;
  const Sums s = inner_products(&work(p, 0), &work(q, 0), n);
  const double size = std::abs(s.pq);
  if (size <= 1e-15 * std::sqrt(s.pp * s.qq) || size == 0) return false;
  const double zeta = (s.qq - s.pp) / (2 * size);
  const double t = (zeta >= 0 ? 1.0 : -1.0) / (std::abs(zeta) + std::hypot(1.0, zeta));
  const double c = 1 / std::hypot(1.0, t);
  const Complex turn = c * t * (s.pq / size);
  rotate(&work(p, 0), &work(q, 0), n, {c, turn});
  rotate(&basis(p, 0), &basis(q, 0), n, {c, turn});
  return true;
}

/// Replaces row r by a unit vector orthogonal to the rows before it.
void complete_row(SquareMatrix& rows, int r) {
  for (int trial = 0; trial < rows.size; ++trial) {
    for (int k = 0; k < rows.size; ++k) rows(r, k) = k == trial ? 1.0 : 0.0;
    for (int pass = 0; pass < 2; ++pass) {
      for (int q = 0; q < r; ++q) {
        const Complex overlap = inner_products(&rows(q, 0), &rows(r, 0), rows.size).pq;
        for (int k = 0; k < rows.size; ++k) rows(r, k) -= mul(overlap, rows(q, k));
      }
    }
    const double norm = std::sqrt(inner_products(&rows(r, 0), &rows(r, 0), rows.size).pp);
    // Of N unit vectors at least one keeps a part of 1/sqrt(N) outside a space of fewer than N
    // dimensions.
    if (norm * std::sqrt(rows.size) < 0.5) continue;
    for (int k = 0; k < rows.size; ++k) rows(r, k) /= norm;
    return;
  }
  assert(false);
}

SquareMatrix transposed(const SquareMatrix& a) {
  SquareMatrix result(a.size);
  for (int r = 0; r < a.size; ++r)
    for (int c = 0; c < a.size; ++c) result(c, r) = a(r, c);
  return result;
}

}  // namespace

SquareMatrix adjoint(const SquareMatrix& a) {
  SquareMatrix result = transposed(a);
  for (Complex& value : result.values) value = std::conj(value);
  return result;
}

SquareMatrix multiply(const SquareMatrix& a, const SquareMatrix& b) {
  SquareMatrix result(a.size);
  for (int r = 0; r < a.size; ++r)
    for (int k = 0; k < a.size; ++k)
      for (int c = 0; c < a.size; ++c) result(r, c) += mul(a(r, k), b(k, c));
  return result;
}

ComplexSvd complex_svd(const SquareMatrix& matrix) {
  const int n = matrix.size;
  SquareMatrix work = transposed(matrix), basis = identity_matrix(n);
  constexpr int most_sweeps = 60;
  for (int sweep = 0, turned = 1; turned > 0 && sweep < most_sweeps; ++sweep) {
    turned = 0;
    for (int p = 0; p + 1 < n; ++p)
      for (int q = p + 1; q < n; ++q) turned += orthogonalise(work, basis, p, q) ? 1 : 0;
  }
  std::vector<double> norms;
  for (int r = 0; r < n; ++r)
    norms.push_back(std::sqrt(inner_products(&work(r, 0), &work(r, 0), n).pp));
  std::vector<int> order(norms.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return norms[static_cast<std::size_t>(a)] > norms[static_cast<std::size_t>(b)];
  });
  ComplexSvd svd{SquareMatrix(n), SquareMatrix(n), {}};
  for (int r = 0; r < n; ++r) {
    const int from = order[static_cast<std::size_t>(r)];
    const double value = norms[static_cast<std::size_t>(from)];
    svd.values.push_back(value);
    for (int k = 0; k < n; ++k) svd.right(r, k) = basis(from, k);
    const bool null =
        value <= std::numeric_limits<double>::epsilon() * n * svd.values[0] || value == 0;
    if (null) {
      complete_row(svd.left, r);
    } else {
      for (int k = 0; k < n; ++k) svd.left(r, k) = work(from, k) / value;
    }
  }
  svd.left = transposed(svd.left);
  svd.right = transposed(svd.right);
  return svd;
}

}  // namespace lightloom::photonic
