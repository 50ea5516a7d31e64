#include "calibration/model/chip_state.hpp"

#include <algorithm>
#include <cmath>

#include "calibration/model/field_pair.hpp"
#include "photonic/devices/heater.hpp"

namespace lightloom::calibration {
namespace {

std::vector<double> of_heaters(const ChipShape& shape, std::span<const double> parameters,
                               ParameterKind kind) {
  const auto values = parameters.subspan(static_cast<std::size_t>(shape.parameters.first(kind)),
                                         static_cast<std::size_t>(shape.heater_count()));
  return {values.begin(), values.end()};
}

}  // namespace

ChipState::ChipState(const ChipShape& shape, std::span<const double> parameters)
    : gamma_(of_heaters(shape, parameters, ParameterKind::efficiency)),
      gamma2_(of_heaters(shape, parameters, ParameterKind::curvature)),
      bias_(of_heaters(shape, parameters, ParameterKind::bias)),
      fabrication_(fabrication_of(shape, parameters)),
      heat_(gamma_.size()),
      phases_(gamma_.size()),
      moved_(gamma_.size(), 1),
      changed_(fabrication_.size(), 1),
      transfers_(fabrication_.size()) {
  const double gain =
      parameters[static_cast<std::size_t>(shape.parameters.first(ParameterKind::device_gain))];
  amplitude_ = std::exp(gain / 2);
  const std::vector<double> kernels = neighbour_kernels(shape, parameters);
  std::vector<std::vector<Heat>> from(gamma_.size()), to(gamma_.size());
  for (std::size_t i = 0; i < shape.neighbours.size(); ++i) {
    const HeaterNeighbour& n = shape.neighbours[i];
    if (kernels[i] == 0) continue;
    from[static_cast<std::size_t>(n.victim)].push_back({n.aggressor, kernels[i]});
    to[static_cast<std::size_t>(n.aggressor)].push_back({n.victim, kernels[i]});
  }
  const auto pack = [](const auto& lists, std::vector<int>& start, std::vector<Heat>& all) {
    start.push_back(0);
    for (const auto& list : lists) {
      all.insert(all.end(), list.begin(), list.end());
      start.push_back(static_cast<int>(all.size()));
    }
  };
  pack(from, from_start_, from_);
  pack(to, to_start_, to_);
}

void ChipState::warm(std::size_t heater, double voltage) {
  voltages_[heater] = voltage;
  const double v2 = voltage * voltage;
  heat_[heater] = photonic::HeaterLaw{gamma_[heater], gamma2_[heater]}.phase(v2);
  moved_[heater] = 1;
  for (int i = to_start_[heater]; i < to_start_[heater + 1]; ++i)
    moved_[static_cast<std::size_t>(to_[static_cast<std::size_t>(i)].heater)] = 1;
}

void ChipState::turn(std::size_t heater) {
  double phase = bias_[heater] + heat_[heater];
  for (int i = from_start_[heater]; i < from_start_[heater + 1]; ++i) {
    const Heat& from = from_[static_cast<std::size_t>(i)];
    phase += from.kernel * heat_[static_cast<std::size_t>(from.heater)];
  }
  phases_[heater] = phase;
  moved_[heater] = 0;
  changed_[heater / 2] = 1;
}

void ChipState::transfer(std::size_t cell) {
  photonic::Transfer t = photonic::device(photonic::DeviceKind::mzi, phases_[2 * cell],
                                          phases_[2 * cell + 1], fabrication_[cell]);
  if (amplitude_ != 1) amplify(t, amplitude_);
  transfers_[cell] = t;
  changed_[cell] = 0;
}

std::span<const photonic::Transfer> ChipState::at(std::span<const double> voltages) {
  if (voltages_.empty()) voltages_.assign(voltages.size(), NAN);
  for (std::size_t h = 0; h < voltages.size(); ++h)
    if (voltages[h] != voltages_[h]) warm(h, voltages[h]);
  for (std::size_t h = 0; h < voltages.size(); ++h)
    if (moved_[h] != 0) turn(h);
  for (std::size_t k = 0; k < transfers_.size(); ++k)
    if (changed_[k] != 0) transfer(k);
  return transfers_;
}

}  // namespace lightloom::calibration
