#include "cosim/schedule/tile_schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "core/random/random.hpp"
#include "tests/oracles/as_index.hpp"
#include "tests/oracles/pipeline.hpp"

namespace lightloom::cosim {
namespace {

constexpr Stage all_stages[] = {Stage::fetch_weights, Stage::fetch_inputs, Stage::generate,
                                Stage::decompose,     Stage::program,      Stage::compute,
                                Stage::post_process,  Stage::write_back};

/// Random small case with integer times, so that sums are exact.
ScheduleInput random_case(std::uint64_t number) {
  const Stream stream({.seed = 21, .purpose = Purpose::test});
  std::uint64_t draw = 0;
  const auto below = [&](std::uint64_t bound) {
    return static_cast<int>(stream.below(bound, number, draw++));
  };
  ScheduleInput input;
  input.generates = below(2) == 1;
  input.decomposes = below(2) == 1;
  input.post_processes = below(2) == 1;
  input.places = {1 + below(3), 1 + below(3), 1 + below(2), 1 + below(3), 1 + below(3)};
  input.tiles.resize(as_index(1 + below(30)));
  for (StageTimes& tile : input.tiles)
    for (const Stage stage : all_stages)
      if (below(4) > 0) tile[stage] = below(20);
  for (StageTimes& tile : input.tiles) {
    if (!input.generates) tile[Stage::generate] = 0;
    if (!input.decomposes) tile[Stage::decompose] = 0;
    if (!input.post_processes) tile[Stage::post_process] = 0;
  }
  if (below(2) == 1) {
    input.input_after.assign(input.tiles.size(), -1);
    for (std::size_t k = 4; k < input.tiles.size(); k += 4)
      input.input_after[k] = static_cast<std::int64_t>(k) - 1;
  }
  input.cores = 1 << below(3);
  if (below(2) == 1)
    for (std::size_t k = 0; k < input.tiles.size(); ++k)
      input.streams.push_back(below(2) * below(20));
  if (below(2) == 1)
    for (std::size_t k = 0; k < input.tiles.size(); ++k)
      input.layer_starts.push_back(static_cast<std::int64_t>(k / 7 * 7));
  return input;
}

TEST(Schedule, WithoutActivationTrafficItIsTheMaxPlusPipeline) {
  for (std::uint64_t n = 0; n < 2000; ++n) {
    ScheduleInput input = random_case(n);
    input.input_after.clear();
    input.streams.clear();
    input.cores = 1;
    PipelineInput pipeline;
    std::vector<Stage> stages{Stage::fetch_weights};
    if (input.generates) stages.push_back(Stage::generate);
    if (input.decomposes) stages.push_back(Stage::decompose);
    stages.insert(stages.end(), {Stage::program, Stage::compute});
    if (input.post_processes) stages.push_back(Stage::post_process);
    input.layer_starts.clear();  // else the digital unit empties between layers
    pipeline.stages = static_cast<int>(stages.size());
    pipeline.slots.assign(stages.size() - 1, input.places.tiles);
    pipeline.slots.front() = input.places.weights;
    if (input.post_processes) pipeline.slots.back() = input.places.outputs;
    pipeline.slots[stages.size() - (input.post_processes ? 3 : 2)] = input.places.settings;
    for (StageTimes& tile : input.tiles) {
      tile[Stage::fetch_inputs] = tile[Stage::write_back] = 0;
      for (const Stage stage : stages) pipeline.times.push_back(tile[stage]);
    }
    ASSERT_EQ(run_schedule(input).total, run_pipeline(pipeline).total) << n;
  }
}

TEST(Schedule, EveryStagesBusyAndWaitingTimesAddUpToTheTotal) {
  for (std::uint64_t n = 0; n < 2000; ++n) {
    const ScheduleInput input = random_case(n);
    const ScheduleResult result = run_schedule(input);
    double critical = result.turning;
    for (const StageTimes& tile : result.critical)
      critical += std::accumulate(tile.begin(), tile.end(), 0.0);
    ASSERT_EQ(critical, result.total);
    for (const Stage stage : all_stages) {
      if ((stage == Stage::generate && !input.generates) ||
          (stage == Stage::decompose && !input.decomposes) ||
          (stage == Stage::post_process && !input.post_processes))
        continue;
      ASSERT_EQ(result.stages[stage].sum(), result.total) << n << stage_name(stage);
    }
  }
}

TEST(Schedule, TheDramDoesOneJobAtATimeAndTheTotalIsBoundedByEveryUnit) {
  for (std::uint64_t n = 0; n < 2000; ++n) {
    const ScheduleInput input = random_case(n);
    const ScheduleResult result = run_schedule(input);
    double dram = 0, everything = std::accumulate(input.streams.begin(), input.streams.end(), 0.0);
    std::vector<std::pair<double, double>> jobs;
    for (std::size_t k = 0; k < input.tiles.size(); ++k)
      for (const Stage stage : all_stages) {
        const double t = input.tiles[k][stage];
        everything += t;
        if (stage != Stage::fetch_weights && stage != Stage::fetch_inputs &&
            stage != Stage::write_back)
          continue;
        dram += t;
        if (t > 0) jobs.emplace_back(result.ends[k][stage] - t, result.ends[k][stage]);
      }
    std::sort(jobs.begin(), jobs.end());
    for (std::size_t i = 1; i < jobs.size(); ++i) ASSERT_GE(jobs[i].first, jobs[i - 1].second);
    ASSERT_GE(result.total, dram);
    for (const StageUse& use : result.stages) ASSERT_GE(result.total, use.busy);
    ASSERT_LE(result.total, everything);
  }
}

TEST(Schedule, NoJobStartsBeforeItsDataPlaceOrProducer) {
  for (std::uint64_t n = 0; n < 1000; ++n) {
    const ScheduleInput input = random_case(n);
    const ScheduleResult r = run_schedule(input);
    for (std::size_t k = 0; k < input.tiles.size(); ++k) {
      const auto start = [&](Stage s) { return r.ends[k][s] - input.tiles[k][s]; };
      ASSERT_GE(start(Stage::compute), r.ends[k][Stage::program]);
      ASSERT_GE(start(Stage::compute), r.ends[k][Stage::fetch_inputs]);
      ASSERT_GE(start(Stage::write_back), r.ends[k][Stage::compute]);
      ASSERT_GE(start(Stage::program), r.ends[k][Stage::fetch_weights]);
      const auto free_of = [&](int places) { return static_cast<std::int64_t>(k) - places; };
      const std::int64_t settings = free_of(input.places.settings * input.cores);
      if (settings >= 0) {
        ASSERT_GE(start(Stage::program), r.ends[as_index(settings)][Stage::compute]);
      }
      if (free_of(input.places.inputs) >= 0) {
        ASSERT_GE(start(Stage::fetch_inputs),
                  r.ends[as_index(free_of(input.places.inputs))][Stage::compute]);
      }
      if (free_of(input.cores) >= 0) {
        ASSERT_GE(start(Stage::compute), r.ends[as_index(free_of(input.cores))][Stage::compute]);
        ASSERT_GE(start(Stage::program), r.ends[as_index(free_of(input.cores))][Stage::program]);
      }
      if (!input.layer_starts.empty()) {
        for (std::int64_t other = 0; other < input.layer_starts[k]; ++other)
          for (const Stage stage : {Stage::compute, Stage::post_process})
            ASSERT_GE(start(Stage::compute), r.ends[as_index(other)][stage]);
      }
      const Stage results = input.post_processes ? Stage::post_process : Stage::write_back;
      if (free_of(input.places.outputs) >= 0) {
        const TileEnds& ends = r.ends[as_index(free_of(input.places.outputs))];
        ASSERT_GE(start(Stage::compute), ends[results]);
        ASSERT_GE(start(results), ends[Stage::write_back]);
      }
      ASSERT_GE(start(results), r.ends[k][Stage::compute]);
      ASSERT_GE(start(Stage::write_back), r.ends[k][results] * (input.post_processes ? 1 : 0));
      if (!input.input_after.empty() && input.input_after[k] >= 0) {
        ASSERT_GE(start(Stage::fetch_inputs),
                  r.ends[as_index(input.input_after[k])][Stage::write_back]);
      }
    }
  }
}

TEST(Schedule, EqualTilesTakeTurnsOnTheCores) {
  for (int cores = 1; cores <= 5; ++cores)
    for (int tiles = 1; tiles <= 12; ++tiles) {
      StageTimes tile{};
      tile[Stage::program] = 3;
      tile[Stage::compute] = 7;
      const int rounds = (tiles + cores - 1) / cores;
      ScheduleInput input{.tiles = std::vector<StageTimes>(as_index(tiles), tile),
                          .places = {12, 12, 1, 12, 12},
                          .cores = cores};
      EXPECT_EQ(run_schedule(input).total, rounds * 10) << cores << " cores, " << tiles;
      input.places.settings = 2;  // programming hides behind computing
      EXPECT_EQ(run_schedule(input).total, 3 + rounds * 7) << cores << " cores, " << tiles;
    }
}

// Reads from 0 to 14, writes from 21 to 26, reads from 33 on: both waits are the turn's.
TEST(Schedule, WaitsForAChangeOfDirectionAreTheirOwn) {
  ScheduleInput input;
  StageTimes tile{};
  tile[Stage::fetch_weights] = 14;
  tile[Stage::write_back] = 5;
  input.tiles = {tile, tile};
  input.places.weights = 1;
  input.input_after = {-1, 0};
  input.tiles[1][Stage::fetch_weights] = 0;
  input.tiles[1][Stage::fetch_inputs] = 3;
  input.direction_change_ns = 7;
  const ScheduleResult r = run_schedule(input);
  EXPECT_EQ(r.total, 14 + 7 + 5 + 7 + 3 + 7 + 5);
  EXPECT_EQ(r.turning, 3 * 7);
  EXPECT_EQ(r.turns.size(), 3u);
  EXPECT_EQ(r.stages[Stage::fetch_inputs].wait_turn, 7);
  EXPECT_EQ(r.stages[Stage::write_back].wait_turn, 7);  // the first one is before its first tile
  EXPECT_EQ(r.stages[Stage::fetch_inputs].wait_shared, 0);
}

TEST(Schedule, ContentionDelaysWeightsBehindActivations) {
  ScheduleInput input;
  for (int k = 0; k < 50; ++k) {
    StageTimes tile{};
    tile[Stage::fetch_weights] = 10;
    tile[Stage::program] = 1;
    tile[Stage::compute] = 5;
    input.tiles.push_back(tile);
  }
  EXPECT_EQ(run_schedule(input).total, 50 * 10 + 1 + 5);
  for (StageTimes& tile : input.tiles) tile[Stage::fetch_inputs] = 4;
  const ScheduleResult shared = run_schedule(input);
  EXPECT_GE(shared.total, 50 * 14);
  EXPECT_GT(shared.stages[Stage::fetch_weights].wait_shared, 150);
  for (StageTimes& tile : input.tiles) tile[Stage::write_back] = 2;
  input.direction_change_ns = 1;
  EXPECT_GE(run_schedule(input).total, 50 * 16 + 40);
}

}  // namespace
}  // namespace lightloom::cosim
