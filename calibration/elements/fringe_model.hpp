#pragma once

#include <span>
#include <vector>

#include "calibration/elements/fringe.hpp"
#include "calibration/solvers/least_squares.hpp"

namespace lightloom::calibration {

/// What spoils a fringe, each with parameters of its own.
enum class FringeFault {
  none,
  fading,     // readings times 1 + f t, t from -1/2 to 1/2 in the order of measurement
  harmonics,  // + B cos 2 phase + C sin 2 phase: compression, decibels
};

/// y = (mean + amplitude cos(phase)) with phase = sum of c_k V^k over `powers`, and a fault.
/// Parameters: mean, amplitude, c_k ..., those of the fault.
struct FringeModel {
  std::vector<int> powers;
  FringeFault fault = FringeFault::none;

  [[nodiscard]] std::size_t size() const;
};

/// Powers of V of a law, rising.
std::vector<int> powers_of(FringeLaw law);

/// A sweep, in the order of measurement.
struct FringeSweepData {
  std::vector<double> volts, readings;
};

/// A model fitted to a sweep.
struct FringeSolution {
  FringeModel model;
  std::vector<double> x;
  double squares = 0;  // of the residuals
  bool converged = false;

  /// c of V^power; 0 where the model has none.
  [[nodiscard]] double coefficient(int power) const;
};

/// phase(V) without its constant, and the model's residuals at a solution.
double phase_change(const FringeSolution& solution, double volts);
std::vector<double> residuals_of(const FringeSolution& solution, const FringeSweepData& data);

/// Levenberg-Marquardt from `start`.
FringeSolution refine(const FringeModel& model, std::vector<double> start,
                      const FringeSweepData& data);

/// The same model with its parameters where `solution` has them, others 0.
std::vector<double> start_from(const FringeSolution& solution, const FringeModel& model);

/// Covariance of the parameters over the variance of a reading, (n, n) row-major.
std::vector<double> covariance_of(const FringeSolution& solution, const FringeSweepData& data);

}  // namespace lightloom::calibration
