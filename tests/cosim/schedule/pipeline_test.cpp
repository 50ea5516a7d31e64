#include "tests/oracles/pipeline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

#include "core/random/random.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::cosim {
namespace {

PipelineInput constant(const std::vector<double>& t, int tiles, int slots) {
  PipelineInput input{.stages = static_cast<int>(t.size()),
                      .slots = std::vector<int>(t.size() - 1, slots)};
  for (int k = 0; k < tiles; ++k) input.times.insert(input.times.end(), t.begin(), t.end());
  return input;
}

/// Random small case: integer times, so that sums are exact.
PipelineInput random_pipeline(std::uint64_t number, bool constant_times) {
  const Stream stream({.seed = 7, .purpose = Purpose::test});
  std::uint64_t draw = 0;
  const auto below = [&](std::uint64_t bound) {
    return static_cast<int>(stream.below(bound, number, draw++));
  };
  PipelineInput input{.stages = 1 + below(7)};
  const int tiles = 1 + below(40);
  for (int s = 0; s + 1 < input.stages; ++s) input.slots.push_back(1 + below(4));
  std::vector<double> row(as_index(input.stages));
  for (int k = 0; k < tiles; ++k) {
    if (k == 0 || !constant_times)
      for (double& t : row) t = below(20);
    input.times.insert(input.times.end(), row.begin(), row.end());
  }
  return input;
}

std::vector<double> first_row(const PipelineInput& input) {
  return {input.times.begin(), input.times.begin() + input.stages};
}

TEST(Pipeline, MatchesTheNumbersOfTheReference) {
  const std::vector<double> t{7, 2, 3, 5, 4};
  const std::vector<std::pair<int, std::pair<double, double>>> golden{
      {1, {21, 21}}, {2, {30, 28}}, {3, {39, 35}}, {10, {102, 84}}, {100, {912, 714}}};
  for (const auto& [tiles, totals] : golden) {
    EXPECT_EQ(run_pipeline(constant(t, tiles, 1)).total, totals.first);
    EXPECT_EQ(run_pipeline(constant(t, tiles, 2)).total, totals.second);
  }
}

TEST(Pipeline, ClosedFormsHoldForConstantTimesOnFiveThousandCases) {
  for (std::uint64_t n = 0; n < 5000; ++n) {
    PipelineInput input = random_pipeline(n, true);
    const std::vector<double> t = first_row(input);
    const std::size_t rows = input.times.size() / t.size();
    const auto tiles = static_cast<double>(rows);
    const double sum = std::accumulate(t.begin(), t.end(), 0.0);
    std::fill(input.slots.begin(), input.slots.end(), 2);
    ASSERT_EQ(run_pipeline(input).total, sum + (tiles - 1) * *std::max_element(t.begin(), t.end()));
    std::fill(input.slots.begin(), input.slots.end(), 1);
    double pair = t[0];
    for (std::size_t s = 0; s + 1 < t.size(); ++s) pair = std::max(pair, t[s] + t[s + 1]);
    ASSERT_EQ(run_pipeline(input).total, sum + (tiles - 1) * pair);
  }
}

TEST(Pipeline, EveryStagesBusyAndWaitingTimesAddUpToTheTotal) {
  for (std::uint64_t n = 0; n < 2000; ++n) {
    PipelineInput input = random_pipeline(n, false);
    const auto tiles = static_cast<std::int64_t>(input.times.size()) / input.stages;
    if (n % 2 == 1) {
      input.waits_for.assign(as_index(tiles), -1);
      for (std::int64_t k = 5; k < tiles; k += 5) input.waits_for[as_index(k)] = k - 1;
      input.join_stage = input.stages / 2;
    }
    const PipelineResult result = run_pipeline(input);
    for (const StageUse& use : result.stages) ASSERT_EQ(use.sum(), result.total);
    ASSERT_EQ(std::accumulate(result.critical.begin(), result.critical.end(), 0.0), result.total);
  }
}

TEST(Pipeline, LiesBetweenItsBusiestStageAndNoOverlapAtAll) {
  for (std::uint64_t n = 0; n < 2000; ++n) {
    const PipelineInput input = random_pipeline(n, false);
    const PipelineResult result = run_pipeline(input);
    for (const StageUse& use : result.stages) ASSERT_GE(result.total, use.busy);
    ASSERT_LE(result.total, std::accumulate(input.times.begin(), input.times.end(), 0.0));
  }
}

TEST(Pipeline, IsMonotoneInEveryTimeAndInEverySlot) {
  const Stream stream({.seed = 8, .purpose = Purpose::test});
  for (std::uint64_t n = 0; n < 1000; ++n) {
    const PipelineInput input = random_pipeline(n, false);
    const double total = run_pipeline(input).total;
    PipelineInput slower = input;
    slower.times[stream.below(slower.times.size(), n)] += 3;
    ASSERT_GE(run_pipeline(slower).total, total);
    if (input.slots.empty()) continue;
    PipelineInput roomier = input;
    roomier.slots[stream.below(roomier.slots.size(), n, 1)] += 1;
    ASSERT_LE(run_pipeline(roomier).total, total);
  }
}

TEST(Pipeline, ManySlotsEqualUnboundedQueues) {
  for (std::uint64_t n = 0; n < 500; ++n) {
    PipelineInput input = random_pipeline(n, false);
    const auto tiles = static_cast<int>(input.times.size()) / input.stages;
    std::fill(input.slots.begin(), input.slots.end(), tiles);
    std::vector<double> ends(as_index(input.stages), 0.0);  // tandem queue, the plain recurrence
    for (int k = 0; k < tiles; ++k)
      for (int s = 0; s < input.stages; ++s)
        ends[as_index(s)] = std::max(ends[as_index(s)], s > 0 ? ends[as_index(s - 1)] : 0.0) +
                            input.times[as_index(k * input.stages + s)];
    ASSERT_EQ(run_pipeline(input).total, ends.back());
  }
}

TEST(Pipeline, ADependencyHoldsTheJoiningStageUntilTheOtherTileIsOut) {
  PipelineInput input = constant({1, 4, 2}, 2, 2);
  EXPECT_EQ(run_pipeline(input).total, 11);
  input.waits_for = {-1, 0};
  input.join_stage = 1;
  const PipelineResult result = run_pipeline(input);
  EXPECT_EQ(result.total, 13);  // 7 for the first tile, then 4 + 2
  EXPECT_EQ(result.stages[1].wait_dependency, 2);
}

}  // namespace
}  // namespace lightloom::cosim
