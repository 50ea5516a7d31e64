#include "photonic/decompose.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#include "core/error.hpp"

namespace lightloom::photonic {
namespace {

constexpr double pi = std::numbers::pi;

/// One device found by nulling, in the order of light.
struct Placed {
  int mode = 0;
  double theta = 0, phi = 0;
};

/// theta, phi of the ideal device whose inverse, from the right on columns (m, m+1), nulls u in a
/// row (.. u v ..).
Placed null_from_right(int mode, Complex u, Complex v) {
  const bool degenerate = u == 0.0 || v == 0.0;
  return {mode, 2 * std::atan2(std::abs(v), std::abs(u)),
          degenerate ? 0.0 : wrap_phase(std::arg(u) - std::arg(v) + pi)};
}

/// The same from the left on rows (m, m+1), nulling v in a column (.. u v ..).
Placed null_from_left(int mode, Complex u, Complex v) {
  const bool degenerate = u == 0.0 || v == 0.0;
  return {mode, 2 * std::atan2(std::abs(u), std::abs(v)),
          degenerate ? 0.0 : wrap_phase(std::arg(v) - std::arg(u))};
}

/// Columns (m, m+1) of rows [0, rows) times T^dagger.
void apply_right(SquareMatrix& u, int rows, const Placed& p) {
  const Transfer t = mzi(p.theta, p.phi);
  const Complex a = std::conj(t.tt), b = std::conj(t.bt), c = std::conj(t.tb), d = std::conj(t.bb);
  for (int r = 0; r < rows; ++r) {
    const Complex x = u(r, p.mode), y = u(r, p.mode + 1);
    u(r, p.mode) = mul(x, a) + mul(y, c);
    u(r, p.mode + 1) = mul(x, b) + mul(y, d);
  }
}

/// T times rows (m, m+1) of columns [first, size).
void apply_left(SquareMatrix& u, int first, const Placed& p) {
  const Transfer t = mzi(p.theta, p.phi);
  for (int k = first; k < u.size; ++k) {
    const Complex x = u(p.mode, k), y = u(p.mode + 1, k);
    u(p.mode, k) = mul(t.tt, x) + mul(t.tb, y);
    u(p.mode + 1, k) = mul(t.bt, x) + mul(t.bb, y);
  }
}

/// Puts devices, listed in the order of light, at the earliest column each can take.
MeshSettings place(const Topology& topology, const std::vector<Placed>& devices,
                   std::vector<double> screen) {
  MeshSettings settings = zero_settings(topology);
  settings.screen = std::move(screen);
  const auto modes = static_cast<std::size_t>(topology.modes);
  std::vector<int> cell_at(modes * static_cast<std::size_t>(std::max(topology.columns, 1)), -1);
  for (std::size_t k = 0; k < topology.cells.size(); ++k) {
    const Cell& cell = topology.cells[k];
    cell_at[static_cast<std::size_t>(cell.column) * modes + static_cast<std::size_t>(cell.top)] =
        static_cast<int>(k);
  }
  std::vector<int> depth(modes, 0);
  for (const Placed& placed : devices) {
    const auto m = static_cast<std::size_t>(placed.mode);
    const int column = std::max(depth[m], depth[m + 1]);
    depth[m] = depth[m + 1] = column + 1;
    const int k = cell_at[static_cast<std::size_t>(column) * modes + m];
    assert(k >= 0);
    settings.theta[static_cast<std::size_t>(k)] = placed.theta;
    settings.phi[static_cast<std::size_t>(k)] = placed.phi;
  }
  return settings;
}

std::vector<double> diagonal_phases(const SquareMatrix& u) {
  std::vector<double> phases(static_cast<std::size_t>(u.size));
  for (int m = 0; m < u.size; ++m) phases[static_cast<std::size_t>(m)] = std::arg(u(m, m));
  return phases;
}

/// T^dagger(theta, phi) diag(e^{i a}, e^{i b}) = diag(e^{i a'}, e^{i b'}) T(theta, phi').
void commute(Placed& placed, std::vector<double>& screen) {
  double& a = screen[static_cast<std::size_t>(placed.mode)];
  double& b = screen[static_cast<std::size_t>(placed.mode) + 1];
  const double phi = wrap_phase(a - b);
  a = wrap_phase(b - placed.phi - placed.theta - pi);
  b = wrap_phase(b - placed.theta - pi);
  placed.phi = phi;
}

}  // namespace

double wrap_phase(double angle_rad) {
  const double wrapped = std::remainder(angle_rad, 2 * pi);
  return wrapped <= -pi ? pi : wrapped;
}

MeshSettings decompose_clements(const SquareMatrix& unitary) {
  const int n = unitary.size;
  require(n >= 1, "cannot decompose an empty matrix");
  SquareMatrix u = unitary;
  std::vector<Placed> right, left;
  for (int i = 0; i + 1 < n; ++i) {
    for (int j = 0; j <= i; ++j) {
      if (i % 2 == 0) {
        const int row = n - 1 - j, m = i - j;
        right.push_back(null_from_right(m, u(row, m), u(row, m + 1)));
        apply_right(u, row + 1, right.back());  // below, both columns are null already
      } else {
        const int m = n - 2 - i + j;
        left.push_back(null_from_left(m, u(m, j), u(m + 1, j)));
        apply_left(u, j, left.back());  // further left, both rows are null already
      }
    }
  }
  std::vector<double> screen = diagonal_phases(u);
  for (auto placed = left.rbegin(); placed != left.rend(); ++placed) {
    commute(*placed, screen);
    right.push_back(*placed);
  }
  return place(clements_topology(n), right, std::move(screen));
}

MeshSettings decompose_reck(const SquareMatrix& unitary) {
  const int n = unitary.size;
  require(n >= 1, "cannot decompose an empty matrix");
  SquareMatrix u = unitary;
  std::vector<Placed> devices;
  for (int row = n - 1; row >= 1; --row) {
    for (int m = 0; m < row; ++m) {
      devices.push_back(null_from_right(m, u(row, m), u(row, m + 1)));
      apply_right(u, row + 1, devices.back());
    }
  }
  return place(reck_topology(n), devices, diagonal_phases(u));
}

}  // namespace lightloom::photonic
