#pragma once

#include <Eigen/Core>

#include "calibration/products/products.hpp"

namespace lightloom::calibration {

/// The parameters of a model of errors, from all vectors, in the units of the products. Of the
/// vector with number t
///     observed_r = sum_k mixing_rk expected_k + offset_{t mod period, r} + sigma_r N.
struct FrozenErrors {
  Eigen::VectorXd gain;        // (outputs) of the regression on the expected product of the same
  Eigen::VectorXd gain_sigma;  // output alone, with its standard errors
  Eigen::MatrixXd mixing;  // (outputs, outputs), row r of output r; the gains alone without mixing
  Eigen::MatrixXd mixing_sigma;  // standard errors; 0 off the diagonal without mixing
  Eigen::MatrixXd offset;        // (period, outputs)
  Eigen::VectorXd
      offset_sigma;            // (outputs) standard error of one of them, of a mean of zero inputs
  Eigen::VectorXd sigma;       // (outputs) without bias: over the degrees of freedom
  Eigen::MatrixXd covariance;  // (outputs, outputs) of the expected products, about their mean
  double common = 0;           // share of the variance of the noise that all outputs have
  int vectors = 0;

  [[nodiscard]] int period() const { return static_cast<int>(offset.rows()); }
};

/// Ordinary least squares on all vectors.
FrozenErrors fit_frozen(const Products& products, ErrorModel model, int period);

}  // namespace lightloom::calibration
