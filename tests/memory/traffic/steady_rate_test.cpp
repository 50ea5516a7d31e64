#include "memory/traffic/steady_rate.hpp"

#include <gtest/gtest.h>

#include "tests/memory/presets.hpp"

namespace lightloom::memory {
namespace {

void expect_command_level(const DramCard& card, const std::string& pattern, std::int64_t requests,
                          double tolerance = 5e-3) {
  const FastRun fast = run_pattern_fast(card, pattern, requests, 777);
  const MemoryRun full = run_pattern(card, pattern, requests, 777);
  const auto near = [&](auto value, auto exact, double share, const char* what) {
    EXPECT_NEAR(static_cast<double>(value), static_cast<double>(exact),
                share * static_cast<double>(exact) + 2)
        << card.name << " " << pattern << " " << what;
  };
  EXPECT_TRUE(fast.extrapolated);
  near(fast.cycles, full.cycles, tolerance, "cycles");
  near(fast.activates, full.activates, 0.05, "activates");
  // The window holds at least 28 refreshes, counted to within one half at its ends.
  near(fast.refreshes, full.refreshes, 0.02, "refreshes");
}

TEST(DramFast, LongStreamsAgreeWithTheCommandLevelWithinHalfAPercent) {
  for (const std::string name : {"ddr4-2400", "lpddr4-3200", "lpddr5-6400"})
    for (const std::vector<std::string>& settings :
         {std::vector<std::string>{}, std::vector<std::string>{"refresh=false"}})
      for (const char* pattern : {"seq_rd", "seq_wr"})
        expect_command_level(preset(name, settings), pattern, 200007);
}

TEST(DramFast, StridedTiledAndMixedStreamsDoToo) {
  const std::vector<std::string> column_low{"mapping=rochrababgco"};
  for (const DramCard& card : {preset("ddr4-2400"), preset("ddr4-3200", column_low)})
    for (const char* pattern : {"stride_rd", "seq_2r1w", "seq_rd_every9"})
      expect_command_level(card, pattern, 200007);
  expect_command_level(preset("ddr4-2400"), "tile4k_rd", 400007);
  // Column low a tile takes 250 to 400 cycles by the bank it meets: standard deviation below 20 %,
  // of the mean of 4096 tiles below 0.3 %; three of those.
  expect_command_level(preset("ddr4-3200", column_low), "tile4k_rd", 400007, 0.01);
}

TEST(DramFast, ShortStreamsAreSimulatedInFull) {
  const DramCard card = preset("ddr4-2400");
  const FastRun fast = run_pattern_fast(card, "stride_rd", 1000, 0);
  EXPECT_FALSE(fast.extrapolated);
  EXPECT_EQ(fast.cycles, run_pattern(card, "stride_rd", 1000, 0).cycles);
}

}  // namespace
}  // namespace lightloom::memory
