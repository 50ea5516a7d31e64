#include "calibration/fit/fit_card.hpp"

#include <cmath>
#include <numbers>

#include "calibration/model/chip_card.hpp"
#include "calibration/problem/fit_problem.hpp"

namespace lightloom::calibration {
namespace {

constexpr double per_db = std::numbers::ln10 / 10;

}  // namespace

void describe(Section& section, FitCard& card) {
  section.value("pi_voltage_V", card.pi_voltage_V, positive);
  section.value("heater_sigma", card.heater_sigma, positive);
  section.value("splitter_sigma_rad", card.splitter_sigma_rad, positive);
  section.value("device_loss_db", card.device_loss_db, not_negative);
  section.value("device_loss_sigma_db", card.device_loss_sigma_db, positive);
  section.value("port_sigma_db", card.port_sigma_db, positive);
  section.value("crosstalk_amplitude", card.crosstalk_amplitude, not_negative);
  section.value("crosstalk_amplitude_sigma", card.crosstalk_amplitude_sigma, positive);
  section.value("crosstalk_decay_um", card.crosstalk_decay_um, positive);
  section.value("crosstalk_decay_sigma_um", card.crosstalk_decay_sigma_um, positive);
  section.value("pair_sigma", card.pair_sigma, positive);
  section.value("offset_sigma", card.offset_sigma, positive);
  section.value("curvature_sigma", card.curvature_sigma, positive);
  section.value("arm_loss_sigma_db", card.arm_loss_sigma_db, positive);
  section.value("fit_crosstalk", card.fit_crosstalk);
  section.value("fit_offsets", card.fit_offsets);
  section.value("fit_curvature", card.fit_curvature);
  section.value("fit_arm_losses", card.fit_arm_losses);
  section.value("held_out", card.held_out, {.low = 0, .high = 0.5});
  section.value("huber", card.huber, not_negative);
  section.value("prior_weight", card.prior_weight, fraction);
  section.choice(
      "solver", card.solver,
      {{"automatic", Solver::automatic}, {"ceres", Solver::ceres}, {"inexact", Solver::inexact}});
  section.value("max_iterations", card.max_iterations, {.low = 1, .high = 10000});
  section.value("tolerance", card.tolerance, positive);
}

std::vector<ParameterKind> fitted_kinds(const FitCard& card) {
  std::vector<ParameterKind> kinds_freed{ParameterKind::efficiency,  ParameterKind::bias,
                                         ParameterKind::alpha,       ParameterKind::beta,
                                         ParameterKind::device_gain, ParameterKind::input_gain,
                                         ParameterKind::output_gain};
  if (card.fit_crosstalk) {
    kinds_freed.push_back(ParameterKind::crosstalk);
    kinds_freed.push_back(ParameterKind::coupling);  // none unless the layout asks
  }
  if (card.fit_offsets) kinds_freed.push_back(ParameterKind::offset);
  if (card.fit_curvature) kinds_freed.push_back(ParameterKind::curvature);
  if (card.fit_arm_losses) kinds_freed.push_back(ParameterKind::arm_gain);
  return kinds_freed;
}

std::vector<double> design_start(const ChipShape& shape, const FitCard& card) {
  ChipCard design;
  design.pi_voltage_V = card.pi_voltage_V;
  design.device_loss_db = card.device_loss_db;
  design.crosstalk_decay_um = card.crosstalk_decay_um;
  std::vector<double> values = design_parameters(shape, design);
  const ParameterLayout& at = shape.parameters;
  values[static_cast<std::size_t>(at.at(ParameterKind::crosstalk, 0))] = card.crosstalk_amplitude;
  for (int k = 0; k < shape.cells(); ++k) {
    values[static_cast<std::size_t>(at.at(ParameterKind::alpha, k))] = k % 2 == 0 ? 0.02 : -0.02;
    values[static_cast<std::size_t>(at.at(ParameterKind::beta, k))] = k % 3 == 0 ? 0.02 : -0.02;
  }
  return values;
}

Prior design_prior(const ChipShape& shape, const FitCard& card) {
  Prior prior{design_start(shape, card), {}};
  prior.sigma.assign(prior.mean.size(), 0.0);
  if (card.prior_weight == 0) return prior;
  const ParameterLayout& at = shape.parameters;
  const auto set = [&](ParameterKind kind, double sigma) {
    for (int i = 0; i < at.count(kind); ++i)
      prior.sigma[static_cast<std::size_t>(at.at(kind, i))] = sigma / std::sqrt(card.prior_weight);
  };
  const double gamma = std::numbers::pi / (card.pi_voltage_V * card.pi_voltage_V);
  set(ParameterKind::efficiency, card.heater_sigma * gamma);
  set(ParameterKind::curvature, card.curvature_sigma * gamma * gamma / std::numbers::pi);
  set(ParameterKind::alpha, card.splitter_sigma_rad);
  set(ParameterKind::beta, card.splitter_sigma_rad);
  set(ParameterKind::arm_gain, card.arm_loss_sigma_db * per_db);
  set(ParameterKind::device_gain, card.device_loss_sigma_db * per_db);
  set(ParameterKind::input_gain, card.port_sigma_db * per_db);
  set(ParameterKind::output_gain, card.port_sigma_db * per_db);
  set(ParameterKind::offset, card.offset_sigma);
  set(ParameterKind::coupling, card.pair_sigma);
  prior.sigma[static_cast<std::size_t>(at.at(ParameterKind::crosstalk, 0))] =
      card.crosstalk_amplitude_sigma;
  prior.sigma[static_cast<std::size_t>(at.at(ParameterKind::crosstalk, 1))] =
      card.crosstalk_decay_sigma_um;
  for (int k = 0; k < shape.cells(); ++k)
    for (const ParameterKind kind : {ParameterKind::alpha, ParameterKind::beta})
      prior.mean[static_cast<std::size_t>(at.at(kind, k))] = 0;
  return prior;
}

}  // namespace lightloom::calibration
