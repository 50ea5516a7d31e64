// What newer standards add: refresh of one bank of every group, spacings of writes, windows of 32
// activates, rows that are no power of two. Every rule is held against the checker, which knows the
// tables alone, and every run against a few lines of arithmetic.

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "memory/dram/address_mapping.hpp"
#include "memory/traffic/request_source.hpp"
#include "tests/memory/commands.hpp"
#include "tests/memory/presets.hpp"

namespace lightloom::memory {
namespace {

/// The card's own run is legal, and a judge with the stricter setting finds that of the laxer one.
void expect_obeyed(const std::string& name, const std::vector<std::string>& lax,
                   const std::string& strict, const std::string& pattern) {
  std::vector<std::string> settings = lax;
  settings.push_back(strict);
  const DramCard own = preset(name, settings);
  EXPECT_EQ(problems(own, own, pattern), 0U) << name << " " << strict;
  EXPECT_GT(problems(own, preset(name, lax), pattern), 0U) << name << " " << strict;
}

TEST(DramStandards, NewRulesAreLegalAtTheirBoundaryAndRefusedOneCycleEarlier) {
  const DramCard ddr5 = preset("ddr5-4800");  // ccd_l_wr 48, ccd_l_wr2 24
  expect_boundary(ddr5, {act(0, 0, 0), wr(36, 0, 0), wr(36 + 48, 0, 0)}, "tCCD_L_WR");
  expect_boundary(ddr5, {act(0, 0, 0), rd(36, 0, 0), rd(36 + 12, 0, 0)}, "tCCD_L of reads");
  const DramCard whole = preset("ddr5-4800", {"organization.merging_writes=false"});
  expect_boundary(whole, {act(0, 0, 0), wr(36, 0, 0), wr(36 + 24, 0, 0)}, "tCCD_L_WR2");
  const DramCard sb = preset("ddr5-4800", {"refresh_mode=same_bank"});
  expect_boundary(sb, {refsb(0, 1), act(313, 5, 1)}, "tRFCsb to ACT");
  expect_boundary(sb, {refsb(0, 1), act(73, 5, 2)}, "tREFSBRD");
  expect_boundary(sb, {refsb(0, 1), refsb(313, 2)}, "tRFCsb to REFsb");
  expect_boundary(sb, {act(0, 3, 2), refsb(12, 1)}, "tRRD_L to REFsb");
  expect_boundary(sb, {act(0, 3, 1), pre(77, 3, 1), refsb(113, 1)}, "tRP and tRC to REFsb");
  const DramCard wide = preset("gddr6-14000", {"timing_cycles.aw32=400", "refresh=false"});
  std::vector<DramCommand> many;
  for (int i = 0; i < 16; ++i) many.push_back(act(8 * i, i % 4, i / 4));
  for (int i = 0; i < 16; ++i) many.push_back(pre(8 * i + 128, i % 4, i / 4));
  for (int i = 0; i < 16; ++i) many.push_back(act(8 * i + 256, i % 4, i / 4));
  many.push_back(pre(390, 0, 0));
  many.push_back(act(417, 0, 0));
  EXPECT_TRUE(check_commands(wide, many).empty());
  const DramCard wider = preset("gddr6-14000", {"timing_cycles.aw32=418", "refresh=false"});
  EXPECT_EQ(check_commands(wider, many).size(), 1U);
}

TEST(DramStandards, SameBankRefreshFindsItsBanksClosedAndLeavesTheOthersOpen) {
  const DramCard sb = preset("ddr5-4800", {"refresh_mode=same_bank"});
  EXPECT_TRUE(check_commands(sb, std::vector{act(0, 3, 2), refsb(200, 1)}).empty());
  EXPECT_FALSE(check_commands(sb, std::vector{act(0, 3, 1), refsb(200, 1)}).empty());
}

TEST(DramStandards, TheEngineObeysEachNewRuleAndTheCheckerWouldNoticeIfNot) {
  expect_obeyed("ddr5-4800", {"mapping=bgrorabacoch", "timing_cycles.ccd_l_wr=0"},
                "timing_cycles.ccd_l_wr=48", "seq_wr");
  expect_obeyed(
      "ddr5-4800",
      {"mapping=bgrorabacoch", "organization.merging_writes=false", "timing_cycles.ccd_l_wr2=13"},
      "timing_cycles.ccd_l_wr2=24", "seq_2r1w");
  expect_obeyed("gddr6-14000", {}, "timing_cycles.aw32=400", "rand_rd");
  const std::vector<std::string> same{"refresh_mode=same_bank"};
  expect_obeyed("ddr5-4800", same, "timing_cycles.rfc_bank=330", "rand_rd");
  expect_obeyed("ddr5-4800", same, "timing_cycles.rrefd=80", "rand_rd");
  expect_obeyed("lpddr5x-8533", {}, "timing_cycles.rrd_l=8", "rand_wr");
}

TEST(DramStandards, SameBankRefreshIsLegalInEveryTrafficAndKeepsItsPace) {
  for (const std::string name : {"ddr5-4800", "ddr5-5600"})
    for (const std::string ranks : {"organization.ranks=1", "organization.ranks=2"})
      for (const std::string pattern : {"seq_rd", "rand_rd", "seq_2r1w", "rand_wr", "stride_rd"}) {
        const DramCard card = preset(name, {"refresh_mode=same_bank", ranks});
        Logs logs;
        const MemoryRun run = recorded(card, pattern, 6000, logs);
        for (const auto& log : logs) {
          const auto found = check_commands(card, log);
          ASSERT_TRUE(found.empty()) << name << " " << pattern << ": " << found.front();
        }
        const double due = static_cast<double>(run.cycles) / card.timing.refi_bank *
                           card.organization.units() * card.organization.ranks;
        EXPECT_NEAR(static_cast<double>(run.refreshes), due,
                    2.0 * card.organization.units() * card.organization.ranks)
            << name << " " << pattern;
      }
}

// Refreshes hardly further apart than they last: one that was late must hold up the next.
TEST(DramStandards, SameBankRefreshesNeverOverlap) {
  const DramCard card =
      preset("ddr5-4800", {"refresh_mode=same_bank", "timing_cycles.refi_bank=330"});
  for (const std::string pattern : {"rand_rd", "rand_wr", "seq_2r1w"})
    EXPECT_EQ(problems(card, card, pattern), 0U) << pattern;
}

// Four refreshes (of four banks of a group) refresh all; a bank comes again after four.
TEST(DramStandards, SameBankRefreshTakesTheBanksOfAGroupInTurn) {
  const DramCard card = preset("ddr5-4800", {"refresh_mode=same_bank", "organization.channels=1",
                                             "controller.requests_per_cycle=1"});
  Logs logs;
  recorded(card, "rand_rd", 6000, logs);
  int turn = 0;
  for (const DramCommand& c : logs[0]) {
    if (c.kind != Kind::refresh_same_bank) continue;
    EXPECT_EQ(c.bank, turn++ % 4);
  }
  EXPECT_GT(turn, 20);
}

// Of a stream in one bank group: one write every 48 (or 24) cycles and sub-channel, a read
// every 12.
TEST(DramStandards, WritesToOneBankGroupFollowTheirOwnSpacing) {
  const auto per_request = [](const std::string& pattern, const std::string& setting) {
    const DramCard card = preset("ddr5-4800", {"mapping=bgrorabacoch", "refresh=false", setting});
    const MemoryRun run = run_pattern(card, pattern, 40000, 0);
    EXPECT_EQ(run.bound_by, DramBound::ccd_l) << pattern;
    return 2 * static_cast<double>(run.cycles) / 40000;
  };
  EXPECT_NEAR(per_request("seq_wr", "organization.merging_writes=true"), 48, 0.5);
  EXPECT_NEAR(per_request("seq_wr", "organization.merging_writes=false"), 24, 0.3);
  EXPECT_NEAR(per_request("seq_rd", "organization.merging_writes=true"), 12, 0.2);
}

// Four groups in turn cannot hide 48 cycles behind four bursts of 8: 12 a write.
TEST(DramStandards, AStreamOfWritesOverFewBankGroupsIsBoundByThem) {
  const DramCard card =
      preset("ddr5-4800", {"organization.bank_groups=4", "refresh=false", "organization.channels=1",
                           "controller.requests_per_cycle=1", "mapping=rorabacobg"});
  const MemoryRun run = run_pattern(card, "seq_wr", 40000, 0);
  EXPECT_NEAR(static_cast<double>(run.cycles) / 40000, 12, 0.18);
  EXPECT_EQ(run.bound_by, DramBound::ccd_l);
}

// Random reads: 32 activates in 400 cycles are 12.5 cycles each, beyond FAW / 4 = 7.25 and RRD 8.
TEST(DramStandards, AWindowOf32ActivatesBindsRandomReads) {
  const DramCard card =
      preset("gddr6-14000", {"timing_cycles.aw32=400", "refresh=false", "organization.channels=1",
                             "controller.requests_per_cycle=1"});
  const MemoryRun run = run_pattern(card, "rand_rd", 40000, 12345);
  EXPECT_NEAR(static_cast<double>(run.cycles), 40000 * 400 / 32.0, 0.01 * 40000 * 12.5);
  EXPECT_EQ(run.bound_by, DramBound::activate);
  EXPECT_NEAR(estimate_runs(card, 32).cycles_per_request, 12.5, 1e-9);
}

// 24 Gb dies: 98304 rows. Two sub-channels of 32 banks and rows of 4 KB.
TEST(DramStandards, RowsThatAreNoPowerOfTwoGiveTheirCapacityAndNoOthers) {
  const DramCard card = preset("ddr5-4800", {"organization.rows=98304"});
  const std::int64_t capacity = std::int64_t{2} * 32 * 98304 * 4096;
  EXPECT_EQ(card.organization.bytes(), capacity);
  const AddressMapping mapping(card);
  const auto last = static_cast<std::uint64_t>(capacity);
  EXPECT_EQ(mapping.decode(last - 1).row, 98303);
  EXPECT_EQ(mapping.decode(last).row, 0);
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const std::uint64_t address = splitmix64(i) % (4 * last) & ~std::uint64_t{63};
    const DramAddress place = mapping.decode(address);
    ASSERT_LT(place.row, 98304);
    ASSERT_EQ(mapping.encode(place), address % last);
  }
  const auto source = make_source({{.address = last}, {.address = last - 64}});
  EXPECT_EQ(run_source(card, *source).wrapped, 1);
}

TEST(DramStandards, MappingsThatWouldNameMissingRowsAreRefused) {
  for (const std::string mapping :
       {"rarobacobgch", "ro3rabacobgchro14", "rorabacobgch^ro=ba", "barorabaco"})
    EXPECT_THROW(preset("ddr5-4800",
                        {"organization.rows=98304", "organization.ranks=2", "mapping=" + mapping}),
                 Error)
        << mapping;
  EXPECT_NO_THROW(preset("ddr5-4800", {"organization.rows=98304", "mapping=rorabacobgch^ba=ro"}));
  EXPECT_NO_THROW(preset("ddr5-4800", {"organization.rows=3"}));
}

}  // namespace
}  // namespace lightloom::memory
