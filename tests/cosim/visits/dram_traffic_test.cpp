#include "cosim/visits/dram_traffic.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/cards/tree.hpp"
#include "memory/memory_card.hpp"
#include "memory/traffic/dram_estimate.hpp"

namespace lightloom::cosim {
namespace {

TEST(BurstMeter, NoRunTakesLongerOrOpensMoreRowsThanALongerOne) {
  for (const char* name : {"lpddr4-3200", "ddr4-2400", "hbm2", "hbm2e", "lpddr5-6400"}) {
    const auto card = read_card<memory::DramCard>(
        load_card(std::string(LIGHTLOOM_SOURCE_DIR "/data/memory/") + name + ".yaml", {}));
    const RunCosts runs(card);
    const double atom = runs.atom_bytes();
    double ns = 0, activates = 0;
    for (int bursts = 1; bursts < 3000; ++bursts) {
      BurstMeter meter(runs, bursts * atom, 1);
      const double now = meter.ns_of(bursts * atom);
      meter.take(bursts * atom);
      EXPECT_GE(now, ns * (1 - 1e-12)) << name << bursts;
      EXPECT_GE(meter.activates(), activates * (1 - 1e-12)) << name << bursts;
      ns = now;
      activates = meter.activates();
    }
  }
}

TEST(RunCosts, AreThoseOfTheEstimateForPowersOfTwo) {
  memory::DramCard card;
  card.organization.channels = 4;
  const RunCosts runs(card);
  for (int bits = 0; bits <= 20; ++bits) {
    const double bursts = std::ldexp(1.0, bits);
    const memory::DramEstimate estimate =
        memory::estimate_runs(card, bursts * card.organization.atom_bytes());
    EXPECT_EQ(runs.of(bursts).ns, bursts * estimate.cycles_per_request * card.clock_ns) << bits;
    EXPECT_EQ(runs.of(bursts).activates, bursts * (1 - estimate.row_hit_share)) << bits;
  }
}

// 100 bytes are two bursts of 64, however they are handed out, and time goes by bytes.
TEST(BurstMeter, WholeBurstsAreSharedOutByBytes) {
  const RunCosts runs(memory::DramCard{});
  const double atom = runs.atom_bytes();
  BurstMeter whole(runs, 1.5 * atom, 1), parts(runs, 1.5 * atom, 1), two(runs, 2 * atom, 1);
  const double all = whole.ns_of(1.5 * atom);
  EXPECT_DOUBLE_EQ(all, two.ns_of(2 * atom));
  whole.take(1.5 * atom);
  EXPECT_EQ(whole.bursts(), 2);
  EXPECT_DOUBLE_EQ(parts.ns_of(0.5 * atom), all / 3);
  parts.take(0.5 * atom);
  EXPECT_EQ(parts.bursts(), 1);
  EXPECT_DOUBLE_EQ(parts.ns_of(1.0 * atom), all * 2 / 3);
  parts.take(1.0 * atom);
  EXPECT_EQ(parts.bursts(), 2);
}

}  // namespace
}  // namespace lightloom::cosim
