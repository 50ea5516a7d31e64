#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "calibration/model/parameters.hpp"
#include "calibration/problem/held_out.hpp"

namespace lightloom::calibration {

struct StageReport {
  std::string name;
  int iterations = 0;
  int inner_iterations = 0;     // of steps solved by conjugate gradients
  double chi2_per_reading = 0;  // after the stage, with the noise model of the last one
  double seconds = 0;
  bool converged = false;
  std::string message;
};

/// Two parameters that the data cannot separate.
struct Correlation {
  int first = 0, second = 0;
  double value = 0;
};

/// A calibrated chip. Non-convergence is a value here.
struct FitResult {
  std::vector<double> parameters;  // all, held ones at their value
  std::vector<double> sigma;       // standard deviation; 0: held
  FreeSet free;
  bool converged = false;
  double chi2 = 0;   // of data and priors
  double dof = 0;    // readings + priors - free parameters
  HeldOut held_out;  // of the settings kept out of the fit
  std::int64_t readings = 0;
  std::int64_t outliers = 0;       // fitted readings beyond 5 standard deviations
  std::vector<int> dead;           // parameters no reading depends on
  std::vector<int> silent;         // heaters without a fringe
  std::vector<std::string> notes;  // in words: what was held, found dead, doubtful
  std::vector<StageReport> stages;
  std::vector<Correlation> correlations;  // above 0.95 in size
  std::vector<double> triangle;           // R with R^T R = H at the end, (free, free), column-major

  [[nodiscard]] double chi2_per_dof() const { return dof > 0 ? chi2 / dof : 0; }
};

}  // namespace lightloom::calibration
