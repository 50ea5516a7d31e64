#include "memory/traffic.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "core/error.hpp"
#include "memory/mapping_advisor.hpp"
#include "presets.hpp"
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

TEST(Traffic, ReadsTracesAndNamesTheLineThatIsWrong) {
  const std::string path = scratch_path("trace.csv").string();
  const auto write = [&](const std::string& text) { std::ofstream(path) << text; };
  write("cycle,address,rw\n0, 0x40, r\n# pause\n10,128,W\r\n\n");
  const auto requests = read_trace(path);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].address, 64U);
  EXPECT_EQ(requests[1].arrival, 10);
  EXPECT_TRUE(requests[1].write);
  EXPECT_EQ(run_trace(preset("ddr4-2400"), path).cycles, 40);
  for (const std::string bad :
       {"0,0,r\n5,0\n", "0,0,x\n", "0,zz,r\n", "9,0,r\n8,0,r\n", "-1,0,r\n", "0,-64,r\n"}) {
    write(bad);
    EXPECT_THROW(read_trace(path), Error) << bad;
  }
  std::remove(path.c_str());
  EXPECT_THROW(read_trace(path), Error);
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
  const auto mappings = compare_mappings(card, "seq_rd", 20000, 0);
  EXPECT_EQ(mappings[0].mapping, "rochrababgco");
  EXPECT_EQ(mappings[0].bound_by, DramBound::ccd_l);
  EXPECT_GT(mappings[1].bandwidth_GBps, 1.15 * mappings[0].bandwidth_GBps);
  EXPECT_EQ(advise(card, run_pattern(card, "seq_rd", 20000, 0), mappings).size(), 2U);
}

TEST(MappingAdvisor, HashingSpreadsAStrideThatHammersOneBank) {
  const auto mappings = compare_mappings(preset("ddr4-2400"), "stride_rd", 5000, 0);
  EXPECT_EQ(mappings[0].bound_by, DramBound::row_cycle);
  EXPECT_NE(mappings[1].mapping.find('^'), std::string::npos);
  EXPECT_GT(mappings[1].bandwidth_GBps, 5 * mappings[0].bandwidth_GBps);
}

}  // namespace
}  // namespace lightloom::memory
