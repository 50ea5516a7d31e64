#pragma once

#include <cstdint>
#include <vector>

#include "cosim/schedule/tile_schedule.hpp"

namespace lightloom::cosim {

/// How far the DRAM's reads run ahead of the computation, in tiles. Results of tile k are written
/// once it has been computed; before them go the inputs up to tile k + inputs_ahead, behind them
/// the weights of tile k + weights_ahead.
struct DramOrder {
  int weights_ahead = 2;  // at least 2
  int inputs_ahead = 1;   // at least 1
  friend bool operator==(const DramOrder&, const DramOrder&) = default;
};

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
