#pragma once

#include <span>

#include "cosim/schedule/dram_order.hpp"
#include "cosim/schedule/tile_schedule.hpp"

namespace lightloom::cosim {

/// The schedule in which the DRAM takes its tasks in the given order (OrderTimes): where its time
/// went, and what its critical path is made of. `tasks`: those of the input that take time
/// (dram_tasks).
ScheduleResult run_in_order(const ScheduleInput& input, std::span<const DramTask> tasks);

}  // namespace lightloom::cosim
