#pragma once

#include <cstdint>
#include <vector>

#include "cosim/schedule/tile_schedule.hpp"

namespace lightloom::cosim {

struct DramTask {
  Stage stage = Stage::fetch_weights;
  std::int32_t tile = 0;
  friend bool operator==(const DramTask&, const DramTask&) = default;
};

struct DramTransfer {
  std::int32_t tile = 0;
  std::int32_t after = -1;  // inputs: the tile whose results they wait for
};

/// All tasks of the DRAM that take time, in one order after the other.
class DramTasks {
 public:
  explicit DramTasks(const ScheduleInput& input);
  [[nodiscard]] std::vector<DramTask> in(DramOrder order) const;

 private:
  std::vector<DramTransfer> inputs_, results_, weights_;  // in order of tiles
};

/// Those of one order.
std::vector<DramTask> dram_tasks(const ScheduleInput& input, DramOrder order);

/// Orders that the places of `input` allow. More places allow all that fewer do, and no order
/// depends on how long anything takes: so the best of them never gets worse where a place is added
/// or a time shortened.
std::vector<DramOrder> possible_orders(const ScheduleInput& input);

/// Whether the schedule says which order it takes, and its places allow it.
bool has_its_order(const ScheduleInput& input);

}  // namespace lightloom::cosim
