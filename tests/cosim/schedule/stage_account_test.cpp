#include "cosim/schedule/stage_account.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/random/random.hpp"
#include "cosim/schedule/accounts.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::cosim {
namespace {

/// Some hundred tiles, more than are accounted for side by side, with whole times.
ScheduleInput long_network(std::uint64_t number) {
  const Stream stream({.seed = 23, .purpose = Purpose::test});
  std::uint64_t draw = 0;
  const auto below = [&](std::uint64_t bound) {
    return static_cast<int>(stream.below(bound, number, draw++));
  };
  ScheduleInput input{.generates = below(2) == 1,
                      .decomposes = below(2) == 1,
                      .post_processes = below(2) == 1,
                      .direction_change_ns = static_cast<double>(below(4))};
  input.cores = 1 + below(5);
  input.places = {1 + below(4), 1 + below(3), 1 + below(2), input.cores * (1 + below(3)),
                  input.cores * (1 + below(2))};
  input.tiles.resize(as_index(250 + below(300)));
  const int layer = 1 + below(90);
  for (std::size_t k = 0; k < input.tiles.size(); ++k) {
    for (const Stage stage : all_of_enum<Stage>())
      if (below(3) > 0) input.tiles[k][stage] = below(20);
    input.streams.push_back(below(2) * below(20));
    input.layer_starts.push_back(static_cast<std::int64_t>(k) / layer * layer);
    input.input_after.push_back(input.layer_starts.back() - 1);
  }
  return input;
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
