#include "nn/weights/multilevel/two_level_fit.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "core/random/random.hpp"
#include "nn/weights/multilevel/low_rank.hpp"

namespace lightloom::nn {
namespace {

using Matrix = Eigen::MatrixXd;
using Index = Eigen::Index;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Scales a row or column to largest magnitude one and returns what it was.
template <class Vector>
double normalise(Vector&& vector) {
  const double largest = vector.cwiseAbs().maxCoeff();
  if (largest > 0) vector /= largest;
  return largest;
}

/// One generated kernel: its two factors (or itself in `right`), normalised, and the magnitude of
/// each component.
struct Kernel {
  Matrix left, right;
  std::vector<double> magnitudes;
};

Kernel split_kernel(const Matrix& kernel, int intra) {
  Kernel split;
  if (intra == 0) {
    split.right = kernel;
    split.magnitudes = {normalise(split.right)};
    return split;
  }
  LowRankPair pair = low_rank(kernel, intra);
  for (Index b = 0; b < intra; ++b)
    split.magnitudes.push_back(normalise(pair.left.col(b)) * normalise(pair.right.row(b)));
  split.left = std::move(pair.left);
  split.right = std::move(pair.right);
  return split;
}

/// Shares of one component's relative magnitude: a third for V when both levels are on, the rest
/// evenly.
struct Shares {
  double v = 1;
  std::vector<double> inner;  // per basis row: multiplies U's column and Wb's row alike
};

Shares share(const Kernel& kernel, double largest, const LevelSizes& sizes) {
  const double own = *std::max_element(kernel.magnitudes.begin(), kernel.magnitudes.end());
  Shares shares;
  if (sizes.cross_on) shares.v = std::pow(own / largest, sizes.intra_on() ? 1.0 / 3 : 0.5);
  for (const double magnitude : kernel.magnitudes) {
    const double rest = shares.v > 0 ? magnitude / (largest * shares.v) : 0.0;
    shares.inner.push_back(sizes.intra_on() ? std::sqrt(rest) : rest);
  }
  return shares;
}

void store(const Matrix& from, double factor, std::span<float> to) {
  std::size_t at = 0;
  for (Index i = 0; i < from.rows(); ++i)
    for (Index j = 0; j < from.cols(); ++j) to[at++] = static_cast<float>(factor * from(i, j));
}

/// Where a kernel's factors go: those of kernel `number`, magnitudes up to `peak`.
struct KernelPlace {
  const LevelSizes& sizes;
  double peak;
  std::size_t number;
};

void store_kernel(Kernel kernel, const Shares& shares, const KernelPlace& place, TwoLevelFit& fit) {
  const auto& [sizes, peak, m] = place;
  for (std::size_t b = 0; b < shares.inner.size() && sizes.intra_on(); ++b) {
    kernel.left.col(static_cast<Index>(b)) *= shares.inner[b];
    kernel.right.row(static_cast<Index>(b)) *= shares.inner[b];
  }
  const auto cross = static_cast<std::size_t>(sizes.cross);
  const std::size_t basis = fit.basis.size() / cross, u = fit.u.size() / cross;
  const double outer = sizes.intra_on() ? peak : peak * shares.inner[0];
  store(kernel.right, outer, std::span(fit.basis).subspan(m * basis, basis));
  if (sizes.intra_on()) store(kernel.left, peak, std::span(fit.u).subspan(m * u, u));
}

Matrix to_double(std::span<const float> weight, Index rows, Index columns) {
  Matrix matrix(rows, columns);
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < columns; ++j)
      matrix(i, j) = weight[static_cast<std::size_t>(i * columns + j)];
  return matrix;
}

TwoLevelFit empty_fit(const LevelSizes& sizes) {
  return {.basis = std::vector<float>(static_cast<std::size_t>(sizes.basis())),
          .u = std::vector<float>(static_cast<std::size_t>(sizes.u())),
          .v = std::vector<float>(static_cast<std::size_t>(sizes.v()))};
}

/// The fit from the components of level 2, as many as the sizes have; without level 2 the weight
/// itself.
TwoLevelFit fit_components(LowRankPair outer, const LevelSizes& sizes, double peak) {
  std::vector<Kernel> kernels;
  double largest = 0;
  for (Index m = 0; m < sizes.cross; ++m) {
    const double scale = sizes.cross_on ? normalise(outer.left.col(m)) : 1.0;
    const RowMajor row = scale * outer.right.row(m);
    kernels.push_back(split_kernel(
        Eigen::Map<const RowMajor>(row.data(), sizes.channels, sizes.area), sizes.intra));
    for (const double magnitude : kernels.back().magnitudes) largest = std::max(largest, magnitude);
  }
  TwoLevelFit fit = empty_fit(sizes);
  if (largest == 0) return fit;

  for (Index m = 0; m < sizes.cross; ++m) {
    Kernel& kernel = kernels[static_cast<std::size_t>(m)];
    const Shares shares = share(kernel, largest, sizes);
    if (sizes.cross_on) outer.left.col(m) *= shares.v;
    store_kernel(std::move(kernel), shares, {sizes, peak, static_cast<std::size_t>(m)}, fit);
  }
  if (sizes.cross_on) store(outer.left, peak, fit.v);
  const int factors = 1 + (sizes.intra_on() ? 1 : 0) + (sizes.cross_on ? 1 : 0);
  fit.gain = largest / std::pow(peak, factors);
  return fit;
}

}  // namespace

TwoLevelFit fit_by_svd(std::span<const float> weight, const LevelSizes& sizes, double peak) {
  Matrix target = to_double(weight, sizes.kernels, sizes.columns());
  if (sizes.cross_on) return fit_components(low_rank(target, sizes.cross), sizes, peak);
  return fit_components({.left = Matrix(), .right = std::move(target)}, sizes, peak);
}

struct TwoLevelSvd::Parts {
  Matrix weight;
  LowRankPair all;
};

TwoLevelSvd::TwoLevelSvd(std::span<const float> weight, const LevelSizes& sizes) {
  Parts parts{.weight = to_double(weight, sizes.kernels, sizes.columns())};
  parts.all = low_rank(parts.weight, std::min(sizes.kernels, sizes.columns()));
  parts_ = std::make_shared<const Parts>(std::move(parts));
}

TwoLevelFit TwoLevelSvd::fit(const LevelSizes& sizes, double peak) const {
  if (!sizes.cross_on)
    return fit_components({.left = Matrix(), .right = parts_->weight}, sizes, peak);
  const LowRankPair& all = parts_->all;
  return fit_components(
      {.left = all.left.leftCols(sizes.cross), .right = all.right.topRows(sizes.cross)}, sizes,
      peak);
}

TwoLevelFit random_fit(const LevelSizes& sizes, std::uint64_t seed, std::uint32_t layer) {
  TwoLevelFit fit = empty_fit(sizes);
  const Stream stream({.seed = seed, .purpose = Purpose::initial_weights, .layer = layer});
  const auto draw = [&](std::vector<float>& values, std::uint64_t shot, double variance) {
    fill_normal(stream, shot, values);
    for (float& value : values) value *= static_cast<float>(std::sqrt(variance));
  };
  draw(fit.basis, 0, 2.0 / (static_cast<double>(sizes.kernels) * sizes.area));
  if (sizes.intra_on()) draw(fit.u, 1, 2.0 / (static_cast<double>(sizes.cross) * sizes.intra));
  if (sizes.cross_on) draw(fit.v, 2, 2.0 / sizes.kernels);
  return fit;
}

}  // namespace lightloom::nn
