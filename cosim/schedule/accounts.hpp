#pragma once

#include <span>

#include "cosim/schedule/dram_order.hpp"
#include "cosim/schedule/order_times.hpp"
#include "cosim/schedule/tile_schedule.hpp"

namespace lightloom::cosim {

/// The schedule in which the DRAM takes its tasks in the given order (OrderTimes): where its time
/// went, and what its critical path is made of. `tasks`: those of the input that take time
/// (dram_tasks).
ScheduleResult run_in_order(const ScheduleInput& input, std::span<const DramTask> tasks);

/// The same of `times`, which have been tried in the order of `tasks` last, without a limit.
ScheduleResult accounts_of(const ScheduleInput& input, std::span<const DramTask> tasks,
                           const OrderTimes& times);

}  // namespace lightloom::cosim
