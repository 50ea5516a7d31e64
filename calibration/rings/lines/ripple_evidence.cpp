#include "calibration/rings/lines/ripple_evidence.hpp"

#include <algorithm>

#include "calibration/rings/lines/spectrum_noise.hpp"

namespace lightloom::calibration {
namespace {

/// Orthonormal columns that span those of `all`, by the method of Gram and Schmidt, twice.
Eigen::MatrixXd orthonormal(const Eigen::MatrixXd& all) {
  Eigen::MatrixXd basis(all.rows(), all.cols());
  Eigen::Index count = 0;
  for (Eigen::Index k = 0; k < all.cols(); ++k) {
    Eigen::VectorXd column = all.col(k);
    const double length = column.norm();
    for (int twice = 0; twice < 2; ++twice)
      for (Eigen::Index j = 0; j < count; ++j) column -= basis.col(j).dot(column) * basis.col(j);
    if (!(column.norm() > 1e-7 * length)) continue;
    basis.col(count++) = column / column.norm();
  }
  return basis.leftCols(count);
}

/// Changes of the readings' residuals by all parameters but those of the ripple.
Eigen::MatrixXd others_slopes(const LineAttempt& bare, const LineData& data) {
  const std::size_t rows = data.x_nm.size(), lines = bare.shape.front();
  std::vector<double> slope(bare.x.size());
  Eigen::MatrixXd slopes = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(rows),
                                                 static_cast<Eigen::Index>(bare.x.size()));
  for (std::size_t i = 0; i < rows; ++i) {
    line_power(bare.shape, bare.x, data.place(i), slope);
    for (std::size_t k = 0; k < slope.size(); ++k)
      if (k < 3 || k >= lines)
        slopes(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) =
            slope[k] / data.sigma[i];
  }
  return slopes;
}

}  // namespace

RippleEvidence evidence_of(const LineAttempt& fit, const LineData& data) {
  LineAttempt bare = fit;
  if (fit.shape.ripple) bare.x[3] = bare.x[4] = 0;
  RippleEvidence evidence{.nm = data.x_nm, .residual = residuals_of(bare, data), .reach = {}};
  const double quick = std::max(difference_sigma(residuals_of(fit, data)), 1e-300);
  for (std::size_t i = 0; i < data.x_nm.size(); ++i) {
    evidence.residual[i] /= quick;
    evidence.reach.push_back(line_power(bare.shape, bare.x, data.place(i), {}) / data.sigma[i] /
                             quick);
  }
  evidence.taken = orthonormal(others_slopes(bare, data));
  return evidence;
}

}  // namespace lightloom::calibration
