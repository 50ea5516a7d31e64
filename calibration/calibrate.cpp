#include "calibration/calibrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "calibration/fit/fit_card.hpp"
#include "calibration/fit/fit_result.hpp"
#include "calibration/fit/mesh_fit.hpp"
#include "calibration/fit/sweep_start.hpp"
#include "calibration/measurement/data_check.hpp"
#include "calibration/measurement/heater_swaps.hpp"
#include "calibration/measurement/sweep_check.hpp"
#include "calibration/problem/fit_problem.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

constexpr double suspicious = 2;  // chi^2 per degree of freedom from which on swaps are looked for
constexpr double hopeless = 50;   // and from which on nothing is said to be fitted
constexpr double stray = 3;       // the same from a start that knows nothing of phi_0

void refuse(const std::vector<std::string>& errors) {
  if (errors.empty()) return;
  throw Error(fmt::format("these measurements cannot be fitted\n  {}", fmt::join(errors, "\n  ")));
}

void append(std::vector<std::string>& list, const std::vector<std::string>& more) {
  list.insert(list.end(), more.begin(), more.end());
}

/// Errors of the data; warnings go to `result`.
void check(const ChipShape& shape, const Measurements& data, const FitCard& card,
           Calibration& result) {
  DataReport report = check_data(shape, data);
  const DataReport sweeps = check_sweeps(shape, data, card.pi_voltage_V);
  report.errors.insert(report.errors.end(), sweeps.errors.begin(), sweeps.errors.end());
  refuse(texts_of(report.errors));
  result.warnings = report.warnings;
  append(result.warnings, sweeps.warnings);
}

std::vector<double> start_of(const ChipShape& shape, const Measurements& data, const FitCard& card,
                             Calibration& result) {
  if (data.sweeps.empty()) {
    result.warnings.push_back(
        "the data hold no sweeps of single heaters: the fit starts from phi_0 = 0");
    return design_start(shape, card);
  }
  const SweepStart start = start_from_sweeps(shape, design_start(shape, card), data.sweeps);
  append(result.warnings, start.problems);
  return start.parameters;
}

/// Swapped detectors and inputs seen from `parameters`; heaters too, where asked for.
std::vector<std::string> swaps(const ChipShape& shape, const Measurements& data,
                               std::span<const double> parameters) {
  std::vector<std::string> found = find_swaps(shape, data, parameters);
  if (found.empty()) found = find_swapped_heaters(shape, data, parameters, 0.2 / shape.ports());
  return found;
}

void judge(bool near, Calibration& result) {
  const double chi2 = result.fit.chi2_per_dof();
  if (chi2 > (near ? hopeless : stray))
    throw Error(
        fmt::format(
            "no chip of this shape gives these readings: chi^2 per degree of freedom is {:.3g} "
            "({})",
            chi2,
            !near
                ? "phi_0 of a heater is anything between 0 and 2 pi: sweep every heater alone, or "
                  "start from the card of an earlier fit"
                : "another mesh, heaters or ports in another order, a moving chip, or a noise "
                  "model "
                  "far too small?") +
        (result.warnings.empty()
             ? ""
             : fmt::format("\n  said of the data: {}", fmt::join(result.warnings, "; "))));
  const double limit = 5 * std::sqrt(2 / std::max(1.0, result.fit.dof));
  if (chi2 > 1 + std::max(0.1, limit))
    result.warnings.push_back(fmt::format(
        "chi^2 per degree of freedom is {:.3g}: something is not in the model, or the noise is "
        "larger than stated",
        chi2));
  if (chi2 < 1 - std::max(0.1, limit))
    result.warnings.push_back(fmt::format(
        "chi^2 per degree of freedom is {:.3g}: the noise is smaller than stated", chi2));
  if (!result.fit.converged)
    result.warnings.push_back(
        fmt::format("the fit did not converge: {}",
                    result.fit.stages.empty() ? "" : result.fit.stages.back().message));
}

