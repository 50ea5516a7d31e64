#include "photonic/decomposition/rotation_chain.hpp"

#include <cstddef>

namespace lightloom::photonic {
namespace {

constexpr int block_rows = 8;
using Rows = double __attribute__((vector_size(8 * block_rows)));

#define LIGHTLOOM_INLINE inline __attribute__((always_inline))

/// The same column of eight rows, or of one.
LIGHTLOOM_INLINE void load(const double* from, std::ptrdiff_t stride, Rows& values) {
  for (int r = 0; r < block_rows; ++r) values[r] = from[r * stride];
}
LIGHTLOOM_INLINE void load(const double* from, std::ptrdiff_t /*stride*/, double& value) {
  value = *from;
}
LIGHTLOOM_INLINE void store(const Rows& values, double* to, std::ptrdiff_t stride) {
  for (int r = 0; r < block_rows; ++r) to[r * stride] = values[r];
}
LIGHTLOOM_INLINE void store(double value, double* to, std::ptrdiff_t /*stride*/) { *to = value; }

/// One column's part of a block.
template <class Value>
struct Column {
  Value re, im;
};

/// x conj(a) + y conj(b).
template <class Value>
LIGHTLOOM_INLINE Column<Value> combine(const Column<Value>& x, Complex a, const Column<Value>& y,
                                       Complex b) {
  return {x.re * a.real() + x.im * a.imag() + y.re * b.real() + y.im * b.imag(),
          x.im * a.real() - x.re * a.imag() + y.im * b.real() - y.re * b.imag()};
}

template <class Value, bool descending>
void rotate_block(SplitMatrix& u, const RotationChain& chain, const IndexRange& rotations,
                  int row) {
  const std::ptrdiff_t stride = u.size;
  double *re = u.re.data() + row * stride, *im = u.im.data() + row * stride;
  const auto column = [&](int c) {
    Column<Value> values;
    load(re + c, stride, values.re);
    load(im + c, stride, values.im);
    return values;
  };
  const auto keep = [&](const Column<Value>& values, int c) {
    store(values.re, re + c, stride);
    store(values.im, im + c, stride);
  };
  int m = chain.mode(rotations.first);
  Column<Value> carried = column(descending ? m + 1 : m);
  for (int k = rotations.first; k < rotations.end; ++k) {
    const Transfer& t = chain.rotations[static_cast<std::size_t>(k)];
    m = chain.mode(k);
    if constexpr (descending) {
      const Column<Value> left = column(m);
      keep(combine(left, t.bt, carried, t.bb), m + 1);
      carried = combine(left, t.tt, carried, t.tb);
    } else {
      const Column<Value> right = column(m + 1);
      keep(combine(carried, t.tt, right, t.tb), m);
      carried = combine(carried, t.bt, right, t.bb);
    }
  }
  keep(carried, descending ? m : m + 1);
}

template <bool descending>
void rotate(SplitMatrix& u, const RotationChain& chain, const IndexRange& rotations,
            const IndexRange& rows) {
  int row = rows.first;
  for (; row + block_rows <= rows.end; row += block_rows)
    rotate_block<Rows, descending>(u, chain, rotations, row);
  for (; row < rows.end; ++row) rotate_block<double, descending>(u, chain, rotations, row);
}

}  // namespace

SplitMatrix::SplitMatrix(const SquareMatrix& matrix)
    : size(matrix.size), re(matrix.values.size()), im(matrix.values.size()) {
  for (std::size_t i = 0; i < re.size(); ++i) {
    re[i] = matrix.values[i].real();
    im[i] = matrix.values[i].imag();
  }
}

void rotate_rows(SplitMatrix& u, int mode, int first, const Transfer& t) {
  const std::size_t top = u.index(mode, 0), bottom = u.index(mode + 1, 0);
  double* __restrict top_re = &u.re[top], * __restrict top_im = &u.im[top];
  double* __restrict bottom_re = &u.re[bottom], * __restrict bottom_im = &u.im[bottom];
  const double a = t.tt.real(), b = t.tt.imag(), c = t.tb.real(), d = t.tb.imag();
  const double e = t.bt.real(), f = t.bt.imag(), g = t.bb.real(), h = t.bb.imag();
  for (int k = first; k < u.size; ++k) {
    const double xr = top_re[k], xi = top_im[k], yr = bottom_re[k], yi = bottom_im[k];
    top_re[k] = a * xr - b * xi + c * yr - d * yi;
    top_im[k] = a * xi + b * xr + c * yi + d * yr;
    bottom_re[k] = e * xr - f * xi + g * yr - h * yi;
    bottom_im[k] = e * xi + f * xr + g * yi + h * yr;
  }
}

void rotate_columns(SplitMatrix& u, const RotationChain& chain, IndexRange rotations,
                    IndexRange rows) {
  if (rotations.first >= rotations.end) return;
  if (chain.descending)
    rotate<true>(u, chain, rotations, rows);
  else
    rotate<false>(u, chain, rotations, rows);
}

}  // namespace lightloom::photonic
