#pragma once

#include <vector>

#include "cosim/layers/cost_input.hpp"
#include "cosim/layers/cost_report.hpp"
#include "cosim/network/factored_layers.hpp"

namespace lightloom::cosim {

/// Layers that are ready to be planned: in the input, and with the entry of the report that each
/// belongs to.
struct ReadyLayers {
  CostInput input;
  std::vector<ExpandedLayer> expanded;
  std::vector<LayerCost> entries;
};

/// Checks an input, chooses its automatic ways and takes factored layers apart. Throws `Error` for
/// impossible combinations.
ReadyLayers ready_layers(const CostInput& input);

}  // namespace lightloom::cosim
