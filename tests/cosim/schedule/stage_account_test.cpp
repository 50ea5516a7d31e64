#include "cosim/schedule/stage_account.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "cosim/schedule/accounts.hpp"
#include "tests/cosim/schedule/random_schedule.hpp"

namespace lightloom::cosim {
namespace {

/// Some hundred tiles, more than are accounted for side by side.
ScheduleInput long_network(std::uint64_t number) {
  return random_schedule({.seed = 23, .cores = 5, .least_tiles = 250, .tiles = 300, .layer = 90},
                         number);
}

/// Where the time of a stage went, job by job; turns of the DRAM among `wait_shared`.
StageUse use_by_jobs(const ScheduleInput& input, const ScheduledJobs& jobs, Stage stage) {
  StageUse use;
  const std::int64_t units = units_of(input, stage);
  for (std::int64_t k = 0; k < static_cast<std::int64_t>(input.tiles.size()); ++k) {
    const Job job = jobs.job(stage, k);
    use.busy += job.end - job.start;
    if (k < units) {
      use.before_first += job.start;
      continue;
    }
    const double free = jobs.job(stage, k - units).end,
                 until_ready = std::max(0.0, std::min(job.ready, job.start) - free);
    (job.ready_cause == Cause::data   ? use.wait_data
     : job.ready_cause == Cause::slot ? use.wait_slot
                                      : use.wait_dependency) += until_ready;
    use.wait_shared += job.start - free - until_ready;
  }
  return use;
}

TEST(StageAccount, SaysOfTheWholeWhatItsJobsSayOneByOne) {
  int streamed = 0;
  int data = 0, slot = 0, dependency = 0;
  for (std::uint64_t n = 0; n < 200; ++n) {
    const ScheduleInput input = long_network(n);
    const std::vector<DramTask> tasks = dram_tasks(input, possible_orders(input).back());
    OrderTimes times(input);
    times.in_order(tasks);
    times.keep();
    const ScheduledJobs jobs(input, tasks, times);
    for (const Stage stage : all_of_enum<Stage>()) {
      if (!jobs.has(stage)) continue;
      const StageAccount account = account_for(input, times, jobs, stage);
      const StageUse expected = use_by_jobs(input, jobs, stage);
      ASSERT_EQ(account.use.busy, expected.busy) << n << stage_name(stage);
      ASSERT_EQ(account.use.before_first, expected.before_first) << n << stage_name(stage);
      ASSERT_EQ(account.use.wait_data, expected.wait_data) << n << stage_name(stage);
      ASSERT_EQ(account.use.wait_slot, expected.wait_slot) << n << stage_name(stage);
      ASSERT_EQ(account.use.wait_dependency, expected.wait_dependency) << n << stage_name(stage);
      ASSERT_EQ(account.use.wait_shared + account.use.wait_turn, expected.wait_shared)
          << n << stage_name(stage);
      for (std::size_t k = 0; k < account.streamed.size(); ++k) {
        ASSERT_EQ(account.streamed[k] == 1, jobs.job(stage, static_cast<std::int64_t>(k)).streams);
        streamed += account.streamed[k];
      }
      data += expected.wait_data > 0 ? 1 : 0;
      slot += expected.wait_slot > 0 ? 1 : 0;
      dependency += expected.wait_dependency > 0 ? 1 : 0;
    }
  }
  EXPECT_GT(streamed, 100);  // there are some
  EXPECT_GT(std::min({data, slot, dependency}), 20);
}

}  // namespace
}  // namespace lightloom::cosim
