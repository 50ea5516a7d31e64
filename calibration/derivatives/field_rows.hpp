#pragma once

#include <cstddef>
#include <vector>

#include "photonic/devices/complex.hpp"
#include "photonic/meshes/mesh.hpp"

namespace lightloom::calibration {

/// Rows of fields (ports, inputs), real and imaginary parts apart.
struct FieldRows {
  std::vector<double> re, im;
  std::size_t count = 0;

  FieldRows(std::size_t ports, std::size_t inputs)
      : re(ports * inputs), im(ports * inputs), count(inputs) {}
};

/// Rows of two ports.
struct RowPair {
  double *top_re, *top_im, *bottom_re, *bottom_im;
};
inline RowPair rows_of(FieldRows& f, const photonic::Cell& cell) {
  const auto top = static_cast<std::size_t>(cell.top) * f.count,
             bottom = static_cast<std::size_t>(cell.bottom) * f.count;
  return {&f.re[top], &f.im[top], &f.re[bottom], &f.im[bottom]};
}

/// Fields to be read, real and imaginary parts apart, row after row.
struct FieldView {
  const double *re, *im;
};

/// f = T f for every input: `apply` of a `FieldPair` along rows, real and imaginary parts apart.
inline void apply(const photonic::Transfer& t, std::size_t count, const RowPair& f) {
  const double ar = t.tt.real(), ai = t.tt.imag(), br = t.tb.real(), bi = t.tb.imag();
  const double cr = t.bt.real(), ci = t.bt.imag(), dr = t.bb.real(), di = t.bb.imag();
#pragma omp simd
  for (std::size_t k = 0; k < count; ++k) {
    const double ur = f.top_re[k], ui = f.top_im[k], vr = f.bottom_re[k], vi = f.bottom_im[k];
    f.top_re[k] = ar * ur - ai * ui + br * vr - bi * vi;
    f.top_im[k] = ar * ui + ai * ur + br * vi + bi * vr;
    f.bottom_re[k] = cr * ur - ci * ui + dr * vr - di * vi;
    f.bottom_im[k] = cr * ui + ci * ur + dr * vi + di * vr;
  }
}

/// f += D g with the fields g in front of a cell, (2, inputs).
inline void add(const photonic::Transfer& d, const FieldView& g, std::size_t count,
                const RowPair& f) {
  const double *g_re = g.re, *g_im = g.im;
  const double ar = d.tt.real(), ai = d.tt.imag(), br = d.tb.real(), bi = d.tb.imag();
  const double cr = d.bt.real(), ci = d.bt.imag(), dr = d.bb.real(), di = d.bb.imag();
#pragma omp simd
  for (std::size_t k = 0; k < count; ++k) {
    const double ur = g_re[k], ui = g_im[k], vr = g_re[count + k], vi = g_im[count + k];
    f.top_re[k] += ar * ur - ai * ui + br * vr - bi * vi;
    f.top_im[k] += ar * ui + ai * ur + br * vi + bi * vr;
    f.bottom_re[k] += cr * ur - ci * ui + dr * vr - di * vi;
    f.bottom_im[k] += cr * ui + ci * ur + dr * vi + di * vr;
  }
}

/// sum_k a_k b_k of complex rows.
inline photonic::Complex dot(const FieldView& a, const FieldView& b, std::size_t count) {
  double re = 0, im = 0;
#pragma omp simd reduction(+ : re, im)
  for (std::size_t k = 0; k < count; ++k) {
    re += a.re[k] * b.re[k] - a.im[k] * b.im[k];
    im += a.re[k] * b.im[k] + a.im[k] * b.re[k];
  }
  return {re, im};
}

}  // namespace lightloom::calibration
