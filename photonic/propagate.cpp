#include "photonic/propagate.hpp"

#include <algorithm>

namespace lightloom::photonic {
namespace {

template <class Real>
void apply_cell(const Transfer& t, Real* __restrict top_re, Real* __restrict top_im,
                Real* __restrict bottom_re, Real* __restrict bottom_im, int batch) {
  const Real tt_r = static_cast<Real>(t.tt.real()), tt_i = static_cast<Real>(t.tt.imag());
  const Real tb_r = static_cast<Real>(t.tb.real()), tb_i = static_cast<Real>(t.tb.imag());
  const Real bt_r = static_cast<Real>(t.bt.real()), bt_i = static_cast<Real>(t.bt.imag());
  const Real bb_r = static_cast<Real>(t.bb.real()), bb_i = static_cast<Real>(t.bb.imag());
#pragma omp simd
  for (int b = 0; b < batch; ++b) {
    const Real ur = top_re[b], ui = top_im[b], vr = bottom_re[b], vi = bottom_im[b];
    top_re[b] = tt_r * ur - tt_i * ui + tb_r * vr - tb_i * vi;
    top_im[b] = tt_r * ui + tt_i * ur + tb_r * vi + tb_i * vr;
    bottom_re[b] = bt_r * ur - bt_i * ui + bb_r * vr - bb_i * vi;
    bottom_im[b] = bt_r * ui + bt_i * ur + bb_r * vi + bb_i * vr;
  }
}

template <class Real>
void apply_phase(Complex factor, Real* __restrict re, Real* __restrict im, int batch) {
  const Real fr = static_cast<Real>(factor.real()), fi = static_cast<Real>(factor.imag());
#pragma omp simd
  for (int b = 0; b < batch; ++b) {
    const Real ur = re[b], ui = im[b];
    re[b] = fr * ur - fi * ui;
    im[b] = fr * ui + fi * ur;
  }
}

}  // namespace

template <class Real>
void propagate(const Topology& topology, std::span<const Transfer> transfers,
               std::span<const Complex> screen, FieldView<Real> fields) {
  constexpr int block = 64;  // vectors that stay in the first-level cache for all columns
  const auto row = [&](Real* part, int mode, int first) {
    return part + static_cast<std::ptrdiff_t>(mode) * fields.stride + first;
  };
  for (int first = 0; first < fields.batch; first += block) {
    const int count = std::min(block, fields.batch - first);
    for (std::size_t k = 0; k < topology.cells.size(); ++k) {
      const Cell& cell = topology.cells[k];
      apply_cell(transfers[k], row(fields.re, cell.top, first), row(fields.im, cell.top, first),
                 row(fields.re, cell.bottom, first), row(fields.im, cell.bottom, first), count);
    }
    for (std::size_t mode = 0; mode < screen.size(); ++mode)
      apply_phase(screen[mode], row(fields.re, static_cast<int>(mode), first),
                  row(fields.im, static_cast<int>(mode), first), count);
  }
}

template void propagate<float>(const Topology&, std::span<const Transfer>, std::span<const Complex>,
                               FieldView<float>);
template void propagate<double>(const Topology&, std::span<const Transfer>,
                                std::span<const Complex>, FieldView<double>);

}  // namespace lightloom::photonic
