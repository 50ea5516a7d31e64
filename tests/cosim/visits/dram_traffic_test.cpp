#include "cosim/visits/dram_traffic.hpp"

#include <gtest/gtest.h>

#include "core/cards/tree.hpp"
#include "memory/memory_card.hpp"

namespace lightloom::cosim {
namespace {

TEST(BurstMeter, NoRunTakesLongerOrOpensMoreRowsThanALongerOne) {
  for (const char* name : {"lpddr4-3200", "ddr4-2400", "hbm2", "hbm2e", "lpddr5-6400"}) {
    const auto card = read_card<memory::DramCard>(
        load_card(std::string(LIGHTLOOM_SOURCE_DIR "/data/memory/") + name + ".yaml", {}));
    const double atom = card.organization.atom_bytes();
    double ns = 0, activates = 0;
    for (int bursts = 1; bursts < 3000; ++bursts) {
      BurstMeter meter(card, bursts * atom, 1);
      const double now = meter.ns_of(bursts * atom);
      meter.take(bursts * atom);
      EXPECT_GE(now, ns * (1 - 1e-12)) << name << bursts;
      EXPECT_GE(meter.activates(), activates * (1 - 1e-12)) << name << bursts;
      ns = now;
      activates = meter.activates();
    }
  }
}

// 100 bytes are two bursts of 64, however they are handed out, and time goes by bytes.
TEST(BurstMeter, WholeBurstsAreSharedOutByBytes) {
  const memory::DramCard card;
  const double atom = card.organization.atom_bytes();
  BurstMeter whole(card, 1.5 * atom, 1), parts(card, 1.5 * atom, 1), two(card, 2 * atom, 1);
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
