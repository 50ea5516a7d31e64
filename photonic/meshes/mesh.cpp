#include "photonic/meshes/mesh.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "photonic/meshes/propagate.hpp"

namespace lightloom::photonic {

SquareMatrix identity_matrix(int size) {
  SquareMatrix result(size);
  for (int i = 0; i < size; ++i) result(i, i) = 1;
  return result;
}

MeshSettings zero_settings(const Topology& topology) {
  return {std::vector<double>(topology.cells.size()), std::vector<double>(topology.cells.size()),
          std::vector<double>(static_cast<std::size_t>(topology.modes))};
}

void cell_transfers(const ConfiguredMesh& mesh, std::span<Transfer> transfers) {
  const auto& [topology, kind, settings, fabrication] = mesh;
  const std::size_t cells = topology.cells.size();
  assert(settings.theta.size() == cells && settings.phi.size() == cells &&
         transfers.size() == cells);
  assert(fabrication.empty() || fabrication.size() == cells);
  assert(settings.outer.empty() || settings.outer.size() == cells);
  const MziErrors ideal;
  for (std::size_t k = 0; k < cells; ++k)
    transfers[k] = device(kind, settings.theta[k], settings.phi[k],
                          fabrication.empty() ? ideal : fabrication[k]);
  for (std::size_t k = 0; k < settings.outer.size(); ++k) {
    const Complex turn = std::polar(1.0, settings.outer[k]);
    transfers[k].tt = mul(transfers[k].tt, turn);
    transfers[k].bt = mul(transfers[k].bt, turn);
  }
}

SquareMatrix mesh_matrix(const Topology& topology, DeviceKind kind, const MeshSettings& settings,
                         std::span<const MziErrors> fabrication) {
  const int n = topology.modes;
  const auto count = static_cast<std::size_t>(n);
  std::vector<Transfer> transfers(topology.cells.size());
  cell_transfers({topology, kind, settings, fabrication}, transfers);
  std::vector<Complex> screen(count);
  for (std::size_t m = 0; m < count; ++m) screen[m] = std::polar(1.0, settings.screen[m]);
  std::vector<double> re(count * count), im(count * count);
  for (std::size_t m = 0; m < count; ++m) re[m * count + m] = 1;
  propagate<double>(topology, transfers, screen, {re.data(), im.data(), n, n, n});
  SquareMatrix result(n);
  for (std::size_t i = 0; i < result.values.size(); ++i) result.values[i] = {re[i], im[i]};
  return result;
}

double matrix_error(const SquareMatrix& a, const SquareMatrix& b) {
  assert(a.size == b.size);
  double sum = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i) sum += std::norm(a.values[i] - b.values[i]);
  return std::sqrt(sum / a.size);
}

double matrix_fidelity(const SquareMatrix& a, const SquareMatrix& b) {
  assert(a.size == b.size);
  Complex overlap = 0;
  double norm_a = 0, norm_b = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    overlap += mul(std::conj(a.values[i]), b.values[i]);
    norm_a += std::norm(a.values[i]);
    norm_b += std::norm(b.values[i]);
  }
  return norm_a * norm_b > 0 ? std::norm(overlap) / (norm_a * norm_b) : 0.0;
}

namespace {

constexpr std::size_t panel_rows = 4;
using PanelColumn = double __attribute__((vector_size(sizeof(double) * panel_rows)));

/// The real and imaginary parts of a matrix in panels of a few rows, column by column, zeros behind
/// the last row.
struct RowPanels {
  std::size_t size, count;
  std::vector<double> re, im;

  explicit RowPanels(const SquareMatrix& matrix)
      : size(static_cast<std::size_t>(matrix.size)),
        count((size + panel_rows - 1) / panel_rows),
        re(count * size * panel_rows),
        im(re.size()) {
    for (std::size_t r = 0; r < size; ++r)
      for (std::size_t k = 0; k < size; ++k) {
        const std::size_t place = (r / panel_rows * size + k) * panel_rows + r % panel_rows;
        re[place] = matrix.values[r * size + k].real();
        im[place] = matrix.values[r * size + k].imag();
      }
  }
};

/// Elements of U U^dagger, rows of one panel by rows of another.
struct PanelProducts {
  PanelColumn re[panel_rows] = {}, im[panel_rows] = {};
};

void multiply_panels(const RowPanels& u, std::size_t panel, std::size_t other,
                     PanelProducts& found) {
  PanelProducts sums;
  const std::size_t length = u.size * panel_rows;
  const double *a = &u.re[panel * length], *b = &u.im[panel * length];
  const double *x = &u.re[other * length], *y = &u.im[other * length];
  for (std::size_t k = 0; k < length; k += panel_rows) {
    PanelColumn re, im;
    std::memcpy(&re, x + k, sizeof(re));
    std::memcpy(&im, y + k, sizeof(im));
    for (std::size_t i = 0; i < panel_rows; ++i) {
      sums.re[i] += a[k + i] * re;
      sums.im[i] += b[k + i] * re;
      sums.re[i] += b[k + i] * im;
      sums.im[i] -= a[k + i] * im;
    }
  }
  found = sums;
}

/// The largest of size(re, im) over the elements of U U^dagger - 1 up to the diagonal. Infinite
/// where sums leave the range of doubles: differences of infinities are not numbers, which
/// std::max would pass over.
template <class Size>
double largest_element(const RowPanels& u, const Size& size) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double largest = 0;
  PanelProducts found;
  for (std::size_t panel = 0; panel < u.count; ++panel)
    for (std::size_t other = 0; other <= panel; ++other) {
      multiply_panels(u, panel, other, found);
      for (std::size_t i = 0; i < panel_rows && panel * panel_rows + i < u.size; ++i) {
        const std::size_t columns = other < panel ? panel_rows : i + 1;
        for (std::size_t j = 0; j < columns; ++j) {
          const double diagonal = other == panel && j == i ? 1 : 0;
          const double one = size(found.re[i][j] - diagonal, found.im[i][j]);
          largest = std::max(largest, std::isnan(one) ? infinity : one);
        }
      }
    }
  return largest;
}

}  // namespace

double distance_from_unitary(const SquareMatrix& matrix) {
  const RowPanels panels(matrix);
  const double square =
      largest_element(panels, [](double re, double im) { return re * re + im * im; });
  if (std::isfinite(square)) return std::sqrt(square);
  // Elements whose squares leave the range of doubles.
  return largest_element(panels, [](double re, double im) { return std::hypot(re, im); });
}

}  // namespace lightloom::photonic
