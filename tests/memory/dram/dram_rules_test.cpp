#include <gtest/gtest.h>

#include "core/random/random.hpp"
#include "memory/traffic/dram_run.hpp"
#include "tests/memory/commands.hpp"
#include "tests/memory/presets.hpp"
#include "tests/oracles/dram_checker.hpp"

namespace lightloom::memory {
namespace {

TEST(DramRules, EachIsLegalAtItsBoundaryAndRefusedOneCycleEarlier) {
  const DramCard c = preset("ddr4-2400", {"organization.ranks=2"});
  const auto act = [](Cycle k, int g, int b, int rank = 0) {
    return command(k, Kind::activate, g, b, 0, rank);
  };
  const auto pre = [](Cycle k, int g, int b) { return command(k, Kind::precharge, g, b); };
  const auto rd = [](Cycle k, int g, int b, int rank = 0) {
    return command(k, Kind::read, g, b, 0, rank);
  };
  const auto wr = [](Cycle k, int g, int b, int rank = 0) {
    return command(k, Kind::write, g, b, 0, rank);
  };
  const auto ref = [](Cycle k) { return command(k, Kind::refresh, 0, 0); };
  expect_boundary(c, {act(0, 0, 0), rd(17, 0, 0)}, "tRCD read");
  expect_boundary(c, {act(0, 0, 0), wr(17, 0, 0)}, "tRCD write");
  expect_boundary(c, {act(0, 0, 0), pre(39, 0, 0)}, "tRAS");
  expect_boundary(c, {act(0, 0, 0), pre(39, 0, 0), act(56, 0, 0)}, "tRP and tRC");
  expect_boundary(c, {act(0, 0, 0), pre(50, 0, 0), act(67, 0, 0)}, "tRP alone");
  expect_boundary(c, {act(0, 0, 0), act(4, 1, 0)}, "tRRD_S");
  expect_boundary(c, {act(0, 0, 0), act(6, 0, 1)}, "tRRD_L");
  expect_boundary(c, {act(0, 0, 0), act(4, 1, 0), act(8, 2, 0), act(12, 3, 0), act(26, 0, 1)},
                  "tFAW");
  expect_boundary(c, {act(0, 0, 0), act(4, 1, 0), rd(21, 0, 0), rd(25, 1, 0)}, "tCCD_S");
  expect_boundary(c, {act(0, 0, 0), rd(17, 0, 0), rd(23, 0, 0)}, "tCCD_L");
  expect_boundary(c, {act(0, 0, 0), wr(17, 0, 0), wr(23, 0, 0)}, "tCCD_L write");
  expect_boundary(c, {act(0, 0, 0), rd(17, 0, 0), wr(17 + 10, 0, 0)}, "read to write");
  expect_boundary(c, {act(0, 0, 0), wr(17, 0, 0), rd(17 + 25, 0, 0)}, "tWTR_L");
  expect_boundary(c, {act(0, 0, 0), act(4, 1, 0), wr(21, 0, 0), rd(21 + 19, 1, 0)}, "tWTR_S");
  expect_boundary(c, {act(0, 0, 0), rd(35, 0, 0), pre(44, 0, 0)}, "tRTP");
  expect_boundary(c, {act(0, 0, 0), wr(17, 0, 0), pre(17 + 34, 0, 0)}, "tWR");
  expect_boundary(c, {act(0, 0, 0), act(1, 0, 0, 1), rd(18, 0, 0), rd(23, 0, 0, 1)}, "tRTRS");
  expect_boundary(c, {act(0, 0, 0), act(1, 0, 0, 1), wr(18, 0, 0), wr(22, 0, 0, 1)},
                  "write burst, other rank");
  expect_boundary(c, {act(0, 0, 0), pre(39, 0, 0), ref(56)}, "tRP before REF");
  expect_boundary(c, {ref(0), act(420, 0, 0)}, "tRFC to ACT");
  expect_boundary(c, {ref(0), ref(420)}, "tRFC to REF");
  const DramCard lp = preset("lpddr5-6400", {"refresh_mode=per_bank"});
  const auto refpb = [](Cycle k, int g, int b) { return command(k, Kind::refresh_bank, g, b); };
  expect_boundary(lp, {refpb(0, 0, 0), act(96, 0, 0)}, "tRFC per bank");
  expect_boundary(lp, {refpb(0, 0, 0), act(8, 1, 0)}, "tRREFD");
  expect_boundary(lp, {act(0, 0, 0), act(4, 1, 0), pre(40, 0, 0), pre(42, 1, 0)}, "tPPD");
}

TEST(DramRules, RefusesCommandsThatTheBankStateForbids) {
  const DramCard card = preset("ddr4-2400");
  EXPECT_FALSE(check_commands(card, std::vector{command(50, Kind::read, 0, 0)}).empty());
  EXPECT_FALSE(check_commands(card, std::vector{command(0, Kind::activate, 0, 0, 1),
                                                command(50, Kind::read, 0, 0, 2)})
                   .empty());
  EXPECT_FALSE(check_commands(card, std::vector{command(0, Kind::activate, 0, 0),
                                                command(99, Kind::activate, 0, 0)})
                   .empty());
  EXPECT_FALSE(check_commands(card, std::vector{command(0, Kind::activate, 0, 0),
                                                command(99, Kind::refresh, 0, 0)})
                   .empty());
  EXPECT_FALSE(check_commands(card, std::vector{command(0, Kind::activate, 0, 0),
                                                command(0, Kind::activate, 1, 0)})
                   .empty());
}

/// Reads and writes over a small range, so that hazards, conflicts, hits and hand-overs of every
/// kind occur.
std::vector<Request> dense_traffic(std::uint64_t count, std::uint64_t seed, Cycle spacing) {
  const Stream stream({.seed = seed, .purpose = Purpose::traffic});
  std::vector<Request> requests;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t place =
        stream.below(3, i) == 0 ? stream.below(64, i, 1) : stream.below(1 << 20, i, 2);
    requests.push_back({.address = place * 64,
                        .write = stream.below(5, i, 3) < 2,
                        .arrival = spacing * static_cast<Cycle>(i)});
  }
  return requests;
}

TEST(DramRules, EveryPresetRunsEveryPatternLegally) {
  const std::vector<std::vector<std::string>> variants{
      {},
      {"refresh=false"},
      {"controller.page=closed"},
      {"controller.selection=oldest", "controller.write_drain=watermarks",
       "controller.bank_queue=0"},
      {"controller.selection=oldest"},
      {"controller.write_drain=watermarks"},
      {"controller.row_hit_cap=1"},
      {"organization.ranks=2"}};
  for (const std::string name : {"ddr4-2400", "ddr4-3200", "lpddr4-3200", "lpddr5-6400", "hbm2",
                                 "hbm2-pseudo-channel", "hbm2e", "ddr5-4800", "ddr5-5600",
                                 "lpddr5x-8533", "hbm3-6400", "gddr6-14000", "gddr6-16000"})
    for (const std::vector<std::string>& settings : variants) {
      const DramCard card = preset(name, settings);
      for (const std::string pattern :
           {"seq_rd", "rand_rd", "seq_2r1w", "stride_rd", "rand_wr", "rand_rd_every37"}) {
        std::vector<std::vector<DramCommand>> commands;
        const auto source = make_pattern(pattern, 3000, 5, card.organization.atom_bytes());
        const MemoryRun run = run_source(card, *source, {.commands = &commands});
        for (const auto& log : commands) {
          const auto problems = check_commands(card, log);
          ASSERT_TRUE(problems.empty()) << name << " " << pattern << ": " << problems.front();
        }
        ASSERT_EQ(run.reads + run.writes, 3000);
      }
    }
}

TEST(DramRules, PerBankRefreshIsLegalAndKeepsItsPace) {
  for (const std::string name : {"lpddr4-3200", "lpddr5-6400", "hbm2e", "lpddr5x-8533", "hbm3-6400",
                                 "gddr6-14000", "gddr6-16000"}) {
    const DramCard card = preset(name, {"refresh_mode=per_bank"});
    std::vector<std::vector<DramCommand>> commands;
    const auto source = make_pattern("rand_rd", 20000, 5, card.organization.atom_bytes());
    const MemoryRun run = run_source(card, *source, {.commands = &commands});
    for (const auto& log : commands) {
      const auto problems = check_commands(card, log);
      ASSERT_TRUE(problems.empty()) << name << ": " << problems.front();
    }
    const auto due = run.cycles / card.timing.refi_bank * card.organization.units();
    EXPECT_NEAR(static_cast<double>(run.refreshes), static_cast<double>(due),
                2.0 * card.organization.units())
        << name;
  }
}

TEST(DramRules, DenseReadsAndWritesToTheSameBurstsNeitherBreakARuleNorGetStuck) {
  for (const std::string setting :
       {"controller.write_queue=2", "controller.write_queue=32", "controller.bank_queue=1",
        "controller.bank_queue=0", "controller.row_hit_cap=1", "controller.read_queue=1"})
    for (const auto& [spacing, drain] :
         {std::pair{Cycle{0}, "watermarks"}, std::pair{Cycle{7}, "watermarks"},
          std::pair{Cycle{0}, "bank_queues"}, std::pair{Cycle{7}, "bank_queues"}}) {
      if (drain == std::string("bank_queues") && setting == "controller.bank_queue=0") continue;
      const DramCard card =
          preset("ddr4-2400", {setting, std::string("controller.write_drain=") + drain});
      std::vector<std::vector<DramCommand>> commands;
      const auto source = make_source(dense_traffic(5000, 11, spacing));
      std::vector<int> answered(5000, 0);
      const MemoryRun run =
          run_source(card, *source,
                     {.completed = [&](std::uint64_t n, Cycle, Cycle) { ++answered[n]; },
                      .commands = &commands});
      const auto problems = check_commands(card, commands[0]);
      ASSERT_TRUE(problems.empty()) << setting << ": " << problems.front();
      EXPECT_EQ(run.latency_cycles.count, run.reads);
      for (const int times : answered) ASSERT_LE(times, 1);
      EXPECT_GT(run.forwarded, 0);
    }
}

TEST(DramRules, AWriteNeverOvertakesAnOlderReadOfItsBurst) {
  for (const auto& [setting, drain] : {std::pair{"controller.bank_queue=8", "watermarks"},
                                       std::pair{"controller.bank_queue=0", "watermarks"},
                                       std::pair{"controller.bank_queue=8", "bank_queues"}}) {
    const DramCard card =
        preset("ddr4-2400", {setting, std::string("controller.write_drain=") + drain,
                             "refresh=false", "controller.requests_per_cycle=64"});
    std::vector<Request> requests{{.address = 0}, {.address = 0, .write = true}};
    for (std::uint64_t i = 0; i < 31; ++i)  // enough to start draining before the read is served
      requests.push_back({.address = (1 << 15) + 256 * i, .write = true});
    std::vector<std::vector<DramCommand>> commands;
    const auto source = make_source(requests);
    run_source(card, *source, {.commands = &commands});
    for (const DramCommand& c : commands[0]) {
      if (c.bank != 0 || (c.kind != Kind::read && c.kind != Kind::write)) continue;
      EXPECT_EQ(c.kind, Kind::read) << setting;  // the first column command of the burst's bank
      break;
    }
  }
}

// The drain opens the row for another burst of it; the write of the read's burst is a hit then, and
// still waits.
TEST(DramRules, NorDoesAWriteThatFindsItsRowOpen) {
  const DramCard card =
      preset("ddr4-2400", {"refresh=false", "controller.write_drain=watermarks",
                           "controller.drain_high=0.8", "controller.requests_per_cycle=64"});
  std::vector<Request> requests{{.address = 0},
                                {.address = 256, .write = true},
                                {.address = 1 << 17, .write = true},  // another row of the bank
                                {.address = 0, .write = true}};
  for (std::uint64_t i = 0; i < 29; ++i)
    requests.push_back({.address = (1 << 15) + 256 * i, .write = true});
  std::vector<std::vector<DramCommand>> commands;
  const auto source = make_source(requests);
  run_source(card, *source, {.commands = &commands});
  int writes = 0;
  for (const DramCommand& c : commands[0]) {
    if (c.bank_group != 0 || c.bank != 0) continue;
    if (c.kind == Kind::read) break;
    writes += c.kind == Kind::write ? 1 : 0;
  }
  EXPECT_EQ(writes, 2);
}

TEST(DramRules, RowCycleHoldsEvenWhereItExceedsActiveTimePlusPrecharge) {
  const DramCard card = preset("ddr4-2400", {"refresh=false", "timing_cycles.rc=80"});
  EXPECT_EQ(run_pattern(card, "stride_rd", 1000, 0).cycles, 999 * 80 + 40);
}

TEST(DramRules, AReadNeverWaitsForeverBehindRowHits) {
  for (const std::vector<std::string>& settings :
       {std::vector<std::string>{"refresh=false", "controller.row_hit_cap=4",
                                 "controller.age_cap_cycles=0"},
        std::vector<std::string>{"refresh=false", "controller.row_hit_cap=1000000",
                                 "controller.age_cap_cycles=500"}}) {
    std::vector<Request> requests;
    for (std::uint64_t i = 0; i < 5000; ++i)
      requests.push_back({.address = i % 128 * 256});  // one row
    requests[40].address = 1 << 17;                    // another row of its bank
    const auto source = make_source(requests);
    Cycle latency = 0;
    run_source(preset("ddr4-2400", settings), *source,
               {.completed = [&](std::uint64_t n, Cycle from, Cycle to) {
                 latency = n == 40 ? to - from : latency;
               }});
    EXPECT_LT(latency, 1000) << settings[1];
  }
}

}  // namespace
}  // namespace lightloom::memory
