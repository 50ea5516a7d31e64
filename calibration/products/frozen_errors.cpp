#include "calibration/products/frozen_errors.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "calibration/products/phase_regression.hpp"

namespace lightloom::calibration {
namespace {

/// Share of the variance that all outputs of a vector have: the mean covariance of two outputs over
/// the mean variance, never below 0. Of one output: 0.
double common_share(const Eigen::MatrixXd& residuals) {
  const auto outputs = static_cast<double>(residuals.cols());
  const double together = residuals.rowwise().sum().squaredNorm(), single = residuals.squaredNorm();
  if (outputs < 2 || single <= 0) return 0;
  return std::clamp((together - single) / (single * (outputs - 1)), 0.0, 1.0);
}

/// Fills mixing and standard errors; returns the residuals (vectors, outputs).
Eigen::MatrixXd fit_mixing(const Centred& data, FrozenErrors& errors) {
  const Eigen::Index rows = data.x.rows(), outputs = data.x.cols();
  const GramFactor factor = factor_gram(data.x);
  const Eigen::MatrixXd matrix = solve_gram(factor, cross_product(data.x, data.y));
  Eigen::MatrixXd left = data.y - product(data.x, matrix);
  const auto freedom = static_cast<double>(rows - outputs - errors.period());
  errors.sigma = (left.colwise().squaredNorm() / freedom).cwiseSqrt().transpose();
  errors.mixing = matrix.transpose();
  errors.mixing_sigma = errors.sigma * inverse_diagonal(factor).cwiseSqrt().transpose();
  return left;
}

}  // namespace

FrozenErrors fit_frozen(const Products& products, ErrorModel model, int period) {
  const Sides sides{products.expected, products.observed};
  std::vector<int> all(static_cast<std::size_t>(products.vectors()));
  std::iota(all.begin(), all.end(), 0);
  const PhaseMeans means = phase_means(sides, all, period);
  const Centred data = centred(sides, all, means);
  const auto vectors = static_cast<double>(products.vectors());
  FrozenErrors errors{.gain = own_slopes(data), .offset = means.y, .vectors = products.vectors()};
  Eigen::MatrixXd left = data.y - data.x * errors.gain.asDiagonal();
  const Eigen::VectorXd squares = data.x.colwise().squaredNorm().transpose();
  errors.sigma = (left.colwise().squaredNorm() / (vectors - 1 - period)).cwiseSqrt().transpose();
  errors.gain_sigma = errors.sigma.cwiseQuotient(squares.cwiseSqrt());
  errors.mixing = errors.gain.asDiagonal();
  errors.mixing_sigma = errors.gain_sigma.asDiagonal();
  if (mixes(model)) left = fit_mixing(data, errors);
  errors.offset -= product(means.x, errors.mixing.transpose());
  errors.offset_sigma = errors.sigma * std::sqrt(period / vectors);
  errors.common = common_share(left);
  const Eigen::MatrixXd about = products.expected.rowwise() - products.expected.colwise().mean();
  errors.covariance = cross_product(about, about) / vectors;
  return errors;
}

}  // namespace lightloom::calibration
