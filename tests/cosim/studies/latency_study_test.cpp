#include "cosim/studies/latency_study.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "memory/memory_card.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim {
namespace {

CostInput hardware(double settle_ns) {
  CostInput input{.core = round_core()};
  input.core.cost.symbol_rate_GHz = 10;
  input.core.cost.settle_ns = settle_ns;
  input.memory.activation_buffer = {.capacity_KB = 512, .banks = 64};
  return input;
}

TEST(LatencyStudy, LoadsWhatTheEquationLoadsAndGeneratesWhatItLeavesOut) {
  const LatencyStudy study = study_latency({}, hardware(0));
  EXPECT_NEAR(study.equation.total_ps, 545.2, 0.05);
  // 288 KiB at 34 GB/s, and 16,080 words of 4 bits
  EXPECT_NEAR(study.reload_load_ns, 294912 / 34.0, 50);
  EXPECT_NEAR(study.regenerate_load_ns, 8040 / 34.0, 60);
  EXPECT_NEAR(study.reload_load_ns - study.regenerate_load_ns, study.equation.saved_ns,
              0.01 * study.equation.saved_ns);
  // The tiled generator needs at least the shots of one bank of each level and its words through 64
  // lanes.
  EXPECT_GT(study.tiled_generation_ns, 0.05 * 1152);
  EXPECT_GT(study.tiled_generation_ns, 100 * study.equation.total_ps * 1e-3);
  EXPECT_LT(study.speedup(), study.reload_load_ns / study.regenerate_load_ns);
  EXPECT_GT(study.speedup(), 1);
}

TEST(LatencyStudy, ThermoOpticSettlingLeavesNoGain) {
  EXPECT_NEAR(study_latency({}, hardware(10000)).speedup(), 1, 0.05);
}

TEST(LatencyStudy, RefusesWeightsThatAreNoSquareLayer) {
  EXPECT_THROW(study_latency({.weights = 1000}, hardware(0)), Error);
}

}  // namespace
}  // namespace lightloom::cosim
