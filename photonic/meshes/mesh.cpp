#include "photonic/meshes/mesh.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
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

/// The real and imaginary parts of a matrix, column by column.
struct Columns {
  std::size_t count;
  std::vector<double> re, im;

  explicit Columns(const SquareMatrix& matrix)
      : count(static_cast<std::size_t>(matrix.size)), re(count * count), im(count * count) {
    for (std::size_t r = 0; r < count; ++r)
      for (std::size_t k = 0; k < count; ++k) {
        re[k * count + r] = matrix.values[r * count + k].real();
        im[k * count + r] = matrix.values[r * count + k].imag();
      }
  }
};

/// The largest of size(re, im) over the elements of U U^dagger - 1 up to the diagonal: a row at a
/// time, for all rows before it at once, next to each other. Infinite where sums leave the range of
/// doubles: differences of infinities are not numbers, which std::max would pass over.
template <class Size>
double largest_element(const Columns& u, const Size& size) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> re(u.count), im(u.count);
  double largest = 0;
  for (std::size_t r = 0; r < u.count; ++r) {
    std::fill_n(re.begin(), r + 1, 0.0);
    std::fill_n(im.begin(), r + 1, 0.0);
    for (std::size_t k = 0; k < u.count; ++k) {
      const double *x = u.re.data() + k * u.count, *y = u.im.data() + k * u.count;
      const double a = x[r], b = y[r];
      for (std::size_t q = 0; q <= r; ++q) {
        re[q] += a * x[q] + b * y[q];
        im[q] += b * x[q] - a * y[q];
      }
    }
    re[r] -= 1;
    for (std::size_t q = 0; q <= r; ++q) {
      const double found = size(re[q], im[q]);
      largest = std::max(largest, std::isnan(found) ? infinity : found);
    }
  }
  return largest;
}

}  // namespace

double distance_from_unitary(const SquareMatrix& matrix) {
  const Columns columns(matrix);
  const double square =
      largest_element(columns, [](double re, double im) { return re * re + im * im; });
  if (std::isfinite(square)) return std::sqrt(square);
  // Elements whose squares leave the range of doubles.
  return largest_element(columns, [](double re, double im) { return std::hypot(re, im); });
}

}  // namespace lightloom::photonic
