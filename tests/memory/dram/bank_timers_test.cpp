#include "memory/dram/bank_timers.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/memory/presets.hpp"

namespace lightloom::memory {
namespace {

BankScan rules_for(const DramCard& card) {
  const DramOrganization& o = card.organization;
  const int banks = o.ranks * o.banks();
  return {{banks, o.banks_per_group, o.banks(), banks}, 1};
}

TEST(BankTimers, AnActivateOpensItsRowAndSetsWhatTheBankAllows) {
  const DramCard card = preset("ddr4-2400");
  const DramTiming& t = card.timing;
  BankTimers timers(card);
  BankScan rules = rules_for(card);
  timers.activate(5, 77, 100, rules);
  const BankTimers::Bank& bank = timers.bank(5);
  EXPECT_EQ(bank.open_row, 77);
  EXPECT_EQ(bank.read, 100 + t.rcd_read);
  EXPECT_EQ(bank.precharge, 100 + t.ras);
  EXPECT_EQ(bank.activate, 100 + t.rc);
  timers.read(5, 100 + t.rcd_read, rules);
  timers.precharge(5, 100 + t.ras, rules);
  EXPECT_EQ(timers.bank(5).open_row, -1);
  EXPECT_EQ(timers.bank(5).activate, 100 + std::max(t.rc, t.ras + t.rp));
}

TEST(BankTimers, CountsHitsPairsAndTheTimeThatRowsAreOpen) {
  const DramCard card = preset("ddr4-2400");
  BankTimers timers(card);
  BankScan rules = rules_for(card);
  timers.activate(0, 1, 100, rules);
  timers.read(0, 120, rules);
  timers.read(0, 130, rules);
  timers.write(0, 150, rules);
  timers.activate(4, 1, 160, rules);  // another bank group
  timers.read(4, 180, rules);
  timers.precharge(0, 200, rules);
  CommandCounts counts = timers.counts(250);
  EXPECT_EQ(counts.reads, 3);
  EXPECT_EQ(counts.writes, 1);
  EXPECT_EQ(counts.row_hits, 2);
  EXPECT_EQ(counts.same_group_pairs, 2);
  EXPECT_EQ(counts.bank_columns[0], 3);
  EXPECT_EQ(counts.rank_open_cycles, 150);  // bank 4 is still open
  timers.precharge(4, 220, rules);
  EXPECT_EQ(timers.counts(250).rank_open_cycles, 120);
}

TEST(BankTimers, ARefreshOfAllBanksWaitsUntilTheyAreClosedAndThenBlocksThem) {
  const DramCard card = preset("ddr4-2400");
  BankTimers timers(card);
  BankScan rules = rules_for(card);
  const Cycle due = timers.next_refresh();
  EXPECT_EQ(due, card.timing.refi);
  timers.activate(2, 1, due - 50, rules);
  EXPECT_FALSE(timers.start_refreshes(due - 1));
  EXPECT_TRUE(timers.start_refreshes(due));
  EXPECT_TRUE(timers.blocked(2));
  EXPECT_EQ(timers.offered_refresh(due).rank, -1);
  timers.precharge(2, due, rules);
  const BankTimers::RefreshOffer offer = timers.offered_refresh(due);
  EXPECT_EQ(offer.rank, 0);
  EXPECT_EQ(offer.ready, due + card.timing.rp);
  timers.refresh(0, offer.ready, rules);
  EXPECT_FALSE(timers.blocked(2));
  for (int b = 0; b < timers.banks(); ++b)
    EXPECT_GE(timers.bank(b).activate, offer.ready + card.timing.rfc) << b;
  EXPECT_EQ(timers.next_refresh(), 2 * Cycle{card.timing.refi});
}

TEST(BankTimers, RanksTakeTurnsAndBanksDoPerBank) {
  const DramCard two = preset("ddr4-2400", {"organization.ranks=2"});
  EXPECT_EQ(BankTimers(two).next_refresh(), two.timing.refi / 2);
  const DramCard card = preset("lpddr5-6400", {"refresh_mode=per_bank"});
  BankTimers timers(card);
  BankScan rules = rules_for(card);
  for (int turn = 0; turn < timers.banks_per_rank() + 1; ++turn) {
    const Cycle due = timers.next_refresh();
    ASSERT_TRUE(timers.start_refreshes(due));
    const int refreshed = timers.refreshed_bank(0);
    EXPECT_EQ(refreshed, turn % timers.banks_per_rank());
    for (int b = 0; b < timers.banks_per_rank(); ++b) EXPECT_EQ(timers.blocked(b), b == refreshed);
    timers.refresh(0, due, rules);
  }
}

}  // namespace
}  // namespace lightloom::memory
