#pragma once

#include <cstdint>

#include "calibration/fit/fit_card.hpp"
#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/model/chip_card.hpp"
#include "core/cards/tree.hpp"

namespace lightloom::calibration {

/// A card of `lightloom calibrate`: the chip as designed and how much its fabrication spreads, the
/// laboratory, and how to fit.
struct CalibrationCard {
  ChipCard chip;
  LaboratoryCard laboratory;
  FitCard fit;  // pi_voltage_V and device_loss_db follow the chip's unless given
  int settings = 60;
  bool sweeps = true;  // every heater is swept alone before
  std::uint64_t seed = 0;
};
void describe(Section& section, CalibrationCard& card);

/// A chip to measure: its shape and the truth that nobody in the laboratory knows.
struct HiddenChip {
  CalibrationCard card;
  ChipShape shape;
  std::vector<double> parameters;
  Tree resolved;  // the card with every default filled in
};

/// Reads what `tree` describes: a card {chip, laboratory, fit, settings}; the card of an MZI-mesh
/// core (its mesh, fabrication, heater and crosstalk sections give the chip; the sections above may
/// stand beside them); or the card of a calibrated mesh (its values are the truth).
HiddenChip hidden_chip(const Tree& tree);

/// The card that fits measurements: `tree` (may be empty) over what the notes of the data say:
/// topology, heater_pitch_um, port_pitch_um, reach_um, pi_voltage_V, device_loss_db. The number of
/// modes is that of the data's ports unless the card gives it.
CalibrationCard card_for(const Measurements& data, Tree tree, Tree* resolved = nullptr);
/// Those notes, for whoever writes measurements.
void add_notes(const ChipCard& chip, Measurements& data);

}  // namespace lightloom::calibration
