#include "experiments/ranks/work_queue.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace lightloom::experiments {
namespace {

using namespace std::chrono_literals;
using Items = std::vector<std::size_t>;

Items first(std::size_t count) {
  Items items(count);
  std::iota(items.begin(), items.end(), 0);
  return items;
}

TEST(WorkQueue, GivesWhatALostProcessHadInHandToOthers) {
  WorkQueue queue(first(5), 1);
  const WorkQueue::Clock::time_point now{};
  EXPECT_EQ(queue.take(0, 2, now), Items{0});
  EXPECT_EQ(queue.take(1, 2, now), Items{1});
  EXPECT_TRUE(queue.answer(0));
  queue.finish(0, now);
  queue.lose(1);
  EXPECT_EQ(queue.hands(1), 0u);
  EXPECT_EQ(queue.take(0, 2, now), Items{1});
  EXPECT_TRUE(queue.answer(1));
  EXPECT_FALSE(queue.answer(1)) << "the lost one speaks after all";
  queue.finish(0, now);
  for (const std::size_t left : {2u, 3u, 4u}) {
    EXPECT_EQ(queue.take(0, 2, now), Items{left});
    EXPECT_FALSE(queue.complete());
    queue.answer(left);
    queue.finish(0, now);
  }
  EXPECT_TRUE(queue.complete());
  EXPECT_EQ(queue.take(0, 2, now), Items{});
}

TEST(WorkQueue, HandsOutAQuarterOfASecondAndNeverMoreThanAShareOfTheRest) {
  WorkQueue queue(first(1000), 200);
  WorkQueue::Clock::time_point now{};
  const auto do_hand = [&](int process, std::chrono::milliseconds each) {
    const Items items = queue.take(process, 2, now);
    now += each * static_cast<int>(items.size());
    for (const std::size_t item : items) queue.answer(item);
    queue.finish(process, now);
    return items.size();
  };
  EXPECT_EQ(do_hand(0, 10ms), 1u);  // nothing is known yet
  EXPECT_EQ(do_hand(0, 1ms), 25u);  // of 10 ms each
  EXPECT_EQ(do_hand(0, 1ms), 200u) << "at most so many at once";
  EXPECT_EQ(do_hand(0, 1ms), 193u) << "half of this process's share of 774";
  EXPECT_EQ(do_hand(1, 10s), 1u);
  EXPECT_EQ(do_hand(1, 10s), 1u);
  std::size_t hands = 0;
  while (!queue.complete()) {
    EXPECT_GE(do_hand(0, 1ms), 1u);
    ++hands;
  }
  EXPECT_GT(hands, 4u);
}

/// Items 0 to 99 for two processes; the second has done one in so long.
WorkQueue with_pace(std::chrono::milliseconds each, WorkQueue::Clock::time_point& now) {
  WorkQueue queue(first(100), 4);
  EXPECT_EQ(queue.take(1, 2, now), Items{0});
  EXPECT_EQ(queue.take(1, 2, now), Items{}) << "nobody knows how long one takes";
  now += each;
  queue.answer(0);
  queue.finish(1, now);
  return queue;
}

TEST(WorkQueue, HandsOutAheadWhatTakesLittle) {
  WorkQueue::Clock::time_point now{};
  WorkQueue queue = with_pace(250ms, now);
  EXPECT_EQ(queue.take(1, 2, now), Items{1});
  EXPECT_EQ(queue.take(1, 2, now), Items{2});
  EXPECT_EQ(queue.take(1, 2, now), Items{}) << "one hand ahead is enough";
  EXPECT_EQ(queue.hands(1), 2u);
  now += 50ms;
  queue.answer(1);
  queue.finish(1, now);
  now += 100ms;
  EXPECT_EQ(queue.take(1, 2, now), (Items{3, 4, 5, 6})) << "of 50 ms each";
  queue.answer(2);
  queue.finish(1, now);  // 100 ms after it was begun, 150 ms after it was handed out
  EXPECT_EQ(queue.take(1, 2, now), (Items{7, 8}));

  WorkQueue slow = with_pace(251ms, now);
  EXPECT_EQ(slow.take(1, 2, now), Items{1});
  EXPECT_EQ(slow.take(1, 2, now), Items{}) << "the other may be free for it before";
}

TEST(WorkQueue, HandsOutNoneOfTheLastAhead) {
  WorkQueue::Clock::time_point now{};
  WorkQueue queue = with_pace(1ms, now);
  std::size_t left = 99;
  for (; left >= 4; now += 1ms) {
    const Items items = queue.take(1, 2, now);
    for (const std::size_t item : items) queue.answer(item);
    queue.finish(1, now);
    left -= items.size();
  }
  EXPECT_EQ(queue.take(1, 2, now).size(), 1u);
  EXPECT_EQ(queue.take(1, 2, now), Items{});
  EXPECT_EQ(queue.take(0, 2, now).size(), 1u);
}

TEST(WorkQueue, GivesBothHandsOfALostProcessToOthersInTheirOrder) {
  WorkQueue::Clock::time_point now{};
  WorkQueue queue = with_pace(100ms, now);
  EXPECT_EQ(queue.take(1, 2, now), (Items{1, 2}));
  EXPECT_EQ(queue.take(1, 2, now), (Items{3, 4}));
  EXPECT_TRUE(queue.answer(1));
  queue.lose(1);
  EXPECT_EQ(queue.hands(1), 0u);
  for (const std::size_t item : {2u, 3u, 4u, 5u}) {
    EXPECT_EQ(queue.take(0, 2, now).front(), item);
    queue.lose(0);
    EXPECT_TRUE(queue.answer(item));
  }
}

TEST(WorkQueue, WantsNothingBehindAnItemThatIsWrong) {
  WorkQueue queue(first(6), 1);
  const WorkQueue::Clock::time_point now{};
  queue.take(0, 3, now);
  queue.take(1, 3, now);
  queue.take(2, 3, now);
  queue.drop_after(1);
  queue.answer(1);
  EXPECT_FALSE(queue.complete());  // the first is still out
  EXPECT_EQ(queue.take(3, 3, now), Items{});
  queue.answer(0);
  EXPECT_TRUE(queue.complete());
}

}  // namespace
}  // namespace lightloom::experiments
