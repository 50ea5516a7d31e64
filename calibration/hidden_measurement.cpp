#include "calibration/hidden_measurement.hpp"

#include <numbers>

namespace lightloom::calibration {

LaboratoryRun measure_in_laboratory(const HiddenChip& hidden) {
  const CalibrationCard& card = hidden.card;
  const double pi_voltage = card.chip.pi_voltage_V, limit = card.laboratory.max_voltage_V;
  VirtualChip chip(hidden.shape, hidden.parameters, card.laboratory, {card.seed});
  SweepRun run;
  if (card.sweeps)
    run = sweep_heaters(hidden.shape, instrument_of(chip),
                        {.max_voltage_V = limit,
                         .gamma = std::numbers::pi / (pi_voltage * pi_voltage),
                         .seed = card.seed});
  Measurements data = measure(chip, random_voltages(hidden.shape, card.settings, limit, card.seed),
                              single_ports(hidden.shape.ports()));
  data.sweeps = std::move(run.sweeps);
  return {std::move(data), std::move(run.problems), chip.settings_made()};
}

}  // namespace lightloom::calibration
