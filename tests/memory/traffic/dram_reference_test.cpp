// Cycles measured with DRAMsim3 (Li et al., IEEE CAL 2020) and Ramulator 2.1 (Luo et al., IEEE CAL
// 2023) on the traffic of memory/traffic/request_source.hpp. Tolerances are the gates of
// docs/evidence/memory.md, set from the spread of the two simulators.

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "memory/traffic/dram_run.hpp"
#include "tests/memory/presets.hpp"

namespace lightloom::memory {
namespace {

struct Case {
  const char* pattern;
  std::int64_t requests;
  std::uint64_t seed;
  double cycles;
};

double cycles_of(const DramCard& card, const Case& c) {
  return static_cast<double>(run_pattern(card, c.pattern, c.requests, c.seed).cycles);
}

const std::vector<std::string> group_low{"refresh=false", "mapping=rorabachcobg"};
const std::vector<std::string> column_low{"refresh=false", "mapping=rochrababgco"};

TEST(DramReference, StreamsRandomTilesAndStridesWithoutRefreshLieWithinHalfAPercentOfDramsim3) {
  const DramCard card = preset("ddr4-2400", group_low);
  for (const Case& c : {Case{"seq_rd", 100000, 0, 400138}, Case{"rand_rd", 100000, 12345, 650771},
                        Case{"tile4k_rd", 100000, 777, 400966}, Case{"seq_wr", 100000, 0, 400060},
                        Case{"stride_rd", 10000, 0, 559984}})
    EXPECT_NEAR(cycles_of(card, c), c.cycles, 0.005 * c.cycles) << c.pattern;
}

TEST(DramReference, RefreshedRunsLieWithinOnePercentOfDramsim3) {
  const DramCard ddr4 = preset("ddr4-2400");
  for (const Case& c : {Case{"seq_rd", 100000, 0, 420764}, Case{"rand_rd", 100000, 12345, 687946},
                        Case{"tile4k_rd", 100000, 777, 422025}})
    EXPECT_NEAR(cycles_of(ddr4, c), c.cycles, 0.01 * c.cycles) << c.pattern;
  const DramCard hbm2 = preset("hbm2", {"organization.channels=1", "mapping=rorabgbachco",
                                        "controller.requests_per_cycle=1"});
  for (const Case& c : {Case{"seq_rd", 100000, 0, 217352}, Case{"rand_rd", 100000, 12345, 814719}})
    EXPECT_NEAR(cycles_of(hbm2, c), c.cycles, 0.01 * c.cycles) << c.pattern;
}

TEST(DramReference, StreamsThroughOneBankGroupLieBetweenTheTwoSimulators) {
  const DramCard card = preset("ddr4-2400", column_low);
  const double stream = cycles_of(card, {"seq_rd", 100000, 0, 0});
  EXPECT_GE(stream, 0.98 * 493678);
  EXPECT_LE(stream, 1.02 * 518629);
  const double tiles = cycles_of(card, {"tile4k_rd", 100000, 777, 0});
  EXPECT_GE(tiles, 0.98 * 451789);
  EXPECT_LE(tiles, 1.02 * 482905);
}

// One and eight channels, one and two ranks. The figures of two ranks and of HBM2 are those of a
// restatement of DRAMsim3's controller that gives each of its measured figures to the digit
// (docs/evidence/memory.md).
TEST(DramReference, MixedTrafficLiesWithinOneAndAHalfPercentOfDramsim3) {
  struct Mixed {
    const char* card;
    std::vector<std::string> settings;
    double cycles;
  };
  const std::string one = "organization.channels=1", slow = "controller.requests_per_cycle=1",
                    ranks = "organization.ranks=2", still = "refresh=false";
  for (const Mixed& c : {Mixed{"ddr4-2400", {still}, 475891},
                         Mixed{"ddr4-2400", {still, "mapping=rochrababgco"}, 815894},
                         Mixed{"ddr4-2400", {still, ranks}, 475381},
                         Mixed{"ddr4-2400", {still, ranks, "mapping=rochrababgco"}, 817117},
                         Mixed{"hbm2", {still, one, slow, "mapping=rorabgbachco"}, 298516},
                         Mixed{"hbm2", {still, one, slow, "mapping=rorabachcobg"}, 266262},
                         Mixed{"hbm2", {still, "mapping=rorabgbachco"}, 143288},
                         Mixed{"hbm2", {still, "mapping=rorabgbacoch"}, 37483},
                         Mixed{"hbm2", {still}, 33834}, Mixed{"hbm2", {}, 36496}})
    EXPECT_NEAR(cycles_of(preset(c.card, c.settings), {"seq_2r1w", 99999, 0, 0}), c.cycles,
                0.015 * c.cycles)
        << c.card << " " << fmt::format("{}", fmt::join(c.settings, " "));
}

TEST(DramReference, WritesLieWithinHalfAPercentOfDramsim3) {
  EXPECT_NEAR(cycles_of(preset("ddr4-2400", column_low), {"seq_wr", 100000, 0, 0}), 493469, 2467);
  EXPECT_NEAR(cycles_of(preset("ddr4-2400", group_low), {"seq_wr", 100000, 0, 0}), 400060, 2000);
}

// Ramulator 2.1 sees all 32 requests at once, issues a command a cycle after acceptance and has no
// row-hit cap. With these settings streams and tiles agree to the cycle.
TEST(DramReference, WithItsQueuesAndNoCapTheModelIsRamulators) {
  const DramCard card =
      preset("ddr4-2400", {"refresh=false", "mapping=rochrababgco", "timing_cycles.rtrs=2",
                           "controller.pipeline_cycles=1", "controller.bank_queue=0",
                           "controller.write_drain=watermarks", "controller.drain_high=0.8",
                           "controller.drain_low=0.2", "controller.row_hit_cap=1000000",
                           "controller.age_cap_cycles=0"});
  for (const Case& c :
       {Case{"seq_rd", 100000, 0, 518629}, Case{"tile4k_rd", 100000, 777, 482905},
        Case{"seq_wr", 100000, 0, 518470}, Case{"stride_rd", 10000, 0, 559983},
        Case{"rand_rd_every500", 5000, 12345, 2499556}, Case{"seq_rd_every50", 20000, 0, 999972}})
    EXPECT_EQ(cycles_of(card, c), c.cycles) << c.pattern;
  for (const Case& c : {Case{"rand_rd", 100000, 12345, 654440}, Case{"seq_2r1w", 99999, 0, 725646}})
    EXPECT_NEAR(cycles_of(card, c), c.cycles, 0.01 * c.cycles) << c.pattern;
}

// Closed forms of the unloaded latencies (docs/models/memory/dram.md#unloaded-latency): hit,
// closed and conflict, pipeline c = 2.
TEST(DramReference, UnloadedLatenciesAreExact) {
  for (const auto& [name, hit, closed] :
       {std::tuple{"ddr4-2400", 23, 40}, std::tuple{"hbm2", 18, 32}}) {
    const DramCard card = preset(name, {"refresh=false"});
    const DramTiming& t = card.timing;
    const std::uint64_t next_row =
        static_cast<std::uint64_t>(card.organization.bytes() / card.organization.rows);
    const auto source = make_source({{0, false, 0}, {0, false, 1000}, {next_row, false, 2000}});
    std::vector<Cycle> latencies;
    run_source(card, *source, {.completed = [&](std::uint64_t, Cycle from, Cycle to) {
                 latencies.push_back(to - from);
               }});
    EXPECT_EQ(latencies, (std::vector<Cycle>{closed, hit, closed + t.rp}));
    EXPECT_EQ(hit, t.cl + card.organization.burst_cycles + 2);
    EXPECT_EQ(closed, hit + t.rcd_read);
  }
}

TEST(DramReference, ClosedFormsOfThinTrafficHoldToTheCycle) {
  const DramCard card = preset("ddr4-2400", group_low), low = preset("ddr4-2400", column_low);
  EXPECT_EQ(run_pattern(card, "stride_rd", 10000, 0).cycles, 9999 * 56 + 40);
  const MemoryRun random = run_pattern(card, "rand_rd_every500", 5000, 12345);
  EXPECT_EQ(random.cycles, 4999 * 500 + 57);
  EXPECT_NEAR(random.latency_cycles.mean, 56.9456, 1e-4);
  EXPECT_NEAR(run_pattern(low, "rand_rd_every500", 5000, 12345).latency_cycles.mean, 56.9388, 1e-4);
  const MemoryRun stream = run_pattern(card, "seq_rd_every50", 20000, 0);
  EXPECT_EQ(stream.cycles, 19999 * 50 + 23);
  EXPECT_EQ(stream.activates, 160);
  EXPECT_NEAR(stream.latency_cycles.mean, 23.258, 1e-3);
  const MemoryRun other = run_pattern(low, "seq_rd_every50", 20000, 0);
  EXPECT_EQ(other.activates, 157);
  EXPECT_NEAR(other.latency_cycles.mean, 23.2533, 1e-3);
}

TEST(DramReference, ActivatesOfStreamsFollowFromTheirRows) {
  const DramCard card = preset("ddr4-2400", group_low), low = preset("ddr4-2400", column_low);
  EXPECT_EQ(run_pattern(card, "seq_rd", 100000, 0).activates, 784);
  EXPECT_EQ(run_pattern(low, "seq_rd", 100000, 0).activates, 782);
  EXPECT_EQ(run_pattern(card, "tile4k_rd", 100000, 777).activates, 6252);
  EXPECT_EQ(run_pattern(low, "tile4k_rd", 100000, 777).activates, 1563);
}

// Sixteen requests, done cycles measured with DRAMsim3: a stream in one bank group shows CCD_L = 6.
TEST(DramReference, SixteenStreamedReadsFinishEverySixCycles) {
  const auto source = make_pattern("seq_rd", 16, 0, 64);
  std::vector<Cycle> done;
  run_source(preset("ddr4-2400", column_low), *source,
             {.completed = [&](std::uint64_t, Cycle, Cycle to) { done.push_back(to); }});
  for (std::size_t i = 0; i < done.size(); ++i) EXPECT_EQ(done[i], static_cast<Cycle>(40 + 6 * i));
}

// DRAMsim3's own energy figure for this run is 5.217e8 V mA cycle (docs/evidence/memory.md#energy).
TEST(DramReference, EnergyOfAStreamMatchesDramsim3sBooks) {
  const MemoryRun run = run_pattern(preset("ddr4-2400", group_low), "seq_rd", 100000, 0);
  EXPECT_NEAR(run.energy.total_pJ() / 0.83, 5.217e8, 0.001e8);
  const MemoryRun refreshed = run_pattern(preset("ddr4-2400"), "seq_rd", 100000, 0);
  EXPECT_NEAR(refreshed.energy.total_pJ() / (100000.0 * 512), 9.2, 0.1);  // pJ/b
}

}  // namespace
}  // namespace lightloom::memory
