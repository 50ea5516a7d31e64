#include "photonic/decomposition/butterfly.hpp"

#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include "photonic/decomposition/clements_reck.hpp"
#include "photonic/decomposition/complex_svd.hpp"

namespace lightloom::photonic {
namespace {

/// The 2x2s of all columns, by (column, lower of the two modes), and the halves still to be
/// factorised.
using Blocks = std::vector<Transfer>;

Complex inner(const Complex* a, const Complex* b, int count) {
  Complex sum = 0;
  for (int k = 0; k < count; ++k) sum += mul(std::conj(a[k]), b[k]);
  return sum;
}

/// The 2x2 whose columns are the eigenvectors of [[a, b], [conj b, -a]], that of the positive
/// eigenvalue first.
Transfer eigenvectors(double a, Complex b) {
  const double angle = 0.5 * std::atan2(std::abs(b), a);  // from the top axis
  const Complex turn = direction(b);
  const double c = std::cos(angle), s = std::sin(angle);
  return {c, mul(turn, Complex(-s)), mul(std::conj(turn), Complex(s)), c};
}

/// The 2x2 G with (top; bottom) = G (rows that live in the left half; in the right half), as far as
/// it goes.
Transfer joining(const SquareMatrix& u, int k) {
  const int half = u.size / 2;
  const Complex *top = &u(k, 0), *bottom = &u(k + half, 0);
  const auto left_minus_right = [&](const Complex* p, const Complex* q) {
    return inner(p, q, half) - inner(p + half, q + half, half);
  };
  // X X^dagger - Y Y^dagger has trace 0 for a unitary; what is left of its trace plays no role.
  const double a =
      0.5 * (left_minus_right(top, top).real() - left_minus_right(bottom, bottom).real());
  return eigenvectors(a, left_minus_right(bottom, top));
}

/// The nearest unitary, or the matrix itself where it is one to round-off.
SquareMatrix polar(const SquareMatrix& matrix) {
  if (distance_from_unitary(matrix) < 1e-13 * matrix.size) return matrix;
  const ComplexSvd svd = complex_svd(matrix);
  return multiply(svd.left, adjoint(svd.right));
}

/// Factorises `u`, which acts on modes [first, first + size), into blocks (column, mode) of a mesh
/// of `modes`. What a 1 x 1 matrix leaves goes into `screen`, in front of the first column.
struct Levels {
  int modes;
  Blocks blocks;
  std::vector<Complex> inputs;

  void factorise(const SquareMatrix& u, int first) {
    if (u.size == 1) {
      inputs[static_cast<std::size_t>(first)] = direction(u(0, 0));
      return;
    }
    const int half = u.size / 2;
    SquareMatrix left(half), right(half);
    for (int k = 0; k < half; ++k) {
      const Transfer g = joining(u, k);
      block(half, first + k) = g;
      for (int c = 0; c < half; ++c) {
        left(k, c) = mul(std::conj(g.tt), u(k, c)) + mul(std::conj(g.bt), u(k + half, c));
        right(k, c) =
            mul(std::conj(g.tb), u(k, c + half)) + mul(std::conj(g.bb), u(k + half, c + half));
      }
    }
    factorise(polar(left), first);
    factorise(polar(right), first + half);
  }

