#include "cosim/studies/break_even.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim {
namespace {

/// A layer of 64 x 64 tiles that reloads its weights of `bits`, one after the other.
CostInput reloading(int bits) {
  CostInput input{.layers = {reload_layer(conv(256, 256, 3, 8), bits)}, .core = round_core()};
  input.schedule.weight_slots = 1;
  return input;
}

double gain_at(double settle_ns) {
  CostInput ours = reloading(8), baseline = reloading(32);
  ours.core.cost.settle_ns = baseline.core.cost.settle_ns = settle_ns;
  return simulate_cost(baseline).time_ns / simulate_cost(ours).time_ns;
}

// Words of 32 bits take longer to fetch, by as much however long the settings take to settle; so
// T' / T - 1 = D / T falls below the tolerance for good once T = D / tolerance.
TEST(BreakEvenStretch, BeginsWhereTheSameDifferenceIsAShareOfTheTimeThatCountsAsNone) {
  const BreakEven found = find_break_even(
      reloading(8), reloading(32), {Quantity::settle_time, Metric::time, {0.1, 1e7, 33}, 0.01});
  EXPECT_TRUE(found.crossings.empty());
  EXPECT_EQ(found.tolerance, 0.01);
  ASSERT_EQ(found.equal.size(), 1U);
  EXPECT_EQ(found.equal[0].to, found.sweep.back().value);
  const double difference_ns = found.sweep.back().baseline - found.sweep.back().ours;
  CostInput at_edge = reloading(8);
  at_edge.core.cost.settle_ns = found.equal[0].from;
  EXPECT_NEAR(simulate_cost(at_edge).time_ns, difference_ns / 0.01, 5e-3 * difference_ns / 0.01);
  EXPECT_LE(gain_at(found.equal[0].from), 1.01);
  EXPECT_GT(gain_at(found.equal[0].from * (1 - 2e-4)), 1.01);
  const std::vector<BreakEvenAnswer> answers = break_even_answers(found);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(answers[0].stretch());
}

TEST(BreakEvenStretch, EqualSidesAreEqualEverywhereAndATighterToleranceNarrowsAStretch) {
  const BreakEven same = find_break_even(reloading(8), reloading(8),
                                         {Quantity::settle_time, Metric::energy, {1, 1e3, 5}, 0});
  ASSERT_EQ(same.equal.size(), 1U);
  EXPECT_EQ(same.equal[0].from, same.sweep.front().value);
  EXPECT_EQ(same.equal[0].to, same.sweep.back().value);
  const auto begins = [](double tolerance) {
    return find_break_even(reloading(8), reloading(32),
                           {Quantity::settle_time, Metric::time, {0.1, 1e7, 33}, tolerance})
        .equal.at(0)
        .from;
  };
  // T = n s + c at D / tolerance: ten times the time, and more than ten times the settling in it.
  EXPECT_GT(begins(0.001), 10 * begins(0.01));
  EXPECT_THROW(begins(-0.1), Error);
}

TEST(BreakEvenStretch, AStretchOfBatchesEndsOnWholeNumbers) {
  CostInput ours = reloading(8), baseline = reloading(32);
  ours.schedule.bandwidth_scale = baseline.schedule.bandwidth_scale = 0.1;
  const BreakEven found =
      find_break_even(ours, baseline, {Quantity::batch, Metric::time, {1, 4096, 13}, 0.05});
  ASSERT_FALSE(found.equal.empty());
  const double from = found.equal.back().from;
  EXPECT_EQ(from, std::round(from));
  ASSERT_GT(from, 1);
  for (const auto& [batch, equal] : {std::pair{from, true}, std::pair{from - 1, false}}) {
    ours.batch = baseline.batch = static_cast<int>(batch);
    EXPECT_EQ(simulate_cost(baseline).time_ns / simulate_cost(ours).time_ns - 1 <= 0.05, equal);
  }
}

TEST(BreakEvenAnswers, CrossingsOnOnePlateauAreOneAnswerAndThoseOutsideStay) {
  const BreakEven found{.crossings = {3, 316, 15200, 83000, 4e5},
                        .tolerance = 0.005,
                        .equal = {{2.9, 3.1}, {300, 1e5}}};
  const std::vector<BreakEvenAnswer> answers = break_even_answers(found);
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_FALSE(answers[0].stretch());  // 2.9 to 3.1 is no plateau but a steep crossing
  EXPECT_EQ(answers[0].at.from, 3);
  EXPECT_TRUE(answers[1].stretch());
  EXPECT_EQ(answers[1].at.from, 300);
  EXPECT_EQ(answers[1].at.to, 1e5);
  EXPECT_FALSE(answers[2].stretch());
  EXPECT_EQ(answers[2].at.from, 4e5);
}

// A crossing between two points of the range that are both far from it: the search for it has been
// inside the stretch, which is found from there.
TEST(BreakEvenStretch, IsFoundAroundACrossingThatNoPointOfTheRangeIsNear) {
  CostInput ours = reloading(8), baseline = reloading(32);
  ours.core.cost.input_energy_pJ += 2;  // dearer inputs against more bits to fetch
  baseline.memory.dram.access_pJ_per_bit = ours.memory.dram.access_pJ_per_bit = 1;
  const BreakEven found =
      find_break_even(ours, baseline, {Quantity::batch, Metric::energy, {1, 4096, 2}, 0.01});
  for (const BreakEvenPoint& point : found.sweep) EXPECT_GT(std::abs(point.gain() - 1), 0.01);
  ASSERT_EQ(found.crossings.size(), 1U);
  const auto within = [&](const EqualStretch& each) { return each.holds(found.crossings[0]); };
  EXPECT_TRUE(std::any_of(found.equal.begin(), found.equal.end(), within));
}

}  // namespace
}  // namespace lightloom::cosim
