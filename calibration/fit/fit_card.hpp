#pragma once

#include <vector>

#include "calibration/problem/fit_problem.hpp"
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
std::vector<ParameterKind> fitted_kinds(const FitCard& card);

/// Parameters before any data: design values and layout guesses, splitters at +-0.02 rad in a fixed
/// pattern, never 0 (docs/models/calibration/mesh.md#gauges).
std::vector<double> design_start(const ChipShape& shape, const FitCard& card);
Prior design_prior(const ChipShape& shape, const FitCard& card);

}  // namespace lightloom::calibration
