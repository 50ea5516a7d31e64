#pragma once

#include <limits>
#include <span>

#include "cosim/schedule/dram_order.hpp"
#include "cosim/schedule/tile_schedule.hpp"

namespace lightloom::cosim {

/// The schedule in which the DRAM takes its tasks in the given order, waiting for the next one
/// where that is not ready: max-plus recurrences over tiles and stages. `tasks`: those of the input
/// that take time (dram_tasks).
ScheduleResult run_in_order(const ScheduleInput& input, std::span<const DramTask> tasks);

/// Its total alone, in less time; infinite as soon as it must exceed `limit`.
double time_in_order(const ScheduleInput& input, std::span<const DramTask> tasks,
                     double limit = std::numeric_limits<double>::infinity());

}  // namespace lightloom::cosim