/// What the data leave to the prior, and what would help.
void name_needs(const ChipShape& shape, const FitCard& card, const Measurements& data,
                Calibration& result) {
  const Prior prior = design_prior(shape, card);
  std::vector<int> open;
  for (const int p : result.fit.free.parameters) {
    const auto i = static_cast<std::size_t>(p);
    const ParameterKind kind = shape.parameters.kind_of(p);
    const bool of_device = kind == ParameterKind::efficiency || kind == ParameterKind::alpha ||
                           kind == ParameterKind::beta;
    if (of_device && prior.sigma[i] > 0 && result.fit.sigma[i] > 0.8 * prior.sigma[i])
      open.push_back(p);
  }
  if (!open.empty())
    result.needed.push_back(fmt::format(
        "{} device parameters are known little better than before the data (first: {}): more "
        "settings ({} would be twice as many)",
        open.size(), shape.parameters.name(open.front()), 2 * data.settings));
  for (const std::string& direction : result.visibility.unexplained)
    result.needed.push_back(
        fmt::format("these data leave open: {}; settings in which its heaters move", direction));
  for (const int heater : result.fit.silent)
    result.needed.push_back(fmt::format("a sweep of {} in which it shows a fringe",
                                        heater_name(shape.topology, heater)));
}

}  // namespace

std::vector<OddDevice> odd_devices(const ChipShape& shape, const FitCard& card,
                                   const FitResult& fit, std::size_t count) {
  const Prior prior = design_prior(shape, card);
  std::vector<OddDevice> devices;
  for (const int p : fit.free.parameters) {
    const auto i = static_cast<std::size_t>(p);
    const ParameterKind kind = shape.parameters.kind_of(p);
    const bool of_device = kind == ParameterKind::efficiency || kind == ParameterKind::alpha ||
                           kind == ParameterKind::beta || kind == ParameterKind::arm_gain;
    if (!of_device || prior.sigma[i] <= 0) continue;
    devices.push_back(
        {p, fit.parameters[i], fit.sigma[i], (fit.parameters[i] - prior.mean[i]) / prior.sigma[i]});
  }
  std::sort(devices.begin(), devices.end(), [](const OddDevice& a, const OddDevice& b) {
    return std::abs(a.deviation) > std::abs(b.deviation);
  });
  devices.resize(std::min(devices.size(), count));
  return devices;
}

ResidualMap residual_map(const ChipShape& shape, const Measurements& data,
                         std::span<const double> parameters) {
  FitProblem problem{.shape = &shape, .data = &data};
  problem.settings.resize(static_cast<std::size_t>(data.settings));
  std::iota(problem.settings.begin(), problem.settings.end(), 0);
  problem.sigma = predicted_sigma(shape, data, parameters);
  const std::vector<double> r = residuals(problem, parameters);
  const auto ports = static_cast<std::size_t>(data.inputs.ports),
             inputs = static_cast<std::size_t>(data.inputs.count), block = data.block();
  ResidualMap map{std::vector<double>(ports), std::vector<double>(inputs),
                  std::vector<double>(problem.settings.size())};
  for (std::size_t i = 0; i < r.size(); ++i) {
    map.by_detector[i % ports] += r[i] * r[i];
    map.by_input[i % block / ports] += r[i] * r[i];
    map.by_setting[i / block] += r[i] * r[i];
    if (problem.sigma[i] > 0)
      ++map.histogram[static_cast<std::size_t>(std::clamp(std::floor(2 * r[i]) + 10, 0.0, 19.0))];
  }
  const auto root = [&](std::vector<double>& sums) {
    for (double& sum : sums)
      sum = std::sqrt(sum * static_cast<double>(sums.size()) / static_cast<double>(r.size()));
  };
  root(map.by_detector);
  root(map.by_input);
  root(map.by_setting);
  return map;
}

Calibration calibrate(const ChipShape& shape, const Measurements& data, const FitCard& card,
                      std::vector<double> start) {
  require(shape.topology.kind != photonic::MeshKind::butterfly,
          "calibration: a butterfly mesh is simulated and programmed, not fitted (the search for a "
          "start follows light between neighbours; clements and reck meshes are fitted)");
  Calibration result;
  check(shape, data, card, result);
  const bool started = !start.empty();
  if (!started) start = start_of(shape, data, card, result);
  const bool near = started || !data.sweeps.empty();  // else a bad fit says nothing about columns
  if (near) refuse(find_swaps(shape, data, start));
  result.fit = fit_mesh(shape, data, card, start);
  if (near && result.fit.chi2_per_dof() > suspicious) {
    refuse(swaps(shape, data, result.fit.parameters));
    refuse(swaps(shape, data, start));
  }
  judge(near, result);
  result.visibility = visibility_of(shape, data, result.fit, {.card = card});
  result.worst = odd_devices(shape, card, result.fit);
  result.residuals = residual_map(shape, data, result.fit.parameters);
  name_needs(shape, card, data, result);
  return result;
}

}  // namespace lightloom::calibration