  Transfer& block(int stride, int mode) {
    int column = 0;
    while ((1 << column) < stride) ++column;
    return blocks[static_cast<std::size_t>(std::int64_t{column} * modes + mode)];
  }
};

/// theta and phi of the ideal MZI that does what `g` does up to phases of its outputs, which are
/// returned on its diagonal.
Transfer as_device(const Transfer& g, double& theta, double& phi) {
  theta = 2 * std::atan2(std::hypot(std::abs(g.tt), std::abs(g.bb)),
                         std::hypot(std::abs(g.tb), std::abs(g.bt)));
  // T11 : T12 = e^{i phi} s : c and T21 : T22 = e^{i phi} c : -s; both say the same of phi.
  phi = std::arg(mul(g.tt, std::conj(g.tb)) - mul(g.bt, std::conj(g.bb)));
  const Transfer t = mzi(theta, phi);
  const auto left_over = [](Complex g1, Complex g2, Complex t1, Complex t2) {
    return direction(mul(g1, std::conj(t1)) + mul(g2, std::conj(t2)));
  };
  return {left_over(g.tt, g.tb, t.tt, t.tb), 0, 0, left_over(g.bt, g.bb, t.bt, t.bb)};
}

MeshSettings settings_of(const Levels& levels, const Topology& topology) {
  MeshSettings settings = zero_settings(topology);
  std::vector<Complex> carried = levels.inputs;
  for (std::size_t k = 0; k < topology.cells.size(); ++k) {
    const Cell& cell = topology.cells[k];
    Transfer g =
        levels
            .blocks[static_cast<std::size_t>(std::int64_t{cell.column} * levels.modes + cell.top)];
    Complex& top = carried[static_cast<std::size_t>(cell.top)];
    Complex& bottom = carried[static_cast<std::size_t>(cell.bottom)];
    g = {mul(g.tt, top), mul(g.tb, bottom), mul(g.bt, top), mul(g.bb, bottom)};
    const Transfer rest = as_device(g, settings.theta[k], settings.phi[k]);
    top = rest.tt;
    bottom = rest.bb;
  }
  for (std::size_t m = 0; m < carried.size(); ++m) settings.screen[m] = std::arg(carried[m]);
  return settings;
}

MeshSettings factorised(const SquareMatrix& matrix, const Topology& topology) {
  const auto modes = static_cast<std::size_t>(matrix.size);
  Levels levels{matrix.size, Blocks(modes * static_cast<std::size_t>(topology.columns)),
                std::vector<Complex>(modes)};
  levels.factorise(matrix, 0);
  return settings_of(levels, topology);
}

}  // namespace

int reverse_bits(int k, int size) {
  int reversed = 0;
  for (int bit = 1; bit < size; bit *= 2) reversed = 2 * reversed + ((k & bit) != 0 ? 1 : 0);
  return reversed;
}

SquareMatrix reverse_rows(const SquareMatrix& matrix) {
  SquareMatrix result(matrix.size);
  for (int r = 0; r < matrix.size; ++r)
    for (int c = 0; c < matrix.size; ++c) result(reverse_bits(r, matrix.size), c) = matrix(r, c);
  return result;
}

SquareMatrix reverse_columns(const SquareMatrix& matrix) {
  SquareMatrix result(matrix.size);
  for (int r = 0; r < matrix.size; ++r)
    for (int c = 0; c < matrix.size; ++c) result(r, reverse_bits(c, matrix.size)) = matrix(r, c);
  return result;
}

ButterflyFactors decompose_butterfly(const SquareMatrix& matrix) {
  const Topology topology = butterfly_topology(matrix.size);
  const double exact = 1e-13 * std::sqrt(matrix.size);
  ButterflyFactors best;
  best.error = std::numeric_limits<double>::infinity();
  for (const bool outputs : {false, true}) {
    for (const bool inputs : {false, true}) {
      SquareMatrix ordered = outputs ? reverse_rows(matrix) : matrix;
      if (inputs) ordered = reverse_columns(ordered);
      MeshSettings settings = factorised(ordered, topology);
      const double error = matrix_error(mesh_matrix(topology, DeviceKind::mzi, settings), ordered);
      if (error < best.error) best = {std::move(settings), inputs, outputs, error};
      if (best.error < exact) return best;
    }
  }
  return best;
}

MeshSettings random_butterfly_settings(const Topology& topology, const Stream& stream) {
  assert(topology.kind == MeshKind::butterfly);
  constexpr double turn = 2 * std::numbers::pi;
  MeshSettings settings = zero_settings(topology);
  const std::size_t cells = topology.cells.size();
  for (std::size_t k = 0; k < cells; ++k) {
    settings.theta[k] = 2 * std::acos(std::sqrt(stream.uniform(2 * k)));
    settings.phi[k] = turn * stream.uniform(2 * k + 1);
  }
  for (std::size_t m = 0; m < settings.screen.size(); ++m)
    settings.screen[m] = turn * stream.uniform(2 * cells + m);
  return settings;
}

}  // namespace lightloom::photonic
