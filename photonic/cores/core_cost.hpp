#pragma once

#include "photonic/cores/core_card.hpp"

namespace lightloom::photonic {

/// Nominal optical loss from the laser to the detector of one output, in dB, at weight 1. For a
/// weight bank the split of every input over the rows is included, for a mesh two meshes and the
/// attenuators.
double insertion_loss_db(const CoreCard& card);
/// Optical power in mW that a full-scale input brings to the detector of one output through
/// weight 1.
double detected_power_mW(const CoreCard& card);
/// Read-out noise that follows from the card's laser, losses, detectors and symbol rate.
ReadoutNoise readout_noise(const CoreCard& card);
/// Time, energy and area of the core. The parts' energies add up to
/// columns input_energy + rows output_energy + (laser + devices hold + static power) / symbol rate.
CoreCost core_cost(const CoreCard& card);
/// All of the above as the description of a core.
CoreDescription describe_core(const CoreCard& card);

/// Mean MZIs that light meets in one mesh of the card (columns when edges are balanced).
double mean_devices_met(const CoreCard& card);

}  // namespace lightloom::photonic
