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

/// The device that nulls one of two elements, with its 2x2.
struct Nulling {
  Placed placed;
  Transfer transfer;
};

Nulling null_with(int mode, double s, double c, Complex turn) {
  const double size = std::hypot(s, c);
  const Complex e_phi = direction(turn);
  // Both elements zero: the cross state is a valid choice.
  if (size == 0) return {{mode, 0, 0}, mzi_from(0, 1, 1)};
  return {{mode, 2 * std::atan2(s, c), turn == 0.0 ? 0.0 : std::arg(turn)},
          mzi_from(s / size, c / size, e_phi)};
}

/// The ideal device whose inverse, from the right on columns (m, m+1), nulls u in a row (.. u v
/// ..).
Nulling null_from_right(int mode, Complex u, Complex v) {
  return null_with(mode, std::abs(v), std::abs(u), -mul(direction(u), std::conj(v)));
}

/// The same from the left on rows (m, m+1), nulling v in a column (.. u v ..).
Nulling null_from_left(int mode, Complex u, Complex v) {
  return null_with(mode, std::abs(u), std::abs(v), mul(direction(v), std::conj(u)));
}

/// Columns (m, m+1) of rows [0, rows) times T^dagger.
void apply_right(SquareMatrix& u, int rows, int mode, const Transfer& t) {
  const Complex a = std::conj(t.tt), b = std::conj(t.bt), c = std::conj(t.tb), d = std::conj(t.bb);
  Complex* pair = &u(0, mode);
  for (int r = 0; r < rows; ++r, pair += u.size) {
    const Complex x = pair[0], y = pair[1];
    pair[0] = mul(x, a) + mul(y, c);
    pair[1] = mul(x, b) + mul(y, d);
  }
}

/// T times rows (m, m+1) of columns [first, size).
void apply_left(SquareMatrix& u, int first, int mode, const Transfer& t) {
  Complex* __restrict top = &u(mode, 0);
  Complex* __restrict bottom = &u(mode + 1, 0);
  for (int k = first; k < u.size; ++k) {
    const Complex x = top[k], y = bottom[k];
    top[k] = mul(t.tt, x) + mul(t.tb, y);
    bottom[k] = mul(t.bt, x) + mul(t.bb, y);
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
        const Nulling found = null_from_right(m, u(row, m), u(row, m + 1));
        right.push_back(found.placed);
        apply_right(u, row + 1, m, found.transfer);  // below, both columns are null already
      } else {
        const int m = n - 2 - i + j;
        const Nulling found = null_from_left(m, u(m, j), u(m + 1, j));
        left.push_back(found.placed);
        apply_left(u, j, m, found.transfer);  // further left, both rows are null already
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
      const Nulling found = null_from_right(m, u(row, m), u(row, m + 1));
      devices.push_back(found.placed);
      apply_right(u, row + 1, m, found.transfer);
    }
  }
  return place(reck_topology(n), devices, diagonal_phases(u));
}

}  // namespace lightloom::photonic
