#pragma once

#include <vector>

#include "core/cards/card.hpp"
#include "photonic/cores/core_card.hpp"

namespace lightloom::experiments {

/// The section `maintenance`: what is done about the ageing of a core that computes.
struct MaintenanceCard {
  double every_s = 3600;
  bool reprogram = false;        // all weights are written again; else references are read and the
                                 // converters find their ranges again
  double reference_vectors = 1;  // read at every tile
  double load = 1;               // share of the time in which images are there to be computed
};
void describe(Section& section, MaintenanceCard& card);

/// The list `ages` of a card, in seconds; reports those that its core cannot have. Empty without
/// it.
std::vector<double> read_ages(Section& section, const photonic::CoreCard& core);

}  // namespace lightloom::experiments
