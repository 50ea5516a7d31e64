#include "cosim/schedule/dram_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "core/random/random.hpp"
#include "cosim/schedule/accounts.hpp"
#include "cosim/schedule/order_search.hpp"
#include "cosim/schedule/order_times.hpp"
#include "tests/cosim/schedule/random_schedule.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::cosim {
namespace {

ScheduleInput any_network(std::uint64_t number) { return random_schedule({.seed = 22}, number); }

TEST(DramOrder, ServesEveryTransferOnceAndTheTimelineEndsWhicheverOrderIsTaken) {
  for (std::uint64_t n = 0; n < 1000; ++n) {
    const ScheduleInput input = any_network(n);
    std::size_t transfers = 0;
    for (const StageTimes& tile : input.tiles)
      for (const Stage stage : {Stage::fetch_weights, Stage::fetch_inputs, Stage::write_back})
        transfers += tile[stage] > 0 ? 1U : 0U;
    OrderTimes times(input);
    for (const DramOrder order : possible_orders(input)) {
      const std::vector<DramTask> tasks = dram_tasks(input, order);
      ASSERT_EQ(tasks.size(), transfers);
      const ScheduleResult result = run_in_order(input, tasks);
      ASSERT_EQ(result.total, times.in_order(tasks));
      double before = 0;
      for (const DramTask& task : tasks) {
        const double end = result.ends[as_index(task.tile)][task.stage];
        ASSERT_GE(end - input.tiles[as_index(task.tile)][task.stage], before);
        before = end;
      }
      ASSERT_LE(run_schedule(input).total, result.total);
    }
  }
}

/// What lets a task go: the tile whose computation does, and its turn among those that it lets go.
std::pair<std::int64_t, int> place_of_task(const ScheduleInput& input, DramOrder order,
                                           DramTask task) {
  const auto ahead = [&](int tiles) { return std::max<std::int64_t>(-1, task.tile - tiles); };
  if (task.stage == Stage::write_back) return {task.tile, 1};
  if (task.stage == Stage::fetch_weights) return {ahead(order.weights_ahead), 3};
  const std::int64_t after = *std::max_element(input.input_after.begin(),
                                               input.input_after.begin() + task.tile + 1),
                     before = ahead(order.inputs_ahead);
  return after >= std::max<std::int64_t>(0, before) ? std::pair{after, 2} : std::pair{before, 0};
}

TEST(DramOrder, IsThatOfWhatLetsTheTasksGo) {
  for (std::uint64_t n = 0; n < 300; ++n) {
    const ScheduleInput input = any_network(n);
    for (const DramOrder order : possible_orders(input)) {
      std::vector<DramTask> sorted;
      for (const Stage stage : {Stage::fetch_inputs, Stage::write_back, Stage::fetch_weights})
        for (std::size_t k = 0; k < input.tiles.size(); ++k)
          if (input.tiles[k][stage] > 0) sorted.push_back({stage, static_cast<std::int32_t>(k)});
      std::stable_sort(sorted.begin(), sorted.end(), [&](const DramTask& a, const DramTask& b) {
        return place_of_task(input, order, a) < place_of_task(input, order, b);
      });
      ASSERT_EQ(dram_tasks(input, order), sorted) << n;
    }
  }
}

// Inputs and weights of tile 0 are there at 14, it computes from 15 to 45; the weights of tile 1
// come meanwhile, its inputs once their one place is free, and then the results of tile 0 go out.
TEST(DramOrder, ReadsRunAheadAndResultsGoOutWhenTheyAreThere) {
  ScheduleInput input{.tiles = std::vector<StageTimes>(2), .places = {1, 1, 1, 1, 1}};
  for (StageTimes& tile : input.tiles) {
    tile[Stage::fetch_weights] = 10;
    tile[Stage::fetch_inputs] = 4;
    tile[Stage::program] = 1;
    tile[Stage::compute] = 30;
    tile[Stage::write_back] = 5;
  }
  const std::vector<DramTask> expected{{Stage::fetch_inputs, 0},  {Stage::fetch_weights, 0},
                                       {Stage::fetch_weights, 1}, {Stage::fetch_inputs, 1},
                                       {Stage::write_back, 0},    {Stage::write_back, 1}};
  EXPECT_EQ(dram_tasks(input, {.weights_ahead = 2, .inputs_ahead = 1}), expected);
  const ScheduleResult r = run_schedule(input);
  EXPECT_EQ(r.ends[0][Stage::fetch_weights], 14);
  EXPECT_EQ(r.ends[0][Stage::compute], 45);
  EXPECT_EQ(r.ends[1][Stage::fetch_weights], 25);  // its place is free when tile 0 is programmed
  EXPECT_EQ(r.ends[1][Stage::fetch_inputs], 49);
  EXPECT_EQ(r.ends[0][Stage::write_back], 54);
  EXPECT_EQ(r.total, 54 + 30 + 5);  // and so are the results' one place
}

/// `any_network` with times that are rounded when they are added.
ScheduleInput odd_network(std::uint64_t number) {
  ScheduleInput input = any_network(number);
  double k = 1;
  for (StageTimes& tile : input.tiles)
    for (const Stage stage : all_of_enum<Stage>())
      if (tile[stage] > 0) tile[stage] += 1 / (k += 2);
  return input;
}

TEST(DramOrder, ADramThatServesAllAtOnceIsNoSlowerToTheBit) {
  for (std::uint64_t n = 0; n < 1000; ++n) {
    const ScheduleInput input = odd_network(n);
    OrderTimes times(input);
    for (const DramOrder order : possible_orders(input)) {
      const std::vector<DramTask> tasks = dram_tasks(input, order);
      const double at_once = times.at_once(tasks);
      ASSERT_LE(at_once, times.in_order(tasks)) << n;
      ASSERT_EQ(at_once, times.at_once(dram_tasks(input, possible_orders(input).front()))) << n;
    }
  }
}

// What was tried between is not taken for the schedule of the order that was found, nor is that of
// an order with the same tasks for another's.
TEST(DramOrder, TheSearchHasTheScheduleOfTheOrderThatIsAskedFor) {
  for (std::uint64_t n = 0; n < 1000; ++n) {
    const ScheduleInput input = n % 2 == 0 ? any_network(n) : odd_network(n);
    OrderSearch search(input);
    const DramOrder best = search.best().order, first = possible_orders(input).front();
    for (const DramOrder order : {best, first, best}) {
      const ScheduleResult expected = run_in_order(input, dram_tasks(input, order)),
                           found = search.run(order);
      ASSERT_EQ(found.total, expected.total) << n;
      ASSERT_EQ(found.turning, expected.turning) << n;
      for (std::size_t k = 0; k < input.tiles.size(); ++k)
        for (const Stage stage : all_of_enum<Stage>())
          ASSERT_EQ(found.ends[k][stage], expected.ends[k][stage]) << n << " " << k;
    }
  }
}

// Orders are given up as soon as they must end later than another, and none is tried where none can
// be better: the answer is that of trying all from the first to the last.
TEST(DramOrder, TheSearchTakesTheFirstOfTheBestOrders) {
  int ties = 0;
  for (std::uint64_t n = 0; n < 2000; ++n) {
    const ScheduleInput input = n % 2 == 0 ? any_network(n) : odd_network(n);
    const std::vector<DramOrder> orders = possible_orders(input);
    BestOrder best{orders.front()};
    for (const DramOrder order : orders) {
      const double time = OrderTimes(input).in_order(dram_tasks(input, order));
      if (time == best.time) ++ties;
      if (time < best.time) best = {order, time};
    }
    const BestOrder found = OrderSearch(input).best();
    ASSERT_EQ(found.time, best.time) << n;
    ASSERT_EQ(found.order, best.order) << n;
    ASSERT_EQ(OrderSearch(input).best(best.time).order, best.order) << n;
    ASSERT_GT(OrderSearch(input).best(0.99 * best.time).time, 0.99 * best.time) << n;
  }
  EXPECT_GT(ties, 100);  // there are some
}

TEST(DramOrder, MorePlacesAllowEveryOrderThatFewerDo) {
  for (std::uint64_t n = 0; n < 300; ++n) {
    const ScheduleInput input = any_network(n);
    for (int BufferPlaces::*place :
         {&BufferPlaces::weights, &BufferPlaces::tiles, &BufferPlaces::settings,
          &BufferPlaces::inputs, &BufferPlaces::outputs}) {
      ScheduleInput roomier = input;
      ++(roomier.places.*place);
      const std::vector<DramOrder> fewer = possible_orders(input), more = possible_orders(roomier);
      for (const DramOrder& order : fewer)
        ASSERT_NE(std::find(more.begin(), more.end(), order), more.end());
    }
  }
}

// Whole times, so that nothing is rounded: not a unit longer.
TEST(DramOrder, NoShorterTimeAndNoFurtherPlaceMakesAScheduleLonger) {
  const Stream stream({.seed = 23, .purpose = Purpose::test});
  for (std::uint64_t n = 0; n < 1000; ++n) {
    const ScheduleInput input = any_network(n);
    const double total = run_schedule(input).total;
    for (int BufferPlaces::*place :
         {&BufferPlaces::weights, &BufferPlaces::tiles, &BufferPlaces::settings,
          &BufferPlaces::inputs, &BufferPlaces::outputs}) {
      ScheduleInput roomier = input;
      ++(roomier.places.*place);
      ASSERT_LE(run_schedule(roomier).total, total) << n;
    }
    for (std::uint64_t draw = 0; draw < 8; ++draw) {
      ScheduleInput quicker = input;
      StageTimes& tile = quicker.tiles[stream.below(input.tiles.size(), n, 2 * draw)];
      const auto stage = static_cast<Stage>(stream.below(StageTimes::size(), n, 2 * draw + 1));
      tile[stage] = std::max(tile[stage] > 0 ? 1.0 : 0.0, tile[stage] - 5);
      ASSERT_LE(run_schedule(quicker).total, total) << n;
    }
    ScheduleInput wider = input;
    for (double& ns : wider.streams) ns /= 2;
    ASSERT_LE(run_schedule(wider).total, total) << n;
  }
}

// Two cores compute 7 each and stream 5 each from one buffer: both have what they need at 10, where
// fixed halves of it would have kept both busy until 10 as well, and one core alone until 14.
TEST(DramOrder, CoresStreamFromOneBufferTileAfterTile) {
  StageTimes tile{};
  tile[Stage::compute] = 7;
  ScheduleInput input{.tiles = {tile, tile}, .streams = {5, 5}, .places = {4, 4, 1, 4, 4}};
  EXPECT_EQ(run_schedule(input).total, 14);
  input.cores = 2;
  const ScheduleResult both = run_schedule(input);
  EXPECT_EQ(both.ends[0][Stage::compute], 7);
  EXPECT_EQ(both.ends[1][Stage::compute], 10);
  EXPECT_FALSE(both.streamed[0]);
  EXPECT_TRUE(both.streamed[1]);
  EXPECT_EQ(both.stages[Stage::compute].wait_shared, 0);
  EXPECT_EQ(both.stages[Stage::compute].before_first, 2.5);  // of the second core, 5
  input.tiles.pop_back();
  input.streams.pop_back();
  EXPECT_EQ(run_schedule(input).total, 7);  // the idle core takes nothing
}

}  // namespace
}  // namespace lightloom::cosim
