#pragma once

#include <vector>

#include "cosim/cost/cost_simulation.hpp"
#include "memory/traffic/dram_run.hpp"

namespace lightloom::cosim {

/// One transfer of the schedule over the DRAM.
struct DramJob {
  double start_ns = 0;
  double bytes = 0;
  Stage stage = Stage::fetch_weights;  // fetch_weights, fetch_inputs or write_back
};

/// The DRAM transfers of a schedule in order of their start.
std::vector<DramJob> dram_jobs(const CostInput& input);

/// The same transfers at command level: every job's bursts are offered from its start on, weights,
/// inputs and outputs in regions of their own. The schedule uses the analytic bandwidth; this says
/// what it left out (conflicts between the regions, turnarounds inside jobs, refresh in single
/// events).
struct DramReplay {
  double schedule_ns = 0;  // end of the schedule
  double command_ns = 0;   // last data at command level
  memory::MemoryRun run;
};
DramReplay replay_dram(const CostInput& input);

}  // namespace lightloom::cosim
