// Cards of newer standards against their published peak and capacity, and against the laws that
// bound a stream and random reads, worked out here from the numbers of the card.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "memory/traffic/steady_rate.hpp"
#include "tests/memory/commands.hpp"
#include "tests/memory/presets.hpp"

namespace lightloom::memory {
namespace {

struct Published {
  const char* name;
  double peak_GBps;
  double gibibytes;
};

// Data rate times width: 4800 and 5600 MT/s on 64 bits (clocks rounded to 0.416 and 0.357 ns), 8533
// on 16, 6400 on 1024, 14 and 16 Gb/s on 32.
const std::vector<Published> new_cards{
    {"ddr5-4800", 64 / (4 * 0.416), 16},   {"ddr5-5600", 64 / (4 * 0.357), 16},
    {"lpddr5x-8533", 8.0 * 2 / 0.9375, 2}, {"hbm3-6400", 6.4 * 1024 / 8, 16},
    {"gddr6-14000", 16 * 2 / 0.57, 1},     {"gddr6-16000", 16.0 * 32 / 8, 1}};

TEST(DramCards, HaveTheirPublishedPeakAndCapacity) {
  for (const Published& p : new_cards) {
    const DramCard card = preset(p.name);
    EXPECT_NEAR(card.peak_GBps(), p.peak_GBps, 1e-6 * p.peak_GBps) << p.name;
    EXPECT_DOUBLE_EQ(static_cast<double>(card.organization.bytes()), p.gibibytes * 0x1p30)
        << p.name;
  }
}

// A card that is added is read here, whoever lists it elsewhere.
TEST(DramCards, EveryCardReadsSaysWhereItsNumbersComeFromAndRuns) {
  int cards = 0;
  for (const auto& file : std::filesystem::directory_iterator(
           preset_path("x").substr(0, preset_path("x").size() - std::string("x.yaml").size()))) {
    const std::string name = file.path().stem().string();
    const Tree tree = load_card(preset_path(name), {});
    EXPECT_NE(tree.find("source"), nullptr) << name;
    const DramCard card = read_dram(tree);
    EXPECT_GT(run_pattern(card, "seq_2r1w", 300, 0).bandwidth_GBps, 0) << name;
    ++cards;
  }
  EXPECT_GE(cards, 16);
}

/// Share of the time that all-bank refresh takes: from the last read before it to the first after.
double refreshing(const DramTiming& t) {
  return static_cast<double>(t.rtp + t.rp + t.rfc + t.rcd_read) / t.refi;
}

/// The same between writes, whose data the banks still have to take before they close.
double refreshing_writes(const DramCard& card) {
  const DramTiming& t = card.timing;
  const int close = t.cwl + card.organization.burst_cycles + t.wr;
  return static_cast<double>(close + t.rp + t.rfc + t.rcd_write) / t.refi;
}

TEST(DramCards, AStreamIsTheBusLessWhatRefreshTakes) {
  for (const Published& p : new_cards)
    for (const std::string pattern : {"seq_rd", "seq_wr"}) {
      const DramCard card = preset(p.name);
      const DramOrganization& o = card.organization;
      const double each = static_cast<double>(o.burst_cycles) / (o.channels * o.pseudo_channels);
      const double share = pattern == "seq_rd" ? refreshing(card.timing) : refreshing_writes(card);
      const double cycles = 200000 * each / (1 - share);
      EXPECT_NEAR(cycles_of(card, pattern, 200000), cycles, 0.02 * cycles) << p.name << pattern;
    }
}

TEST(DramCards, RandomReadsAreBoundByActivatesOrRowCycles) {
  for (const Published& p : new_cards) {
    const DramCard card = preset(p.name);
    const DramTiming& t = card.timing;
    const DramOrganization& o = card.organization;
    const double banks = o.bank_groups * o.banks_per_group;
    const double each = std::max({t.rrd_s * 1.0, t.faw / 4.0, t.rc / banks, o.burst_cycles * 1.0});
    const double cycles =
        200000 * each / (o.channels * o.pseudo_channels) / (1 - refreshing(card.timing));
    EXPECT_NEAR(cycles_of(card, "rand_rd", 200000), cycles, 0.03 * cycles) << p.name;
  }
}

// One bank a burst: RC apart, or RAS and RP where they are longer.
TEST(DramCards, AStrideThroughOneBankTakesRowCycles) {
  for (const std::string name : {"lpddr5x-8533", "ddr5-4800", "gddr6-14000"}) {
    const DramCard card = preset(name, {"refresh=false"});
    const DramTiming& t = card.timing;
    const DramOrganization& o = card.organization;
    const auto row = static_cast<std::uint64_t>(o.bytes() / o.rows);
    std::vector<Request> requests;
    for (std::uint64_t i = 0; i < 1000; ++i) requests.push_back({.address = i * row});
    const auto source = make_source(requests);
    const Cycle closed = t.rcd_read + t.cl + o.burst_cycles + 2;
    EXPECT_EQ(run_source(card, *source).cycles, 999 * std::max(t.rc, t.ras + t.rp) + closed)
        << name;
  }
}

TEST(DramCards, TheFastPathAndTheClosedFormAgreeWithTheCommandLevel) {
  for (const Published& p : new_cards)
    for (const std::string pattern : {"seq_rd", "seq_wr", "rand_rd"}) {
      const DramCard card = preset(p.name);
      // Beyond the two windows that the fast path runs.
      const std::int64_t requests = card.organization.units() > 2 ? 900007 : 350007;
      const FastRun fast = run_pattern_fast(card, pattern, requests, 5);
      EXPECT_TRUE(fast.extrapolated) << p.name;
      const double full = cycles_of(card, pattern, requests);
      EXPECT_NEAR(static_cast<double>(fast.cycles), full, 0.01 * full) << p.name << pattern;
      const double run_bytes = pattern == "rand_rd" ? 1 : 1e9;
      const double estimate =
          estimate_runs(card, run_bytes).cycles_per_request * static_cast<double>(requests);
      EXPECT_NEAR(estimate, full, 0.03 * full) << p.name << pattern;
    }
}

// DDR5 refreshes one bank of a group while the others work. A stream is in one bank of each group
// for a row and stalls if that is the one: at most the share that refresh has of every bank.
TEST(DramCards, SameBankRefreshTakesNoMoreOfAStreamThanOfABank) {
  for (const std::string name : {"ddr5-4800", "ddr5-5600"}) {
    const DramCard card = preset(name, {"refresh_mode=same_bank"});
    const DramTiming& t = card.timing;
    const double share = static_cast<double>(t.rtp + t.rp + t.rfc_bank + t.rcd_read) /
                         (t.refi_bank * card.organization.banks_per_group);
    const double bus = 200000 * 8 / 2.0, most = bus / (1 - share);
    const double cycles = cycles_of(card, "seq_rd", 200000);
    EXPECT_GT(cycles, 1.02 * bus) << name;
    EXPECT_LT(cycles, 1.01 * most) << name;
    EXPECT_NEAR(estimate_runs(card, 1e9).cycles_per_request * 200000, most, 1e-6 * most) << name;
  }
}

}  // namespace
}  // namespace lightloom::memory
