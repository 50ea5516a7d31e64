#include "photonic/meshes/mesh.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
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

double distance_from_unitary(const SquareMatrix& matrix) {
  const int n = matrix.size;
  const auto count = static_cast<std::size_t>(n);
  // Row by row of U U^dagger, which is 1 exactly when U is unitary: sums over the columns of U for
  // all rows up to r at once, next to each other.
  std::vector<double> re(count * count), im(count * count), sum_re(count), sum_im(count);
  for (std::size_t r = 0; r < count; ++r)
    for (std::size_t k = 0; k < count; ++k) {
      re[k * count + r] = matrix.values[r * count + k].real();
      im[k * count + r] = matrix.values[r * count + k].imag();
    }
  double largest = 0;
  for (std::size_t r = 0; r < count; ++r) {
    std::fill_n(sum_re.begin(), r + 1, 0.0);
    std::fill_n(sum_im.begin(), r + 1, 0.0);
    for (std::size_t k = 0; k < count; ++k) {
      const double a = re[k * count + r], b = im[k * count + r];
      const double *x = re.data() + k * count, *y = im.data() + k * count;
      for (std::size_t q = 0; q <= r; ++q) {
        sum_re[q] += a * x[q] + b * y[q];
        sum_im[q] += b * x[q] - a * y[q];
      }
    }
    sum_re[r] -= 1;
    for (std::size_t q = 0; q <= r; ++q)
      largest = std::max(largest, std::hypot(sum_re[q], sum_im[q]));
  }
  return largest;
}

}  // namespace lightloom::photonic
