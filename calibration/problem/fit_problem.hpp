#pragma once

#include <span>
#include <vector>

#include "calibration/measurement/measurements.hpp"
#include "calibration/problem/mesh_jacobian.hpp"

namespace lightloom::calibration {

/// Gaussian knowledge of every parameter before the data. sigma 0: none.
struct Prior {
  std::vector<double> mean, sigma;  // (parameters)
};

/// Robust estimation: residuals beyond `huber` standard deviations pull with constant force. 0:
/// least squares.
struct Loss {
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
  Loss loss;
};

/// J^T J, J^T r and half the cost at one point.
struct NormalEquations {
  int size = 0;
  std::vector<double> hessian;   // (size, size), symmetric, both halves
  std::vector<double> gradient;  // (size)
  double cost = 0;
};

/// One setting's share of the cost.
struct SettingResiduals {
  double cost = 0;                 // half the sum of rho
  std::vector<double> residual;    // (inputs, ports), weighted (model - y) / sigma
  std::vector<double> row_weight;  // what the rows of the model's Jacobian are multiplied by
};
SettingResiduals setting_residuals(const FitProblem& problem, int setting,
                                   std::span<const double> model);
double prior_cost(const FitProblem& problem, std::span<const double> parameters);

/// Half the sum of squares (robust where asked).
double fit_cost(const FitProblem& problem, std::span<const double> parameters);

/// The normal equations, accumulated setting by setting over the base columns: no Jacobian of the
/// whole device is ever held (12 GB at 64 ports). Equal to the bit on any number of threads.
NormalEquations normal_equations(const FitProblem& problem, std::span<const double> parameters);

/// J^T J + prior alone, estimated from some of the settings (evenly chosen, scaled to all of them;
/// `rows_per_unknown` rows for each free parameter) in single precision: a preconditioner at a
/// fraction of the cost. Both halves of `hessian` (free, free) are written.
void rough_hessian(const FitProblem& problem, std::span<const double> parameters,
                   double rows_per_unknown, std::span<double> hessian);

/// The whole weighted Jacobian d(model / sigma) / d(free parameters), column-major with
/// `rows = settings * inputs * ports`, without priors: for rank decisions and tests.
struct DenseJacobian {
  int rows = 0, columns = 0;
  std::vector<double> values;
};
DenseJacobian dense_jacobian(const FitProblem& problem, std::span<const double> parameters);

/// (y - model) / sigma of every fitted reading, 0 where left out; (settings, inputs, ports).
std::vector<double> residuals(const FitProblem& problem, std::span<const double> parameters);

}  // namespace lightloom::calibration
