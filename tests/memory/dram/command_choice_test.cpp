#include "memory/dram/command_choice.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "tests/memory/presets.hpp"

namespace lightloom::memory {
namespace {

/// Queues without an end, so that every request is seen at once.
class Choice : public testing::Test {
 protected:
  explicit Choice(const std::vector<std::string>& more = {}) {
    std::vector<std::string> settings{"controller.write_drain=watermarks",
                                      "controller.bank_queue=0", "controller.row_hit_cap=2",
                                      "controller.age_cap_cycles=0"};
    settings.insert(settings.end(), more.begin(), more.end());
    card = preset("ddr4-2400", settings);
    queues.emplace(card);
    timers.emplace(card);
    choice.emplace(card);
  }
  int read(int bank, std::int64_t row, int column = 0) {
    return queues->take({.row = row, .column = column, .bank = bank}, false);
  }
  /// What bank `bank` wants from cycle `k` on.
  CommandChoice::Wish wish(int bank, Cycle k) {
    choice->wish_for_all(*queues, *timers);
    choice->scan(k, *queues, *timers);
    return choice->wish(bank);
  }

  DramCard card;
  std::optional<RequestQueues> queues;
  std::optional<BankTimers> timers;
  std::optional<CommandChoice> choice;
};

TEST_F(Choice, AClosedBankWantsTheRowOfItsOldestRequest) {
  EXPECT_EQ(wish(3, 10).entry, -1);
  EXPECT_TRUE(choice->nothing());
  const int first = read(3, 7);
  read(3, 8);
  const CommandChoice::Wish wanted = wish(3, 10);
  EXPECT_EQ(wanted.kind, DramCommandKind::activate);
  EXPECT_EQ(wanted.entry, first);
  EXPECT_EQ(choice->row().wish, 3);
  EXPECT_EQ(choice->row().ready, 10);
}

TEST_F(Choice, RowHitsGoBeforeOlderRequestsAndFromTheCapOnTheBankMayClose) {
  const int older = read(0, 1);
  const int hit = read(0, 2);
  const int second = read(0, 2, 1), third = read(0, 2, 2);
  timers->activate(0, 2, 0, choice->rules());
  EXPECT_EQ(wish(0, 100).entry, hit);
  timers->read(0, 100, choice->rules());
  queues->remove(hit, 100);
  EXPECT_EQ(wish(0, 200).entry, second);
  EXPECT_EQ(choice->row().wish, -1);  // one was served
  timers->read(0, 200, choice->rules());
  queues->remove(second, 200);
  EXPECT_EQ(wish(0, 300).entry, third);  // two were served, the cap: hits go on ...
  const CommandChoice::Wish beside = choice->wish(choice->row().wish);
  EXPECT_EQ(beside.kind, DramCommandKind::precharge);  // ... until the bank can close
  EXPECT_EQ(beside.entry, older);
  EXPECT_EQ(choice->bank_of(choice->row().wish), 0);
  queues->remove(older, 300);
  EXPECT_EQ(wish(0, 400).entry, third);  // the oldest itself hits, whatever was served
  EXPECT_EQ(wish(0, 400).kind, DramCommandKind::read);
}

TEST_F(Choice, OfEqualsTheNextBankInTurnGoes) {
  for (const int bank : {1, 5, 9}) read(bank, 0);
  wish(1, 10);
  EXPECT_EQ(choice->row().wish, 1);
  choice->served(1);
  wish(1, 10);
  EXPECT_EQ(choice->row().wish, 5);
  choice->served(9);
  wish(1, 10);
  EXPECT_EQ(choice->row().wish, 1);
}

TEST_F(Choice, ARefreshThatIsDueComesBeforeNewWorkOfItsRank) {
  read(0, 1);
  const Cycle due = timers->next_refresh();
  ASSERT_TRUE(timers->start_refreshes(due));
  EXPECT_EQ(wish(0, due).entry, -1);
  EXPECT_EQ(choice->row().wish, -1);  // -1 - rank 0
  EXPECT_EQ(choice->row().ready, due);
}

class ClosedPage : public Choice {
 protected:
  ClosedPage() : Choice({"controller.page=closed"}) {}
};

TEST_F(ClosedPage, AnIdleOpenRowIsClosed) {
  timers->activate(0, 2, 0, choice->rules());
  const CommandChoice::Wish wanted = wish(0, 100);
  EXPECT_EQ(wanted.kind, DramCommandKind::precharge);
  EXPECT_EQ(wanted.entry, -1);
  EXPECT_EQ(choice->row().wish, 0);
}

}  // namespace
}  // namespace lightloom::memory
