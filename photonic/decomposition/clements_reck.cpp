#include "photonic/decomposition/clements_reck.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "photonic/decomposition/rotation_chain.hpp"
#include "photonic/devices/angle.hpp"

namespace lightloom::photonic {
namespace {

using std::numbers::pi;

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

/// Squares of less than this lose digits or vanish: no part of a unitary, and taken for zero.
constexpr double nothing = 1e-140;

/// |z| without the rescaling of hypot.
double modulus(Complex z) {
  const double size = std::sqrt(std::norm(z));
  return size < nothing ? 0 : size;
}

Nulling null_with(int mode, double s, double c, Complex turn) {
  const double size = std::sqrt(s * s + c * c);
  // Both elements zero: the cross state is a valid choice.
  if (size == 0) return {{mode, 0, 0}, mzi_from(0, 1, 1)};
  // Without a phase to follow, the 2x2 and its shifter both take none.
  const bool has_phase = modulus(turn) > 0;
  return {{mode, 2 * std::atan2(s, c), has_phase ? std::arg(turn) : 0.0},
          mzi_from(s / size, c / size, has_phase ? direction(turn) : Complex(1))};
}

/// The ideal device whose inverse, from the right on columns (m, m+1), nulls u in a row (.. u v
/// ..).
Nulling null_from_right(int mode, Complex u, Complex v) {
  return null_with(mode, modulus(v), modulus(u), -mul(direction(u), std::conj(v)));
}

/// The same from the left on rows (m, m+1), nulling v in a column (.. u v ..).
Nulling null_from_left(int mode, Complex u, Complex v) {
  return null_with(mode, modulus(u), modulus(v), mul(direction(v), std::conj(u)));
}

/// Cells of each column of a Clements or Reck mesh before it, as the topologies number them: a
/// column's cells begin at mode 0 or 1 and take every other mode.
std::vector<int> column_starts(MeshKind kind, int modes) {
  std::vector<int> starts{0};
  const int columns = kind == MeshKind::clements ? modes : 2 * modes - 3;
  for (int c = 0; c < columns; ++c) {
    const int last = kind == MeshKind::clements ? modes - 2 : c - 2 * std::max(0, c - modes + 2);
    starts.push_back(starts.back() + std::max(0, (last - c % 2) / 2 + 1));
  }
  return starts;
}

/// Puts devices, listed in the order of light, at the earliest column each can take.
MeshSettings place(MeshKind kind, int modes, const std::vector<Placed>& devices,
                   std::vector<double> screen) {
  MeshSettings settings{.theta = std::vector<double>(devices.size()),
                        .phi = std::vector<double>(devices.size()),
                        .screen = std::move(screen)};
  const std::vector<int> starts = column_starts(kind, modes);
  std::vector<int> depth(static_cast<std::size_t>(modes), 0);
  for (const Placed& placed : devices) {
    const auto m = static_cast<std::size_t>(placed.mode);
    const int column = std::max(depth[m], depth[m + 1]);
    depth[m] = depth[m + 1] = column + 1;
    const int cell = starts[static_cast<std::size_t>(column)] + placed.mode / 2;
    const auto k = static_cast<std::size_t>(cell);
    assert(k < devices.size() && placed.mode % 2 == column % 2);
    settings.theta[k] = placed.theta;
    settings.phi[k] = placed.phi;
  }
  return settings;
}

std::vector<double> diagonal_phases(const SplitMatrix& u) {
  std::vector<double> phases(static_cast<std::size_t>(u.size));
  for (int m = 0; m < u.size; ++m) phases[static_cast<std::size_t>(m)] = std::arg(u.at(m, m));
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

/// Nulls the elements of anti-diagonal i of the lower left from the bottom row up, each by a
/// rotation of columns. The rotation found in a row is needed in the rows above: those of a few
/// rows are found together, after all earlier ones have reached them.
void null_diagonal_from_right(SplitMatrix& u, int i, std::vector<Placed>& devices) {
  constexpr int together = 8;
  const int bottom = u.size - 1;
  RotationChain chain{.first_mode = i, .descending = true, .rotations = {}};
  for (int first = 0; first <= i; first += together) {
    const int end = std::min(first + together, i + 1);
    rotate_columns(u, chain, {0, first}, {bottom - end + 1, bottom - first + 1});
    for (int j = first; j < end; ++j) {
      const int row = bottom - j, m = i - j;
      const Nulling found = null_from_right(m, u.at(row, m), u.at(row, m + 1));
      devices.push_back(found.placed);
      chain.rotations.push_back(found.transfer);
      rotate_columns(u, chain, {j, j + 1}, {bottom - end + 1, row + 1});  // below: null already
    }
  }
  rotate_columns(u, chain, {0, i + 1}, {0, bottom - i});
}

/// The same by rotations of rows, from the left column on.
void null_diagonal_from_left(SplitMatrix& u, int i, std::vector<Placed>& devices) {
  for (int j = 0; j <= i; ++j) {
    const int m = u.size - 2 - i + j;
    const Nulling found = null_from_left(m, u.at(m, j), u.at(m + 1, j));
    devices.push_back(found.placed);
    rotate_rows(u, m, j, found.transfer);  // further left, both rows are null already
  }
}

}  // namespace

MeshSettings decompose_clements(const SquareMatrix& unitary) {
  const int n = unitary.size;
  require(n >= 1, "cannot decompose an empty matrix");
  SplitMatrix u(unitary);
  std::vector<Placed> right, left;
  for (int i = 0; i + 1 < n; ++i)
    if (i % 2 == 0)
      null_diagonal_from_right(u, i, right);
    else
      null_diagonal_from_left(u, i, left);
  std::vector<double> screen = diagonal_phases(u);
  for (auto placed = left.rbegin(); placed != left.rend(); ++placed) {
    commute(*placed, screen);
    right.push_back(*placed);
  }
  return place(MeshKind::clements, n, right, std::move(screen));
}

MeshSettings decompose_reck(const SquareMatrix& unitary) {
  const int n = unitary.size;
  require(n >= 1, "cannot decompose an empty matrix");
  SplitMatrix u(unitary);
  std::vector<Placed> devices;
  for (int row = n - 1; row >= 1; --row) {
    RotationChain chain;
    for (int m = 0; m < row; ++m) {
      const Nulling found = null_from_right(m, u.at(row, m), u.at(row, m + 1));
      devices.push_back(found.placed);
      chain.rotations.push_back(found.transfer);
      rotate_columns(u, chain, {m, m + 1}, {row, row + 1});
    }
    rotate_columns(u, chain, {0, row}, {0, row});  // below, all these columns are null already
  }
  return place(MeshKind::reck, n, devices, diagonal_phases(u));
}

}  // namespace lightloom::photonic
