#include "memory/dram/request_queues.hpp"

#include <gtest/gtest.h>

#include "tests/memory/presets.hpp"

namespace lightloom::memory {
namespace {

using Of = RequestQueues::Of;

RequestQueues::Entry at(int bank, std::int64_t row, int column, Cycle known = 0) {
  return {.row = row, .known = known, .column = column, .bank = bank};
}

TEST(RequestQueues, AWaitingWriteAnswersReadsOfItsBurstAlone) {
  RequestQueues queues(preset("ddr4-2400"));
  EXPECT_FALSE(queues.write_answers(at(3, 7, 5)));
  queues.take(at(3, 7, 5), true);
  EXPECT_TRUE(queues.write_answers(at(3, 7, 5)));
  EXPECT_FALSE(queues.write_answers(at(3, 7, 6)));
  EXPECT_FALSE(queues.write_answers(at(3, 8, 5)));
  EXPECT_FALSE(queues.write_answers(at(2, 7, 5)));
}

TEST(RequestQueues, AWriteNeverPassesAnOlderReadOfItsBurst) {
  RequestQueues queues(
      preset("ddr4-2400", {"controller.write_drain=watermarks", "controller.bank_queue=0",
                           "controller.write_queue=1"}));
  const int read = queues.take(at(0, 7, 5), false);
  const int write = queues.take(at(0, 7, 5), true);
  EXPECT_FALSE(queues.has_room(true));
  ASSERT_TRUE(queues.choose_mode(0));  // the queue of one write is full
  ASSERT_TRUE(queues.writing());
  EXPECT_EQ(queues.oldest_allowed(0), -1);
  queues.read_first(0);
  EXPECT_EQ(queues.oldest_allowed(0), read);
  queues.remove(read, 10);
  EXPECT_TRUE(queues.choose_mode(10));
  EXPECT_EQ(queues.oldest_allowed(0), write);
  queues.remove(write, 20);
  EXPECT_TRUE(queues.has_room(true));
  EXPECT_TRUE(queues.idle());
}

TEST(RequestQueues, WritesAreDrainedFromTheHighToTheLowWatermark) {
  RequestQueues queues(preset(
      "ddr4-2400", {"controller.write_drain=watermarks", "controller.bank_queue=0",
                    "controller.drain_high=0.8", "controller.drain_low=0.2"}));  // of 32 writes
  queues.take(at(1, 0, 0), false);
  std::vector<int> writes;
  for (int i = 0; i < 26; ++i) {
    EXPECT_FALSE(queues.choose_mode(0)) << i;
    writes.push_back(queues.take(at(0, 0, i), true));
  }
  EXPECT_TRUE(queues.choose_mode(0));  // 26 = ceil(0.8 * 32)
  for (int left = 25; left > 6; --left) {
    queues.remove(writes[static_cast<std::size_t>(left)], 1);
    EXPECT_FALSE(queues.choose_mode(1)) << left;
  }
  queues.remove(writes[6], 1);
  EXPECT_TRUE(queues.choose_mode(1));  // 6 = floor(0.2 * 32) are left
  EXPECT_FALSE(queues.writing());
}

TEST(RequestQueues, RequestsMoveOnOneACycleWhileTheirBanksQueueHasAPlace) {
  RequestQueues queues(preset("ddr4-2400", {"controller.bank_queue=2"}));
  ASSERT_TRUE(queues.staged());
  for (int i = 0; i < 3; ++i) {
    queues.take(at(4, i, 0, 2), false);
    queues.look_for_move(4, 1);
  }
  EXPECT_EQ(queues.oldest_allowed(4), -1);  // none has moved yet
  EXPECT_EQ(queues.next_move(), 1);
  EXPECT_EQ(queues.move_one(1), 4);
  EXPECT_EQ(queues.next_move(), 2);
  EXPECT_EQ(queues.move_one(2), 4);
  EXPECT_GE(queues.next_move(), never);  // the bank's queue is full
  const int first = queues.oldest_allowed(4);
  EXPECT_EQ(queues.entry(first).row, 0);
  EXPECT_EQ(queues.entry(queues.oldest_hit(first, 1, Of::reads)).row, 1);
  EXPECT_EQ(queues.oldest_hit(first, 2, Of::any), -1);  // waits outside
  EXPECT_EQ(queues.oldest_hit(first, 1, Of::writes), -1);
  queues.remove(first, 5);
  EXPECT_EQ(queues.next_move(), 5);
  EXPECT_EQ(queues.move_one(5), 4);
}

}  // namespace
}  // namespace lightloom::memory
