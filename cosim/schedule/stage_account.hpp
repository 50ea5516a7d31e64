#pragma once

#include <cstdint>
#include <vector>

#include "cosim/schedule/scheduled_jobs.hpp"

namespace lightloom::cosim {

/// Where the time of one stage went, but for what comes after its last jobs (`after_last`): sums
/// over its units.
struct StageAccount {
  StageUse use;
  std::vector<std::uint8_t>
      streamed;  // by tile, of the computation: 1 where its stream ended it. Else empty
};

/// Of a stage that is there. `jobs`, `times`: of `input`, for one order of the DRAM.
StageAccount account_for(const ScheduleInput& input, const OrderTimes& times,
                         const ScheduledJobs& jobs, Stage stage);

}  // namespace lightloom::cosim
