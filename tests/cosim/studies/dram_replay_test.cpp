#include "cosim/studies/dram_replay.hpp"

#include <gtest/gtest.h>

#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim {
namespace {

CostInput memory_bound(double activation_KB) {
  CostInput input{.core = round_core()};
  for (int i = 0; i < 3; ++i) input.layers.push_back(reload_layer(conv(128, 128, 3, 28), 8));
  input.core.cost.settle_ns = 0;
  input.core.cost.symbol_rate_GHz = 100;
  input.programming.lanes = 0;
  input.memory.activation_buffer = {.capacity_KB = activation_KB, .access_ns = 1e-3};
  return input;
}

TEST(ScheduleReplay, EveryByteOfTheScheduleReachesTheDram) {
  for (const double capacity : {64.0, 4096.0}) {
    const CostInput input = memory_bound(capacity);
    const CostReport report = simulate_cost(input);
    double bytes = 0;
    for (const DramJob& job : dram_jobs(input)) bytes += job.bytes;
    EXPECT_EQ(bytes, report.traffic.sum());
    EXPECT_EQ(static_cast<double>(replay_dram(input).run.requests) * 64, report.traffic.sum());
  }
}

TEST(ScheduleReplay, WeightStreamsEndWhereTheCommandLevelEnds) {
  const DramReplay replay = replay_dram(memory_bound(4096));
  EXPECT_NEAR(replay.command_ns, replay.schedule_ns, 0.03 * replay.schedule_ns);
}

TEST(ScheduleReplay, ContendedTrafficStaysWithinATenthOfTheCommandLevel) {
  const DramReplay replay = replay_dram(memory_bound(64));
  EXPECT_GT(replay.run.writes, 0);
  EXPECT_NEAR(replay.command_ns, replay.schedule_ns, 0.1 * replay.schedule_ns);
}

}  // namespace
}  // namespace lightloom::cosim
