#include "calibration/solvers/cholesky.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cassert>
#include <limits>

#include "core/parallel.hpp"

namespace lightloom::calibration {
namespace {

constexpr Eigen::Index tile = 192;
using Tiles = Eigen::Map<Eigen::MatrixXd>;

/// Right-looking blocked factorisation of the upper half in place; false when a pivot is not
/// positive. The update of each block column is the work of one thread.
bool factorise(Tiles a) {
  const Eigen::Index n = a.rows();
  for (Eigen::Index k = 0; k < n; k += tile) {
    const Eigen::Index width = std::min(tile, n - k), rest = n - k - width;
    Eigen::Ref<Eigen::MatrixXd> corner(a.block(k, k, width, width));
    const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>, Eigen::Upper> diagonal(corner);
    if (diagonal.info() != Eigen::Success) return false;
    if (rest == 0) break;
    const Eigen::Index blocks = (rest + tile - 1) / tile;
    const auto pivot = a.block(k, k, width, width).triangularView<Eigen::Upper>();
    parallel_for_dynamic(blocks, [&](Eigen::Index b) {
      const Eigen::Index j = k + width + b * tile, wide = std::min(tile, n - j);
      auto row = a.block(k, j, width, wide);
      pivot.transpose().solveInPlace(row);
    });
    parallel_for_dynamic(blocks, [&](Eigen::Index b) {
      const Eigen::Index j = k + width + b * tile, wide = std::min(tile, n - j);
      const auto panel = a.block(k, j, width, wide);
      const Eigen::Index above = j - (k + width);
      if (above > 0)
        a.block(k + width, j, above, wide).noalias() -=
            a.block(k, k + width, width, above).transpose() * panel;
      a.block(j, j, wide, wide).triangularView<Eigen::Upper>() -= panel.transpose() * panel;
    });
  }
  return true;
}

}  // namespace

double cholesky(std::span<double> matrix, int n) {
  assert(matrix.size() == static_cast<std::size_t>(n) * static_cast<std::size_t>(n));
  Tiles a(matrix.data(), n, n);
  const Eigen::VectorXd diagonal = a.diagonal();
  double added = 0;
  // The lower half keeps the input for another try with more on the diagonal.
  while (!factorise(a)) {
    a.triangularView<Eigen::StrictlyUpper>() = a.transpose();
    added = added == 0 ? 16 * std::numeric_limits<double>::epsilon() : 100 * added;
    for (Eigen::Index i = 0; i < n; ++i)
      a(i, i) = diagonal[i] > 0 ? diagonal[i] * (1 + added) : 1.0;
  }
  return added;
}

}  // namespace lightloom::calibration
