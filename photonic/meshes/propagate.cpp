#include "photonic/meshes/propagate.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

namespace lightloom::photonic {
namespace {

/// One 64-byte vector of numbers: a register of AVX-512, or as many smaller ones as it takes.
template <class Real>
struct LanesOf {
  typedef Real Type __attribute__((vector_size(64)));
};
template <class Real>
using Lanes = typename LanesOf<Real>::Type;

template <class Real>
constexpr int lanes_per_vector = static_cast<int>(64 / sizeof(Real));

/// One mode of a block: `G` vectors of real parts, then as many of imaginary parts.
template <class Real, int G>
struct Row {
  Lanes<Real> re[std::size_t{G}], im[std::size_t{G}];
};

#define LIGHTLOOM_INLINE inline __attribute__((always_inline))

/// (top, bottom) <- T (top, bottom).
template <class Real, int G>
LIGHTLOOM_INLINE void cross(const typename PreparedMesh<Real>::Full& c, Row<Real, G>& top,
                            Row<Real, G>& bottom) {
  for (int g = 0; g < G; ++g) {
    const Lanes<Real> ur = top.re[g], ui = top.im[g], vr = bottom.re[g], vi = bottom.im[g];
    top.re[g] = c.tt_r * ur - c.tt_i * ui + c.tb_r * vr - c.tb_i * vi;
    top.im[g] = c.tt_r * ui + c.tt_i * ur + c.tb_r * vi + c.tb_i * vr;
    bottom.re[g] = c.bt_r * ur - c.bt_i * ui + c.bb_r * vr - c.bb_i * vi;
    bottom.im[g] = c.bt_r * ui + c.bt_i * ur + c.bb_r * vi + c.bb_i * vr;
  }
}

/// Two rows to be written.
template <class Real, int G>
struct RowPair {
  Row<Real, G>&first, &second;
};

/// (first, second) <- (first + r second, second + q first), left in `into`, which may be the same.
template <class Real, int G>
LIGHTLOOM_INLINE void add_scaled(const typename PreparedMesh<Real>::Scaled& c,
                                 const Row<Real, G>& first, const Row<Real, G>& second,
                                 const RowPair<Real, G>& into) {
  for (int g = 0; g < G; ++g) {
    const Lanes<Real> ur = first.re[g], ui = first.im[g], vr = second.re[g], vi = second.im[g];
    into.first.re[g] = ur + c.r_r * vr - c.r_i * vi;
    into.first.im[g] = ui + c.r_r * vi + c.r_i * vr;
    into.second.re[g] = vr + c.q_r * ur - c.q_i * ui;
    into.second.im[g] = vi + c.q_r * ui + c.q_i * ur;
  }
}

template <class Real, int G>
LIGHTLOOM_INLINE void cross(const typename PreparedMesh<Real>::Scaled& c, Row<Real, G>& top,
                            Row<Real, G>& bottom) {
  if (c.crossed != 0)
    add_scaled<Real, G>(c, bottom, top, {top, bottom});
  else
    add_scaled<Real, G>(c, top, bottom, {top, bottom});
}

/// One diagonal of cells that join modes (start, start+1), (start+1, start+2), ...
template <class Element>
struct Diagonal {
  const Element* cells = nullptr;  // of the cell whose upper mode is `first`
  int first = 0;                   // upper mode of its first cell
  int last = -1;                   // upper mode of its last cell
  [[nodiscard]] const Element& at(int mode) const { return cells[mode - first]; }
};

/// Cells of one diagonal with upper modes [from, to].
template <class Element, class Real, int G>
void walk(const Diagonal<Element>& d, int from, int to, Row<Real, G>* rows) {
  if (from > to) return;
  Row<Real, G> carried = rows[from];
  for (int m = from; m <= to; ++m) {
    Row<Real, G> next = rows[m + 1];
    cross<Real, G>(d.at(m), carried, next);
    rows[m] = carried;
    carried = next;
  }
  rows[to + 1] = carried;
}

/// Diagonal `a` and the one behind it, `b`: the cell of b on modes (m, m+1) follows that of a on
/// (m+1, m+2).
template <class Element, class Real, int G>
void walk_pair(const Diagonal<Element>& a, const Diagonal<Element>& b, Row<Real, G>* rows) {
  walk(b, b.first, std::min(b.last, a.first - 2), rows);
  int m = std::max(b.first, a.first - 1);
  if (m + 1 > a.first) walk(a, a.first, std::min(a.last, m), rows);
  const int last = std::min(b.last, a.last - 1);
  if (m <= last) {
    Row<Real, G> of_a = rows[m + 1], of_b = rows[m];
    for (; m <= last; ++m) {
      Row<Real, G> next = rows[m + 2];
      cross<Real, G>(a.at(m + 1), of_a, next);
      cross<Real, G>(b.at(m), of_b, of_a);
      rows[m] = of_b;
      of_b = of_a;
      of_a = next;
    }
    rows[m] = of_b;
    rows[m + 1] = of_a;
  }
  walk(a, std::max(a.first, m + 1), a.last, rows);
  walk(b, std::max(b.first, m), b.last, rows);
}

template <class Element, class Real, int G>
void walk_mesh(const PreparedMesh<Real>& mesh, const std::vector<Element>& cells,
               Row<Real, G>* rows) {
  const auto diagonal = [&](std::size_t d) {
    const Topology::Diagonal& at = mesh.diagonals[d];
    return Diagonal<Element>{&cells[static_cast<std::size_t>(at.offset)], at.first_mode,
                             at.first_mode + at.count - 1};
  };
  const std::size_t count = mesh.diagonals.size();
  for (std::size_t d = 0; d + 1 < count; d += 2) walk_pair(diagonal(d), diagonal(d + 1), rows);
  if (count % 2 == 1)
    walk(diagonal(count - 1), diagonal(count - 1).first, diagonal(count - 1).last, rows);
  for (std::size_t k = 0; k < mesh.pairs.size(); ++k)
    cross<Real, G>(cells[k], rows[mesh.pairs[k].top], rows[mesh.pairs[k].bottom]);
}

template <class Real, int G>
void turn(Complex factor, Row<Real, G>& row) {
  const Real fr = static_cast<Real>(factor.real()), fi = static_cast<Real>(factor.imag());
  for (int g = 0; g < G; ++g) {
    const Lanes<Real> ur = row.re[g], ui = row.im[g];
    row.re[g] = fr * ur - fi * ui;
    row.im[g] = fr * ui + fi * ur;
  }
}

/// Copies `count` <= `whole` numbers (a power of two) in moves of fixed sizes: a call of memmove
/// for each row would cost more than the cells of a small mesh.
template <int whole, class Real>
LIGHTLOOM_INLINE void copy_row(const Real* from, int count, Real* to) {
  if (count >= whole) {
    __builtin_memcpy(to, from, whole * sizeof(Real));
    return;
  }
  if constexpr (whole > 1) {
    if (count >= whole / 2) {
      __builtin_memcpy(to, from, whole / 2 * sizeof(Real));
      from += whole / 2;
      to += whole / 2;
      count -= whole / 2;
    }
    copy_row<whole / 2>(from, count, to);
  }
}

/// Blocks that are loaded together: rows lie far apart in the fields, often in pages of their own.
constexpr int blocks_at_once = 4;

/// Copies vectors [first, last) of the fields into blocks of rows, or back.
template <class Real, int G, bool load>
void copy_blocks(FieldView<Real> fields, int first, int last, Row<Real, G>* rows) {
  constexpr int width = G * lanes_per_vector<Real>;
  for (int m = 0; m < fields.modes; ++m)
    for (int at = first; at < last; at += width) {
      Row<Real, G>& row =
          rows[static_cast<std::ptrdiff_t>((at - first) / width) * fields.modes + m];
      const std::ptrdiff_t place = static_cast<std::ptrdiff_t>(m) * fields.stride + at;
      const int count = std::min(width, last - at);
      Real *re = reinterpret_cast<Real*>(row.re), *im = reinterpret_cast<Real*>(row.im);
      if constexpr (load) {
        copy_row<width>(fields.re + place, count, re);
        copy_row<width>(fields.im + place, count, im);
      } else {
        copy_row<width>(re, count, fields.re + place);
        copy_row<width>(im, count, fields.im + place);
      }
    }
}

template <class Real, int G>
void propagate_blocks(const PreparedMesh<Real>& mesh, FieldView<Real> fields, int first, int last) {
  constexpr int width = G * lanes_per_vector<Real>;
  if (first >= last) return;
  const auto modes = static_cast<std::size_t>(fields.modes);
  const int blocks = std::min(blocks_at_once, (last - first + width - 1) / width);
  std::unique_ptr<Row<Real, G>[]> rows(
      new Row<Real, G>[modes * static_cast<std::size_t>(blocks)]());
  for (; first < last; first += blocks * width) {
    const int end = std::min(last, first + blocks * width);
    copy_blocks<Real, G, true>(fields, first, end, rows.get());
    for (int at = first, block = 0; at < end; at += width, ++block) {
      Row<Real, G>* of_block = rows.get() + static_cast<std::size_t>(block) * modes;
      if (mesh.scaled.empty())
        walk_mesh(mesh, mesh.full, of_block);
      else
        walk_mesh(mesh, mesh.scaled, of_block);
      for (std::size_t m = 0; m < mesh.outputs.size(); ++m) turn(mesh.outputs[m], of_block[m]);
    }
    copy_blocks<Real, G, false>(fields, first, end, rows.get());
  }
}

template <class Real>
typename PreparedMesh<Real>::Full full_cell(const Transfer& t) {
  const auto real = [](Complex z) { return static_cast<Real>(z.real()); };
  const auto imag = [](Complex z) { return static_cast<Real>(z.imag()); };
  return {real(t.tt), imag(t.tt), real(t.tb), imag(t.tb),
          real(t.bt), imag(t.bt), real(t.bb), imag(t.bb)};
}

Complex divide(Complex a, Complex b) { return mul(a, std::conj(b)) / std::norm(b); }

/// A cell whose inputs carry `top` and `bottom`, which become what its outputs carry.
template <class Real>
typename PreparedMesh<Real>::Scaled scaled_cell(const Transfer& t, Complex& top, Complex& bottom) {
  const Complex tt = mul(t.tt, top), tb = mul(t.tb, bottom), bt = mul(t.bt, top),
                bb = mul(t.bb, bottom);
  // Crossed unless the bar elements are clearly larger: meshes of random matrices are mostly
  // crossed, and a branch that nearly always goes one way costs nothing.
  const bool crossed = 4 * std::norm(tb) * std::norm(bt) >= std::norm(tt) * std::norm(bb);
  const Complex r = crossed ? divide(tt, tb) : divide(tb, tt),
                q = crossed ? divide(bb, bt) : divide(bt, bb);
  top = crossed ? tb : tt;
  bottom = crossed ? bt : bb;
  return {static_cast<Real>(r.real()), static_cast<Real>(r.imag()), static_cast<Real>(q.real()),
          static_cast<Real>(q.imag()), crossed ? 1 : 0};
}

/// Fills mesh.scaled and mesh.outputs; returns whether all factors stay well inside the range of
/// Real.
template <class Real>
bool fill_scaled(const Topology& topology, std::span<const Transfer> transfers,
                 PreparedMesh<Real>& mesh) {
  constexpr double smallest =
      sizeof(Real) == 4 ? 1e-24 : 1e-200;  // squared: 1e-12 leaves float 1e26 of headroom
  std::vector<std::size_t> place(transfers.size());
  for (std::size_t k = 0; k < place.size(); ++k)
    place[topology.diagonals.empty() ? k : static_cast<std::size_t>(topology.diagonal_cells[k])] =
        k;
  mesh.scaled.resize(transfers.size());
  mesh.outputs.assign(static_cast<std::size_t>(topology.modes), 1.0);
  for (std::size_t k = 0; k < transfers.size(); ++k) {
    Complex& top = mesh.outputs[static_cast<std::size_t>(topology.cells[k].top)];
    Complex& bottom = mesh.outputs[static_cast<std::size_t>(topology.cells[k].bottom)];
    mesh.scaled[place[k]] = scaled_cell<Real>(transfers[k], top, bottom);
    if (!(std::norm(top) > smallest && std::norm(bottom) > smallest)) return false;
  }
  return true;
}

template <class Real>
void fill_full(const Topology& topology, std::span<const Transfer> transfers,
               PreparedMesh<Real>& mesh) {
  mesh.scaled.clear();
  mesh.full.reserve(transfers.size());
  for (std::size_t k = 0; k < transfers.size(); ++k)
    mesh.full.push_back(
        full_cell<Real>(transfers[topology.diagonals.empty()
                                      ? k
                                      : static_cast<std::size_t>(topology.diagonal_cells[k])]));
}

}  // namespace

template <class Real>
PreparedMesh<Real> prepare(const Topology& topology, std::span<const Transfer> transfers,
                           std::span<const Complex> screen, Preparation preparation) {
  PreparedMesh<Real> mesh{.diagonals = topology.diagonals};
  if (mesh.diagonals.empty()) mesh.pairs = topology.cells;
  const bool done = preparation == Preparation::scaled && fill_scaled(topology, transfers, mesh);
  if (!done) {
    fill_full(topology, transfers, mesh);
    mesh.outputs.assign(screen.begin(), screen.end());
    return mesh;
  }
  for (std::size_t m = 0; m < screen.size(); ++m) mesh.outputs[m] = mul(mesh.outputs[m], screen[m]);
  return mesh;
}

template <class Real>
void propagate(const PreparedMesh<Real>& mesh, FieldView<Real> fields) {
  constexpr int wide = 2 * lanes_per_vector<Real>;
  const int rest = fields.batch % wide;
  // A rest of at most one vector goes through a narrow block of its own.
  const int narrow_from = rest > 0 && rest <= wide / 2 ? fields.batch - rest : fields.batch;
  propagate_blocks<Real, 2>(mesh, fields, 0, narrow_from);
  propagate_blocks<Real, 1>(mesh, fields, narrow_from, fields.batch);
}

template <class Real>
void propagate(const Topology& topology, std::span<const Transfer> transfers,
               std::span<const Complex> screen, FieldView<Real> fields) {
  constexpr int many = 128;  // vectors above which the dearer preparation pays
  const Preparation preparation = fields.batch >= many ? Preparation::scaled : Preparation::full;
  propagate(prepare<Real>(topology, transfers, screen, preparation), fields);
}

#define LIGHTLOOM_INSTANTIATE(Real)                                                             \
  template PreparedMesh<Real> prepare(const Topology&, std::span<const Transfer>,               \
                                      std::span<const Complex>, Preparation);                   \
  template void propagate(const PreparedMesh<Real>&, FieldView<Real>);                          \
  template void propagate(const Topology&, std::span<const Transfer>, std::span<const Complex>, \
                          FieldView<Real>);
LIGHTLOOM_INSTANTIATE(float)
LIGHTLOOM_INSTANTIATE(double)

}  // namespace lightloom::photonic
