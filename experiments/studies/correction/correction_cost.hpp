#pragma once

#include <map>
#include <string>
#include <vector>

#include "cosim/layers/digital_work.hpp"
#include "experiments/studies/workbench.hpp"

namespace lightloom::experiments {

struct CorrectionStudy;

/// What correctors do digitally, by name and layer, per image.
using LayerWork = std::map<std::string, std::vector<cosim::DigitalWork>>;

/// Simulates the card's hardware without correctors and with each of them behind its layers, where
/// the card measures cost.
void add_correction_cost(const Experiment& card, Workbench& workbench, const LayerWork& work,
                         CorrectionStudy& study);

}  // namespace lightloom::experiments
