#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/problem/fit_problem.hpp"
#include "calibration/problem/held_out.hpp"
#include "calibration/problem/solve.hpp"
#include "core/cards/card.hpp"

namespace lightloom::calibration {

/// How to fit a mesh: what is free, what is believed before the data.
struct FitCard {
  double pi_voltage_V = 4.36;         // design
  double heater_sigma = 0.03;         // prior of gamma, relative
  double splitter_sigma_rad = 0.03;   // prior of alpha and beta, around 0
  double device_loss_db = 0.1;        // prior of one MZI
  double device_loss_sigma_db = 0.1;  // and its standard deviation
  double port_sigma_db = 1;           // prior of input couplings and detector gains
  double crosstalk_amplitude = 0.03;  // guess from the layout
  double crosstalk_amplitude_sigma = 0.05;
  double crosstalk_decay_um = 50;
  double crosstalk_decay_sigma_um = 40;
  double pair_sigma = 0.01;  // of the couplings of near pairs (Tikhonov)
  double offset_sigma = 1e-3;
  double curvature_sigma = 0.1;  // prior of gamma_2 pi / gamma^2
  double arm_loss_sigma_db = 0.2;
  bool fit_crosstalk = true;
  bool fit_offsets = false;
  bool fit_curvature = false;
  bool fit_arm_losses = false;
  double held_out = 0.15;   // share of the settings kept for the test of the prediction
  double huber = 0;         // robust loss from so many standard deviations on; 0: least squares
  double prior_weight = 1;  // 0 switches all priors off (noise-free tests)
  Solver solver = Solver::automatic;
  int max_iterations = 30;
  double tolerance = 1e-8;  // relative decrease of the cost at which a stage ends
};
void describe(Section& section, FitCard& card);
/// The kinds of parameters a fit frees, its gauge apart.
std::vector<Kind> fitted_kinds(const FitCard& card);

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

/// Parameters before any data: design values and layout guesses, splitters at +-0.02 rad in a fixed
/// pattern, never 0 (docs/models/calibration/mesh.md#gauges).
std::vector<double> design_start(const ChipShape& shape, const FitCard& card);
Prior design_prior(const ChipShape& shape, const FitCard& card);

/// Stages C to E from `start`. Throws `Error` for data that must not be fitted (see `check_data`).
FitResult fit_mesh(const ChipShape& shape, const Measurements& data, const FitCard& card,
                   std::vector<double> start);
/// Stages A to E: starts from the sweeps in the data.
FitResult fit_mesh(const ChipShape& shape, const Measurements& data, const FitCard& card);

/// A chip drawn from what the fit leaves open: parameters + R^-1 z. Pure function of (seed,
/// sample).
std::vector<double> sample_posterior(const FitResult& fit, std::uint64_t seed,
                                     std::uint32_t sample);

/// Which settings are fitted and which kept, every k-th by the share.
std::vector<int> fitted_settings(int settings, double held_out);
std::vector<int> kept_settings(int settings, double held_out);

/// sigma of every reading by the noise model at the readings that `parameters` predict.
std::vector<double> predicted_sigma(const ChipShape& shape, const Measurements& data,
                                    std::span<const double> parameters);

}  // namespace lightloom::calibration
