#include "calibration/model/chip_card.hpp"

#include <numbers>

namespace lightloom::calibration {
namespace {

constexpr double per_db = std::numbers::ln10 / 10;

}  // namespace

void describe(Section& section, ChipCard& card) {
  section.value("modes", card.modes, {.low = 2, .high = 1024});
  section.choice("topology", card.topology,
                 {{"clements", photonic::MeshKind::clements},
                  {"reck", photonic::MeshKind::reck},
                  {"butterfly", photonic::MeshKind::butterfly}});
  section.card("layout", card.layout);
  section.value("pi_voltage_V", card.pi_voltage_V, positive);
  section.value("heater_sigma", card.heater_sigma, {.low = 0, .high = 0.3});
  section.value("self_heating", card.self_heating, {.low = -0.5, .high = 0.5});
  section.value("bias_sigma_rad", card.bias_sigma_rad, not_negative);
  section.value("splitter_sigma_rad", card.splitter_sigma_rad, {.low = 0, .high = 0.3});
  section.value("splitter_mean_rad", card.splitter_mean_rad, {.low = -0.3, .high = 0.3});
  section.value("device_loss_db", card.device_loss_db, not_negative);
  section.value("arm_loss_sigma_db", card.arm_loss_sigma_db, not_negative);
  section.value("crosstalk_amplitude", card.crosstalk_amplitude, {.low = 0, .high = 1});
  section.value("crosstalk_decay_um", card.crosstalk_decay_um, positive);
  section.value("pair_sigma", card.pair_sigma, not_negative);
  section.value("input_sigma_db", card.input_sigma_db, not_negative);
  section.value("output_sigma_db", card.output_sigma_db, not_negative);
  section.value("offset_sigma", card.offset_sigma, not_negative);
  section.value("dead_heaters", card.dead_heaters, not_negative);
}

const char* topology_name(photonic::MeshKind kind) {
  switch (kind) {
    case photonic::MeshKind::reck:
      return "reck";
    case photonic::MeshKind::butterfly:
      return "butterfly";
    default:
      return "clements";
  }
}

ChipShape chip_shape(const ChipCard& card) {
  return {photonic::make_topology(card.topology, card.modes), card.layout};
}

std::vector<double> design_parameters(const ChipShape& shape, const ChipCard& card) {
  std::vector<double> values(static_cast<std::size_t>(shape.parameters.size()));
  const double gamma = std::numbers::pi / (card.pi_voltage_V * card.pi_voltage_V);
  for (double& g : values_of(shape, values, ParameterKind::efficiency)) g = gamma;
  for (double& g : values_of(shape, values, ParameterKind::curvature))
    g = -card.self_heating * gamma * gamma / std::numbers::pi;
  values_of(shape, values, ParameterKind::device_gain)[0] = -card.device_loss_db * per_db;
  values_of(shape, values, ParameterKind::crosstalk)[1] = card.crosstalk_decay_um;
  return values;
}

std::span<double> values_of(const ChipShape& shape, std::vector<double>& parameters,
                            ParameterKind kind) {
  return {parameters.data() + shape.parameters.first(kind),
          static_cast<std::size_t>(shape.parameters.count(kind))};
}

}  // namespace lightloom::calibration
