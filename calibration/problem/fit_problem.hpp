#pragma once

#include <span>
#include <vector>

#include "calibration/measurement/measurements.hpp"

namespace lightloom::calibration {

/// Gaussian knowledge of every parameter before the data. sigma 0: none.
struct Prior {
  std::vector<double> mean, sigma;  // (parameters)
};

/// Robust estimation: residuals beyond `huber` standard deviations pull with constant force. 0:
/// least squares.
struct RobustLoss {
  double huber = 0;
};

/// Sum over readings of rho((y - model)^2 / sigma^2) plus the prior's squares, over the free
/// parameters. Readings with sigma 0 are left out.
struct FitProblem {
  const ChipShape* shape = nullptr;
  const Measurements* data = nullptr;
  std::vector<int> settings;  // the ones fitted
  FreeSet free;
  std::vector<double> sigma;  // (settings of the data, inputs, ports)
  Prior prior;
  RobustLoss loss;
};

/// One setting's share of the cost.
struct SettingResiduals {
  double cost = 0;                 // half the sum of rho
  std::vector<double> residual;    // (inputs, ports), weighted (model - y) / sigma
  std::vector<double> row_weight;  // what the rows of the model's Jacobian are multiplied by
};
SettingResiduals setting_residuals(const FitProblem& problem, int setting,
                                   std::span<const double> model, const RobustLoss& loss);
double prior_cost(const FitProblem& problem, std::span<const double> parameters);

/// Half the sum of squares (robust where asked).
double fit_cost(const FitProblem& problem, std::span<const double> parameters);

/// The whole weighted Jacobian d(model / sigma) / d(free parameters), column-major with
/// `rows = settings * inputs * ports`, without priors: for rank decisions and tests.
struct DenseJacobian {
  int rows = 0, columns = 0;
  std::vector<double> values;
};
DenseJacobian dense_jacobian(const FitProblem& problem, std::span<const double> parameters);
/// Of one setting alone.
DenseJacobian dense_jacobian_of(const FitProblem& problem, int setting,
                                std::span<const double> parameters);

/// sigma of every reading by the noise model at the readings that `parameters` predict.
std::vector<double> predicted_sigma(const ChipShape& shape, const Measurements& data,
                                    std::span<const double> parameters);

/// (y - model) / sigma of every fitted reading, 0 where left out; (settings, inputs, ports).
std::vector<double> residuals(const FitProblem& problem, std::span<const double> parameters);
/// Of one setting alone, (inputs, ports).
std::vector<double> residuals_of(const FitProblem& problem, int setting,
                                 std::span<const double> parameters);

}  // namespace lightloom::calibration
