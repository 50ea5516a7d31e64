#include "memory/traffic/request_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "core/error.hpp"
#include "memory/traffic/mapping_advisor.hpp"
#include "tests/memory/presets.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::memory {
namespace {

std::vector<Request> all(const std::string& name, std::int64_t count, std::uint64_t seed) {
  std::vector<Request> requests;
  const auto source = make_pattern(name, count, seed, 64);
  for (Request r; source->next(r);) requests.push_back(r);
  return requests;
}

TEST(Traffic, MixesLikeThePublishedFunction) {
  EXPECT_EQ(splitmix64(0), 0xE220A8397B1DCDAF);
  EXPECT_EQ(splitmix64(12345), 0x22118258A9D111A0);
  EXPECT_EQ(splitmix64(777), 0x79D720B462A1724E);
}

TEST(Traffic, PatternsStartAsTheReferenceSays) {
  const auto random = all("rand_rd", 4, 12345);
  EXPECT_EQ(random[0].address, 0x34446800);
  EXPECT_EQ(random[1].address, 0x271BF9C0);
  EXPECT_EQ(random[3].address, 0x680A640);
  const auto tiles = all("tile4k_rd", 129, 777);
  EXPECT_EQ(tiles[0].address, 0x1724E000);
  EXPECT_EQ(tiles[63].address, 0x1724E000 + 63 * 64);
  EXPECT_EQ(tiles[64].address, 0x17756000);
  EXPECT_EQ(tiles[128].address, 0x23DEF000);
  const auto mixed = all("seq_2r1w", 6, 0);
  EXPECT_EQ(mixed[5].address, 0x20000040);
  EXPECT_TRUE(mixed[5].write);
  EXPECT_FALSE(mixed[4].write);
  EXPECT_EQ(all("rand_rd_every500", 3, 1)[2].arrival, 1000);
}

TEST(Traffic, RefusesUnknownPatterns) {
  for (const std::string name : {"rand", "seq_rd_every", "seq_rd_everyx", "seq_rd_every-5", ""})
    EXPECT_THROW(make_pattern(name, 1, 0, 64), Error) << name;
  EXPECT_THROW(make_pattern("seq_rd", -1, 0, 64), Error);
}

TEST(Traffic, RefusesPatternsThatEndAfterTheLastCycleOrDoNotFit) {
  EXPECT_NO_THROW(make_pattern("seq_rd_every1000", last_arrival / 1000, 0, 64));
  EXPECT_THROW(make_pattern("seq_rd_every1000", last_arrival / 1000 + 1, 0, 64), Error);
  EXPECT_NO_THROW(make_pattern("tile4k_rd", 1, 0, 4096));
  EXPECT_THROW(make_pattern("tile4k_rd", 1, 0, 8192), Error);
}

// Recording switches the short cut off.
TEST(Traffic, RefreshesOfALongPauseAreCountedAsIfTheyWereSimulated) {
  for (const std::vector<std::string>& settings :
       {std::vector<std::string>{},
        {"refresh_mode=per_bank"},
        {"refresh_mode=same_bank", "timing_cycles.refi_bank=700"},
        {"organization.ranks=2"}}) {
    const DramCard card = preset("lpddr5-6400", settings);
    for (const Cycle pause : {Cycle{999'000}, Cycle{1'000'001}, Cycle{1'234'567}, Cycle{3'000'003}})
      for (const std::uint64_t second : {std::uint64_t{0}, std::uint64_t{1} << 20}) {
        const std::vector<Request> requests{
            {0, false, 0}, {second, false, pause}, {64, true, pause}, {second, false, 2 * pause}};
        std::vector<std::vector<DramCommand>> commands;
        const auto once = make_source(requests), again = make_source(requests);
        const MemoryRun slow = run_source(card, *once, {.commands = &commands}),
                        fast = run_source(card, *again);
        EXPECT_EQ(fast.cycles, slow.cycles);
        EXPECT_EQ(fast.refreshes, slow.refreshes) << pause;
        EXPECT_EQ(fast.activates, slow.activates);
        EXPECT_EQ(fast.latency_cycles.longest, slow.latency_cycles.longest);
        EXPECT_EQ(fast.energy.total_pJ(), slow.energy.total_pJ());
      }
  }
}

TEST(Traffic, AddressesBeyondTheCapacityAreFoldedBackAndCounted) {
  const DramCard card = preset("ddr4-2400");
  const auto size = static_cast<std::uint64_t>(card.organization.bytes());
  const auto source =
      make_source({{size - 64, false, 0}, {size, false, 500}, {~0ULL, false, 1000}});
  const MemoryRun run = run_source(card, *source);
  EXPECT_EQ(run.wrapped, 2);
  EXPECT_EQ(run.reads, 3);
}

TEST(Traffic, LatenciesBeyondTheTableAreCountedExactly) {
  const DramCard card = preset("ddr4-2400", {"refresh=false", "timing_cycles.rcd_read=100000"});
  std::vector<Cycle> latencies;
  const auto source = make_pattern("stride_rd", 20, 0, 64);
  const MemoryRun run = run_source(
      card, *source,
      {.completed = [&](std::uint64_t, Cycle a, Cycle b) { latencies.push_back(b - a); }});
  std::sort(latencies.begin(), latencies.end());
  EXPECT_GT(latencies[12], Cycle{1} << 20);
  EXPECT_EQ(run.latency_cycles.p50, latencies[9]);
  EXPECT_EQ(run.latency_cycles.p99, latencies[19]);
  EXPECT_EQ(run.latency_cycles.longest, latencies.back());
}

TEST(Traffic, AnEmptyStreamTakesNoTime) {
  const MemoryRun run = run_pattern(preset("ddr4-2400"), "seq_rd", 0, 0);
  EXPECT_EQ(run.cycles, 0);
  EXPECT_EQ(run.bandwidth_GBps, 0);
  EXPECT_EQ(run.energy.total_pJ(), 0);
}

TEST(Traffic, QuantilesAreThoseOfTheSortedLatencies) {
  const DramCard card = preset("ddr4-2400");
  const auto source = make_pattern("rand_rd", 1234, 5, 64);
  std::vector<Cycle> latencies;
  const MemoryRun run = run_source(
      card, *source,
      {.completed = [&](std::uint64_t, Cycle a, Cycle b) { latencies.push_back(b - a); }});
  std::sort(latencies.begin(), latencies.end());
  EXPECT_EQ(run.latency_cycles.p50, latencies[616]);
  EXPECT_EQ(run.latency_cycles.p99, latencies[1234 - 12 - 1]);
  EXPECT_EQ(run.latency_cycles.longest, latencies.back());
}

TEST(MappingAdvisor, FindsTheMappingThatAStreamWants) {
  const DramCard card = preset("ddr4-2400", {"mapping=rochrababgco"});
  const auto mappings = compare_mappings(card, {"seq_rd", 20000});
  EXPECT_EQ(mappings[0].mapping, "rochrababgco");
  EXPECT_EQ(mappings[0].bound_by, DramBound::ccd_l);
  EXPECT_GT(mappings[1].bandwidth_GBps, 1.15 * mappings[0].bandwidth_GBps);
  EXPECT_EQ(advise(card, run_pattern(card, "seq_rd", 20000, 0), mappings).size(), 2U);
}

TEST(MappingAdvisor, HashingSpreadsAStrideThatHammersOneBank) {
  const auto mappings = compare_mappings(preset("ddr4-2400"), {"stride_rd", 5000});
  EXPECT_EQ(mappings[0].bound_by, DramBound::row_cycle);
  EXPECT_NE(mappings[1].mapping.find('^'), std::string::npos);
  EXPECT_GT(mappings[1].bandwidth_GBps, 5 * mappings[0].bandwidth_GBps);
}

}  // namespace
}  // namespace lightloom::memory
