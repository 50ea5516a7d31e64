#include "calibration/measurement/sweep_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

namespace lightloom::calibration {
namespace {

/// What makes one sweep useless, or "".
std::string broken(const ChipShape& shape, const Sweep& sweep) {
  const auto inside = [](int index, int end) { return index >= 0 && index < end; };
  if (!inside(sweep.heater, shape.heater_count()))
    return fmt::format("heater {} of {}", sweep.heater, shape.heater_count());
  if (!inside(sweep.input, shape.ports()) || !inside(sweep.output, shape.ports()))
    return fmt::format("ports {} and {} of {}", sweep.input, sweep.output, shape.ports());
  if (static_cast<int>(sweep.base_V.size()) != shape.heater_count())
    return fmt::format("{} held voltages for {} heaters", sweep.base_V.size(),
                       shape.heater_count());
  const auto finite = [](const std::vector<double>& values) {
    return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
  };
  if (!finite(sweep.volts) || !finite(sweep.base_V)) return "a voltage is not finite";
  if (!finite(sweep.readings)) return "a reading is not finite";
  if (sweep.volts.size() < 6 || sweep.volts.size() != sweep.readings.size())
    return fmt::format("{} points (6 are needed, 12 are good)", sweep.volts.size());
  const auto [low, high] = std::minmax_element(sweep.volts.begin(), sweep.volts.end());
  if (!(std::abs(*high) - std::abs(*low) > 1e-6)) return "its voltage never changes";
  return "";
}

/// Largest step and whole span of the phase over a sweep, at the design's gamma.
std::pair<double, double> phase_steps(const Sweep& sweep, double gamma) {
  std::vector<double> phases;
  for (const double v : sweep.volts) phases.push_back(gamma * v * v);
  std::sort(phases.begin(), phases.end());
  double step = 0;
  for (std::size_t i = 1; i < phases.size(); ++i) step = std::max(step, phases[i] - phases[i - 1]);
  return {step, phases.back() - phases.front()};
}

std::string listed(const std::set<int>& heaters) {
  std::string text;
  int count = 0;
  for (const int heater : heaters) {
    if (++count > 8) return text + fmt::format(" and {} more", heaters.size() - 8);
    text += fmt::format("{}{}", count > 1 ? ", " : "", heater);
  }
  return text;
}

}  // namespace

DataReport check_sweeps(const ChipShape& shape, const Measurements& data, double pi_voltage_V) {
  DataReport report;
  if (data.sweeps.empty()) return report;
  const double gamma = std::numbers::pi / (pi_voltage_V * pi_voltage_V);
  std::set<int> swept, aliased, coarse, narrow;
  for (std::size_t s = 0; s < data.sweeps.size(); ++s) {
    const Sweep& sweep = data.sweeps[s];
    const std::string wrong = broken(shape, sweep);
    if (!wrong.empty()) {
      report.errors.push_back({DataFault::sweep, fmt::format("sweep {}: {}", s, wrong)});
      continue;
    }
    swept.insert(sweep.heater);
    const auto [step, span] = phase_steps(sweep, gamma);
    if (step > std::numbers::pi)
      aliased.insert(sweep.heater);
    else if (step > std::numbers::pi / 2)
      coarse.insert(sweep.heater);
    if (span < 1.5 * std::numbers::pi) narrow.insert(sweep.heater);
  }
  if (!aliased.empty())
    report.errors.push_back(
        {DataFault::sweep,
         fmt::format("aliased sweeps: neighbouring points are more than pi apart in phase at the "
                     "design's V_pi of {} V (heaters {})",
                     pi_voltage_V, listed(aliased))});
  if (!coarse.empty())
    report.warnings.push_back(fmt::format(
        "under-sampled sweeps: neighbouring points are more than pi/2 apart in phase (heaters {})",
        listed(coarse)));
  if (!narrow.empty())
    report.warnings.push_back(fmt::format(
        "short sweeps: below 1.5 pi, gamma and phi_0 are hard to tell apart (heaters {})",
        listed(narrow)));
  std::set<int> missing;
  for (int h = 0; h < shape.heater_count(); ++h)
    if (!swept.contains(h) &&
        !(h % 2 == 1 && shape.topology.cells[static_cast<std::size_t>(h / 2)].column < 2))
      missing.insert(h);
  if (!missing.empty())
    report.warnings.push_back(
        fmt::format("heaters without a sweep start at phi_0 = 0: {}", listed(missing)));
  return report;
}

}  // namespace lightloom::calibration
