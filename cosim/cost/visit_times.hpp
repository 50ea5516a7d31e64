#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/enum_array.hpp"
#include "cosim/layers/cost_input.hpp"
#include "cosim/schedule/tile_schedule.hpp"

namespace lightloom::cosim {

/// One visit of a tile to a core: when each stage has it, in ns.
struct VisitTimes {
  std::size_t layer = 0;
  int core = 0;
  StageTimes start_ns, end_ns;
};

/// The schedule of a network, visit by visit in order of execution.
struct NetworkTimes {
  std::vector<std::string> layers;
  EnumArray<Stage, bool> present;  // stages that the schedule has
  std::vector<VisitTimes> visits;
  double total_ns = 0;
};

/// The schedule that `simulate_cost` reports on. Throws what that throws.
NetworkTimes simulate_visits(const CostInput& input);

}  // namespace lightloom::cosim
