#include "photonic/meshes/haar.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace lightloom::photonic {
namespace {

/// One pass of modified Gram-Schmidt over the rows.
void orthonormalise_rows(SquareMatrix& m) {
  for (int r = 0; r < m.size; ++r) {
    for (int q = 0; q < r; ++q) {
      Complex overlap = 0;
      for (int k = 0; k < m.size; ++k) overlap += mul(std::conj(m(q, k)), m(r, k));
      for (int k = 0; k < m.size; ++k) m(r, k) -= mul(overlap, m(q, k));
    }
    double norm = 0;
    for (int k = 0; k < m.size; ++k) norm += std::norm(m(r, k));
    const double scale = 1 / std::sqrt(norm);
    for (int k = 0; k < m.size; ++k) m(r, k) *= scale;
  }
}

}  // namespace

SquareMatrix haar_unitary(int size, const Stream& stream, std::uint64_t shot) {
  SquareMatrix m(size);
  for (std::size_t i = 0; i < m.values.size(); ++i)
    m.values[i] = {stream.normal(2 * i, shot), stream.normal(2 * i + 1, shot)};
  // The second pass brings orthogonality from condition number times epsilon to epsilon.
  orthonormalise_rows(m);
  orthonormalise_rows(m);
  return m;
}

int haar_exponent(int modes, int column, int mode) {
  return std::min(2 * std::min(column, modes - 1 - column) + 1,
                  2 * std::min(mode, modes - 2 - mode) + 2);
}

double haar_mean_theta(int exponent) {
  // E[theta] of cos^2(theta/2) = u^{1/k}, midpoint rule in u: the integrand is smooth but for a
  // square-root end.
  constexpr int points = 512;
  double sum = 0;
  for (int i = 0; i < points; ++i)
    sum += 2 * std::acos(std::sqrt(std::pow((i + 0.5) / points, 1.0 / exponent)));
  return sum / points;
}

MeshSettings haar_clements_settings(const Topology& topology, const Stream& stream,
                                    std::uint64_t shot) {
  assert(topology.kind == MeshKind::clements);
  constexpr double turn = 2 * std::numbers::pi;
  MeshSettings settings = zero_settings(topology);
  const std::size_t cells = topology.cells.size();
  for (std::size_t k = 0; k < cells; ++k) {
    const Cell& cell = topology.cells[k];
    const double exponent = haar_exponent(topology.modes, cell.column, cell.top);
    settings.theta[k] =
        2 * std::acos(std::sqrt(std::pow(stream.uniform(2 * k, shot), 1.0 / exponent)));
    settings.phi[k] = turn * stream.uniform(2 * k + 1, shot);
  }
  for (std::size_t m = 0; m < settings.screen.size(); ++m)
    settings.screen[m] = turn * stream.uniform(2 * cells + m, shot);
  return settings;
}

}  // namespace lightloom::photonic
