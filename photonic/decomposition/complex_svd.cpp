#include "photonic/decomposition/complex_svd.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>

namespace lightloom::photonic {
namespace {

/// The columns of a matrix, or of a unitary, each in contiguous memory for the rotations.
struct ColumnVectors {
  int count, length;
  std::vector<Complex> values;

  Complex* operator[](int column) { return values.data() + std::int64_t{column} * length; }
};

ColumnVectors columns_of(const ComplexMatrix& matrix) {
  ColumnVectors result{matrix.columns, matrix.rows, std::vector<Complex>(matrix.values.size())};
  for (int c = 0; c < matrix.columns; ++c)
    for (int r = 0; r < matrix.rows; ++r)
      result[c][r] = matrix.values[static_cast<std::size_t>(std::int64_t{r} * matrix.columns + c)];
  return result;
}

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

double squared_norm(const Complex* p, int n) { return inner_products(p, p, n).pp; }

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

/// One-sided Jacobi: rotates `work`, a tall matrix, until its columns are orthogonal, and `basis`
/// along with it.
class Rotations {
 public:
  Rotations(ColumnVectors& work, ColumnVectors& basis) : work_(work), basis_(basis) {
    double largest = 0;
    for (int p = 0; p < work_.count; ++p)
      largest = std::max(largest, squared_norm(work_[p], work_.length));
    constexpr double epsilon = std::numeric_limits<double>::epsilon();
    negligible_ = epsilon * epsilon * largest;
  }

  void sweep_until_orthogonal() {
    constexpr int most_sweeps = 60;
    for (int sweep = 0, turned = 1; turned > 0 && sweep < most_sweeps; ++sweep) {
      turned = 0;
      for (int p = 0; p + 1 < work_.count; ++p)
        for (int q = p + 1; q < work_.count; ++q) turned += orthogonalise(p, q) ? 1 : 0;
    }
  }

 private:
  /// Makes columns p and q orthogonal. Returns whether it had to.
  bool orthogonalise(int p, int q) {
    const Sums s = inner_products(work_[p], work_[q], work_.length);
    const double size = std::abs(s.pq);
    if (size <= 1e-15 * std::sqrt(s.pp * s.qq) || size == 0) return false;
    if (std::min(s.pp, s.qq) <= negligible_) return false;
    const double zeta = (s.qq - s.pp) / (2 * size);
    const double t = (zeta >= 0 ? 1.0 : -1.0) / (std::abs(zeta) + std::hypot(1.0, zeta));
    const double c = 1 / std::hypot(1.0, t);
    const Complex turn = c * t * (s.pq / size);
    rotate(work_[p], work_[q], work_.length, {c, turn});
    rotate(basis_[p], basis_[q], basis_.length, {c, turn});
    return true;
  }

  ColumnVectors &work_, &basis_;
  /// Of a squared norm: what is left of a column that the others span. It is round-off that no
  /// rotation makes orthogonal to more of its kind than the matrix has rows. A column is never
  /// shorter than the smallest singular value, so none of a matrix of full rank is met here.
  double negligible_;
};

/// Unit vectors orthogonal to given ones, made of e_0, e_1, ... in turn.
class Completion {
 public:
  /// Replaces row r by a unit vector orthogonal to the rows before it, which only grow in number
  /// between calls: what was within their span stays there.
  void complete_row(SquareMatrix& rows, int r) {
    for (; next_ < rows.size; ++next_) {
      const double norm = leave_outside(rows, r);
      // Of N unit vectors at least one keeps a part of 1/sqrt(N) outside a space of fewer than N
      // dimensions.
      if (norm * std::sqrt(rows.size) < 0.5) continue;
      for (int k = 0; k < rows.size; ++k) rows(r, k) /= norm;
      return;
    }
    assert(false);
  }

 private:
  /// Sets row r to the part of e_next outside the rows before it, and returns its norm.
  double leave_outside(SquareMatrix& rows, int r) const {
    for (int k = 0; k < rows.size; ++k) rows(r, k) = k == next_ ? 1.0 : 0.0;
    for (int pass = 0; pass < 2; ++pass) {
      for (int q = 0; q < r; ++q) {
        const Complex overlap = inner_products(&rows(q, 0), &rows(r, 0), rows.size).pq;
        for (int k = 0; k < rows.size; ++k) rows(r, k) -= mul(overlap, rows(q, k));
      }
    }
    return std::sqrt(squared_norm(&rows(r, 0), rows.size));
  }

  int next_ = 0;
};

SquareMatrix transposed(const SquareMatrix& a) {
  SquareMatrix result(a.size);
  for (int r = 0; r < a.size; ++r)
    for (int c = 0; c < a.size; ++c) result(c, r) = a(r, c);
  return result;
}

ComplexMatrix adjoint(const ComplexMatrix& a) {
  ComplexMatrix result{a.columns, a.rows, {}};
  result.values.reserve(a.values.size());
  for (int c = 0; c < a.columns; ++c)
    for (int r = 0; r < a.rows; ++r)
      result.values.push_back(
          std::conj(a.values[static_cast<std::size_t>(std::int64_t{r} * a.columns + c)]));
  return result;
}

/// Indices of the columns, the longest first.
std::vector<int> by_length(const std::vector<double>& norms) {
  std::vector<int> order(norms.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return norms[static_cast<std::size_t>(a)] > norms[static_cast<std::size_t>(b)];
  });
  return order;
}

/// Of a matrix with at least as many rows as columns.
ComplexSvd tall_svd(const ComplexMatrix& matrix) {
  const int rows = matrix.rows, columns = matrix.columns;
  ColumnVectors work = columns_of(matrix);
  ColumnVectors basis{columns, columns, identity_matrix(columns).values};
  Rotations(work, basis).sweep_until_orthogonal();
  std::vector<double> norms;
  for (int c = 0; c < columns; ++c) norms.push_back(std::sqrt(squared_norm(work[c], rows)));
  ComplexSvd svd{SquareMatrix(rows), SquareMatrix(columns), {}};
  Completion completion;
  int r = 0;
  for (const int from : by_length(norms)) {
    const double value = norms[static_cast<std::size_t>(from)];
    svd.values.push_back(value);
    std::copy_n(basis[from], columns, &svd.right(r, 0));
    const bool null =
        value <= std::numeric_limits<double>::epsilon() * rows * svd.values[0] || value == 0;
    if (null) {
      completion.complete_row(svd.left, r);
    } else {
      for (int k = 0; k < rows; ++k) svd.left(r, k) = work[from][k] / value;
    }
    ++r;
  }
  for (; r < rows; ++r) completion.complete_row(svd.left, r);
  svd.left = transposed(svd.left);
  svd.right = transposed(svd.right);
  return svd;
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

ComplexSvd complex_svd(const ComplexMatrix& matrix) {
  if (matrix.rows >= matrix.columns) return tall_svd(matrix);
  ComplexSvd svd = tall_svd(adjoint(matrix));
  std::swap(svd.left, svd.right);
  return svd;
}

ComplexSvd complex_svd(const SquareMatrix& matrix) {
  return complex_svd({matrix.size, matrix.size, matrix.values});
}

}  // namespace lightloom::photonic
