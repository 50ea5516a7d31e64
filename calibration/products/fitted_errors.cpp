#include "calibration/products/fitted_errors.hpp"

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

std::vector<double> row_major(const Eigen::MatrixXd& matrix) {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(matrix.size()));
  for (Eigen::Index r = 0; r < matrix.rows(); ++r)
    for (Eigen::Index c = 0; c < matrix.cols(); ++c) values.push_back(matrix(r, c));
  return values;
}

/// Parameters as they are solved for.
struct Solved {
  Eigen::VectorXd gain, gain_sigma, sigma;
  Eigen::MatrixXd mixing, mixing_sigma;
  Eigen::MatrixXd left;  // residuals (vectors, outputs)
};

void solve_gains(const Centred& data, int period, Solved& solved) {
  solved.gain = own_slopes(data);
  solved.left = data.y - data.x * solved.gain.asDiagonal();
  const auto freedom = static_cast<double>(data.x.rows() - 1 - period);
  solved.sigma = (solved.left.colwise().squaredNorm() / freedom).cwiseSqrt().transpose();
  const Eigen::VectorXd lengths = data.x.colwise().norm().transpose();
  solved.gain_sigma = solved.sigma.cwiseQuotient(lengths);
  solved.mixing = solved.gain.asDiagonal();
  solved.mixing_sigma = solved.gain_sigma.asDiagonal();
}

void solve_mixing(const Centred& data, int period, Solved& solved) {
  const GramFactor factor = factor_gram(data.x);
  const Eigen::MatrixXd matrix = solve_gram(factor, cross_product(data.x, data.y));
  solved.left = data.y - product(data.x, matrix);
  const auto freedom = static_cast<double>(data.x.rows() - data.x.cols() - period);
  solved.sigma = (solved.left.colwise().squaredNorm() / freedom).cwiseSqrt().transpose();
  solved.mixing = matrix.transpose();
  solved.mixing_sigma = solved.sigma * inverse_diagonal(factor).cwiseSqrt().transpose();
}

}  // namespace

FittedErrors fit_errors(const ProductMatrices& products, ErrorModel model, int period) {
  const Sides sides{products.expected, products.observed};
  std::vector<int> all(static_cast<std::size_t>(products.vectors()));
  std::iota(all.begin(), all.end(), 0);
  const PhaseMeans means = phase_means(sides, all, period);
  const Centred data = centred(sides, all, means);
  Solved solved;
  solve_gains(data, period, solved);
  if (mixes(model)) solve_mixing(data, period, solved);
  const double vectors = products.vectors();
  const Eigen::RowVectorXd mean = products.expected.colwise().mean();
  const Eigen::MatrixXd about = products.expected.rowwise() - mean;
  return {.outputs = products.outputs(),
          .period = period,
          .vectors = products.vectors(),
          .gain = row_major(solved.gain),
          .gain_sigma = row_major(solved.gain_sigma),
          .mixing = row_major(solved.mixing),
          .mixing_sigma = row_major(solved.mixing_sigma),
          .offset = row_major(means.y - product(means.x, solved.mixing.transpose())),
          .offset_sigma = row_major(solved.sigma * std::sqrt(period / vectors)),
          .sigma = row_major(solved.sigma),
          .covariance = row_major(cross_product(about, about) / vectors),
          .common = common_share(solved.left)};
}

}  // namespace lightloom::calibration
