#include "memory/dram_fast.hpp"

#include <gtest/gtest.h>

#include "presets.hpp"

namespace lightloom::memory {
namespace {

TEST(DramFast, LongStreamsAgreeWithTheCommandLevelWithinHalfAPercent) {
  for (const std::string name : {"ddr4-2400", "ddr4-3200", "lpddr4-3200", "lpddr5-6400"})
    for (const std::vector<std::string>& settings :
         {std::vector<std::string>{}, std::vector<std::string>{"refresh=false"}})
      for (const bool write : {false, true}) {
        const DramCard card = preset(name, settings);
        const std::int64_t requests = 300007;
        const FastRun fast = run_stream_fast(card, requests, write);
        const MemoryRun full = run_pattern(card, write ? "seq_wr" : "seq_rd", requests, 0);
        EXPECT_TRUE(fast.extrapolated);
        EXPECT_NEAR(static_cast<double>(fast.cycles), static_cast<double>(full.cycles),
                    5e-3 * static_cast<double>(full.cycles))
            << name << write;
        EXPECT_NEAR(static_cast<double>(fast.activates), static_cast<double>(full.activates),
                    0.05 * static_cast<double>(full.activates))
            << name << write;
        EXPECT_NEAR(static_cast<double>(fast.refreshes), static_cast<double>(full.refreshes), 2)
            << name << write;
      }
}

TEST(DramFast, ShortStreamsAreSimulatedInFull) {
  const DramCard card = preset("ddr4-2400");
  const FastRun fast = run_stream_fast(card, 1000, false);
  EXPECT_FALSE(fast.extrapolated);
  EXPECT_EQ(fast.cycles, run_pattern(card, "seq_rd", 1000, 0).cycles);
}

}  // namespace
}  // namespace lightloom::memory
