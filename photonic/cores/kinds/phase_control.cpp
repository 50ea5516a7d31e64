#include "photonic/cores/kinds/phase_control.hpp"

#include <cmath>
#include <numbers>

#include "core/random/random.hpp"
#include "photonic/cores/kinds/mzi_core.hpp"
#include "photonic/decomposition/compact.hpp"
#include "photonic/devices/angle.hpp"

namespace lightloom::photonic {

void quantise_phases(int bits, MeshSettings& settings) {
  if (bits == 0) return;
  const double levels = std::exp2(bits), step = 2 * std::numbers::pi / levels;
  const auto round_all = [&](std::vector<double>& phases) {
    for (double& phase : phases) {
      // Rounding up to a full turn is rounding to no phase at all, unless the heater was past it
      // anyway.
      const double held = held_phase(phase), code = std::round(held / step);
      phase = code == levels && held < 2 * std::numbers::pi ? 0 : step * code;
    }
  };
  round_all(settings.theta);
  round_all(settings.phi);
  round_all(settings.screen);
  round_all(settings.outer);  // 0 where there is no shifter, and stays it
}

void wrap_phases(MeshSettings& settings) {
  for (auto* phases : {&settings.theta, &settings.phi, &settings.screen, &settings.outer})
    for (double& phase : *phases) phase = held_phase(phase);
}

int drive_heaters(const HeaterCard& card, const TileAddress& address, int mesh,
                  MeshSettings& settings) {
  const bool ideal = card.voltage_bits == 0 && card.self_heating == 0 && card.efficiency_sigma == 0;
  if (ideal && heater_phase(card, card.max_voltage_V) >= 2 * std::numbers::pi + heater_margin_rad)
    return 0;
  const Stream stream({.seed = address.seed,
                       .purpose = Purpose::heater_spread,
                       .chip = address.chip,
                       .tile = static_cast<std::uint32_t>(mesh)});
  int clipped = 0;
  std::uint64_t device = 0;
  for (auto* phases : {&settings.theta, &settings.phi, &settings.screen, &settings.outer}) {
    for (double& phase : *phases) {
      const DrivenVoltage driven = heater_voltage(card, held_phase(phase));
      clipped += driven.clipped ? 1 : 0;
      phase = heater_phase(card, coded_voltage(card, driven.voltage_V));
      if (card.efficiency_sigma > 0) phase *= 1 + card.efficiency_sigma * stream.normal(device);
      ++device;
    }
  }
  return clipped;
}

MeshSettings phase_biases(const CoreCard& card, const TileAddress& address, int mesh,
                          const Topology& topology) {
  if (mesh_part(card).phase_bias == PhaseBias::none) return {};
  const Stream stream({.seed = address.seed,
                       .purpose = Purpose::phase_bias,
                       .chip = address.chip,
                       .tile = static_cast<std::uint32_t>(mesh)});
  MeshSettings biases = zero_settings(topology);
  std::uint64_t device = 0;
  const auto draw = [&](double& phase) { phase = 2 * std::numbers::pi * stream.uniform(device++); };
  for (auto* phases : {&biases.theta, &biases.phi, &biases.screen})
    for (double& phase : *phases) draw(phase);
  if (mesh_part(card).mesh.device != DeviceKind::compact) return biases;
  biases.outer.resize(topology.cells.size());
  for (const int k : outer_shifters(topology)) draw(biases.outer[static_cast<std::size_t>(k)]);
  return biases;
}

void add_phases(const MeshSettings& phases, double sign, MeshSettings& settings) {
  const auto add = [&](const std::vector<double>& from, std::vector<double>& to) {
    for (std::size_t k = 0; k < from.size(); ++k) to[k] += sign * from[k];
  };
  add(phases.theta, settings.theta);
  add(phases.phi, settings.phi);
  add(phases.screen, settings.screen);
  add(phases.outer, settings.outer);
}

PhaseErrors::PhaseErrors(const CoreCard& card, const TileAddress& address, const Topology& topology)
    : programming_sigma_rad_(card.programming_sigma_rad),
      outer_(mesh_part(card).mesh.device == DeviceKind::compact ? outer_shifters(topology)
                                                                : std::vector<int>{}),
      shifters_(2 * topology.cells.size() + static_cast<std::size_t>(topology.modes) +
                outer_.size()) {
  const std::size_t count = 2 * shifters_ + static_cast<std::size_t>(topology.modes);
  static_errors_ = static_phase_errors(card, address, count);
}

std::vector<double> static_phase_errors(const CoreCard& card, const TileAddress& address,
                                        std::size_t count) {
  std::vector<double> errors = drifted_phases(card.drift, address.seed, address.chip, count);
  if (card.phase_sigma_rad == 0) return errors;
  errors.resize(count);
  const Stream stream(
      {.seed = address.seed, .purpose = Purpose::phase_error, .chip = address.chip});
  for (std::size_t k = 0; k < count; ++k) errors[k] += card.phase_sigma_rad * stream.normal(k);
  return errors;
}

void PhaseErrors::add(int mesh, const TileAddress& address, MeshSettings& settings) const {
  const Stream programming(
      {address.seed, Purpose::programming, address.chip, address.layer, address.tile});
  std::uint64_t device = static_cast<std::uint64_t>(mesh) * shifters_;
  const auto add_error = [&](double& phase) {
    if (!static_errors_.empty()) phase += static_errors_[device];
    if (programming_sigma_rad_ > 0)
      phase += programming_sigma_rad_ * programming.normal(device, address.write);
    ++device;
  };
  const auto add_all = [&](std::vector<double>& phases) {
    for (double& phase : phases) add_error(phase);
  };
  add_all(settings.theta);
  add_all(settings.phi);
  add_all(settings.screen);
  if (settings.outer.empty()) return;
  for (const int k : outer_) add_error(settings.outer[static_cast<std::size_t>(k)]);
}

}  // namespace lightloom::photonic
