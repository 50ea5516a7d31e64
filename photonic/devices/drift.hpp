#pragma once

#include <cstdint>
#include <vector>

#include "core/cards/card.hpp"

namespace lightloom::photonic {

/// Drift of set phases since the last calibration: an Ornstein-Uhlenbeck process d phi = -(phi /
/// tau) dt + sigma sqrt(2 / tau) dW for every shifter, and one more that all of them share
/// (temperature). Both start at 0.
struct DriftCard {
  double sigma_rad = 0;         // standard deviation of a shifter's own drift after a long time
  double common_sigma_rad = 0;  // the same of the part all shifters share
  double time_constant_s = 600;
  double step_s = 60;  // time between two steps
  int steps = 0;       // steps since the calibration
};
void describe(Section& section, DriftCard& card);

/// Phases that shifters 0 ... count-1 of a chip have drifted by, exact in law for any step. The
/// path of a shifter is one path: more steps continue it. Empty when there is no drift.
std::vector<double> drifted_phases(const DriftCard& card, std::uint64_t seed, std::uint32_t chip,
                                   std::size_t count);

}  // namespace lightloom::photonic
