#include "calibration/fit/sweep_start.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "calibration/elements/fringe.hpp"
#include "calibration/elements/harmonic.hpp"
#include "calibration/model/light_paths.hpp"

namespace lightloom::calibration {
namespace {

using std::numbers::pi;

/// The model's fringe of a sweep at gamma: its phase when the swept heater's phi_0 is 0.
double model_phase(const ChipShape& shape, std::vector<double> parameters, const Sweep& sweep,
                   double gamma) {
  const auto heater = sweep.heater;
  for (int k = 0; k < shape.cells(); ++k)
    for (const ParameterKind kind : {ParameterKind::alpha, ParameterKind::beta})
      parameters[static_cast<std::size_t>(shape.parameters.at(kind, k))] = 0;
  parameters[static_cast<std::size_t>(shape.parameters.at(ParameterKind::bias, heater))] = 0;
  parameters[static_cast<std::size_t>(shape.parameters.at(ParameterKind::efficiency, heater))] =
      gamma;
  Inputs input{1, shape.ports(),
               std::vector<photonic::Complex>(static_cast<std::size_t>(shape.ports()))};
  input.fields[static_cast<std::size_t>(sweep.input)] = 1;
  std::vector<double> voltages = sweep.base_V, powers(static_cast<std::size_t>(shape.ports()));
  std::vector<double> angles, readings;
  for (const double v : sweep.volts) {
    voltages[static_cast<std::size_t>(heater)] = v;
    predict({shape, parameters}, voltages, input, powers);
    angles.push_back(gamma * v * v);
    readings.push_back(powers[static_cast<std::size_t>(sweep.output)]);
  }
  return fit_harmonic(angles, readings).phase_rad();
}

/// Heat that the base voltages of a sweep leave in the swept heater's cell by crosstalk.
double crosstalk_phase(const ChipShape& shape, std::vector<double> parameters, const Sweep& sweep) {
  const auto heater = static_cast<std::size_t>(sweep.heater);
  std::vector<double> voltages = sweep.base_V, phases(voltages.size());
  voltages[heater] = 0;
  parameters[static_cast<std::size_t>(shape.parameters.at(ParameterKind::bias, sweep.heater))] = 0;
  heater_phases(shape, parameters, voltages, phases);
  return phases[heater];
}

/// The phase that one sweep gives its heater without heat.
double bias_of(const ChipShape& shape, const std::vector<double>& parameters, const Sweep& sweep,
               const FringeFit& fit) {
  if (sweep.heater % 2 == 0) return fit.phase_rad + pi - crosstalk_phase(shape, parameters, sweep);
  return fit.phase_rad - model_phase(shape, parameters, sweep, fit.gamma);
}

/// gamma and phi_0 of one heater from its sweeps, the mean where it has several; false without a
/// fringe.
bool take_law(const ChipShape& shape, const std::vector<const Sweep*>& sweeps,
              std::vector<double>& parameters) {
  const int heater = sweeps.front()->heater;
  double& gamma =
      parameters[static_cast<std::size_t>(shape.parameters.at(ParameterKind::efficiency, heater))];
  const double design = gamma;
  double sum = 0;
  photonic::Complex turns = 0;
  for (const Sweep* sweep : sweeps) {
    const FringeFit fit = fit_fringe(sweep->volts, sweep->readings,
                                     {.gamma_low = 0.8 * design, .gamma_high = 1.2 * design});
    const auto [low, high] = std::minmax_element(sweep->readings.begin(), sweep->readings.end());
    // A fringe is larger than what it leaves; of noise alone three parameters leave most.
    const double range = *high - *low;
    if (fit.rms > 0.12 * range || range < 0.02 * fit.mean) {
      gamma = 0;
      return false;
    }
    sum += fit.gamma;
    turns += std::polar(1.0, bias_of(shape, parameters, *sweep, fit));
  }
  gamma = sum / static_cast<double>(sweeps.size());
  if (heater % 2 == 1 && cell_before(shape, heater / 2) < 0) return true;  // its phi_0 is a gauge
  parameters[static_cast<std::size_t>(shape.parameters.at(ParameterKind::bias, heater))] =
      std::arg(turns);
  return true;
}

/// theta of an MZI that cannot be moved, from the share of the light of its top port that stays
/// there with all others in the bar state. The other sign is the same chip with pi more in front of
/// the MZI and behind it.
double theta_at_rest(const ChipShape& shape, const std::vector<double>& parameters,
                     const Sweep& sweep) {
  const int port = shape.topology.cells[static_cast<std::size_t>(sweep.heater / 2)].top;
  int met = 0;
  for (const photonic::Cell& cell : shape.topology.cells)
    met += cell.top == port || cell.bottom == port ? 1 : 0;
  const double gain =
      parameters[static_cast<std::size_t>(shape.parameters.first(ParameterKind::device_gain))];
  double sum = 0;
  for (const double reading : sweep.readings) sum += reading;
  const double share = sum / static_cast<double>(sweep.readings.size()) / std::exp(gain * met);
  return 2 * std::asin(std::sqrt(std::clamp(share, 0.0, 1.0)));
}

}  // namespace

SweepStart start_from_sweeps(const ChipShape& shape, std::vector<double> parameters,
                             const std::vector<Sweep>& sweeps) {
  SweepStart start;
  std::vector<std::vector<const Sweep*>> of_heater(static_cast<std::size_t>(shape.heater_count()));
  for (const Sweep& sweep : sweeps)
    of_heater[static_cast<std::size_t>(sweep.heater)].push_back(&sweep);
  // theta first, then phi in the order of light: the model of a phi fringe needs both before it.
  for (const int first : {0, 1}) {
    for (int h = first; h < shape.heater_count(); h += 2) {
      const std::vector<const Sweep*>& own = of_heater[static_cast<std::size_t>(h)];
      if (own.empty() || take_law(shape, own, parameters)) continue;
      start.silent.push_back(h);
      start.problems.push_back(fmt::format("{} shows no fringe over its sweep (dead or unlit)",
                                           heater_name(shape.topology, h)));
      if (h % 2 == 0)
        parameters[static_cast<std::size_t>(shape.parameters.at(ParameterKind::bias, h))] =
            theta_at_rest(shape, parameters, *own.front());
    }
  }
  start.parameters = std::move(parameters);
  return start;
}

}  // namespace lightloom::calibration
