#pragma once

#include "calibration/laboratory/heater_bench.hpp"

namespace lightloom::calibration {

/// Finds gamma of every heater and phi_0 of every theta with the rest of the chip in unknown
/// states; nothing has to be routed.
///
/// gamma: with all others held, every reading is A + B cos(gamma V^2) + C sin(gamma V^2) exactly;
/// one sweep gives gamma from all readings together.
///
/// theta: a phi heater turns one arm in front of the MZI by x, another one an arm behind it by -x.
/// The part of any reading that goes as e^{2ix} is light that went straight through on both arms,
/// interfering with itself: t_t t_b* ~ sin^2(theta / 2), whatever else the light met. Where an arm
/// is a port of the chip, readings of that port averaged over x go as cos(theta), with either sign.
///
/// Those signs: with every MZI in one of its two definite states the chip only permutes its ports;
/// the MZI behind, flipped, moves the light of the port that reaches it.
void find_laws(Bench& bench);

}  // namespace lightloom::calibration
