#pragma once

#include <cstdint>
#include <vector>

#include "cosim/schedule/tile_schedule.hpp"

namespace lightloom::cosim {

struct DramTask {
  Stage stage = Stage::fetch_weights;
  std::int64_t tile = 0;
  friend bool operator==(const DramTask&, const DramTask&) = default;
};

/// All tasks of the DRAM that take time, in the order `order` gives.
std::vector<DramTask> dram_tasks(const ScheduleInput& input, DramOrder order);

/// Orders that the places of `input` allow. More places allow all that fewer do, and no order
/// depends on how long anything takes: so the best of them never gets worse where a place is added
/// or a time shortened.
std::vector<DramOrder> possible_orders(const ScheduleInput& input);

}  // namespace lightloom::cosim
