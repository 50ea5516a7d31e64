#include "experiments/statistics/paired.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include "core/error.hpp"
#include "tests/experiments/statistics/simulated_chips.hpp"

namespace lightloom::experiments {
namespace {

/// `both` images that both have right, then those of one alone, then `neither`.
std::pair<Outcomes, Outcomes> pair_of(int both, int only_first, int only_second, int neither) {
  std::vector<int> first, second;
  const auto add = [&](int count, int a, int b) {
    first.insert(first.end(), static_cast<std::size_t>(count), a);
    second.insert(second.end(), static_cast<std::size_t>(count), b);
  };
  add(both, 1, 1);
  add(only_first, 1, 0);
  add(only_second, 0, 1);
  add(neither, 0, 0);
  const std::vector<std::uint16_t> labels(first.size(), 1);
  return {outcomes_of(first, labels), outcomes_of(second, labels)};
}

Difference compare_one(const std::pair<Outcomes, Outcomes>& pair) {
  return compare({&pair.first, 1}, {&pair.second, 1}, {});
}

TEST(Paired, McNemarByHand) {
  // 1 against 7 of 8: 2 (C(8,0) + C(8,1)) / 2^8 = 18/256.
  EXPECT_NEAR(mcnemar_p({.only_first = 1, .only_second = 7}), 18.0 / 256, 1e-14);
  EXPECT_NEAR(mcnemar_p({.only_first = 7, .only_second = 1}), 18.0 / 256, 1e-14);
  // Half and half is as even as can be: twice the tail would be more than 1.
  EXPECT_EQ(mcnemar_p({.only_first = 4, .only_second = 4}), 1);
  EXPECT_EQ(mcnemar_p({}), 1);
  // From 26 on mid-p: 2 (P(0) + P(1) / 2) = 2 (1 + 13) / 2^26.
  EXPECT_NEAR(mcnemar_p({.only_first = 1, .only_second = 25}), 28 / std::exp2(26), 1e-16);
  EXPECT_NEAR(mcnemar_p({.only_first = 1, .only_second = 24}), 52 / std::exp2(25), 1e-15);
}

TEST(Paired, ManyDiscordantImagesGiveTheNormalP) {
  // 460 against 540: (80)^2 / 1000 = 6.4 has p = 0.01141 in chi-squared of one degree.
  EXPECT_NEAR(mcnemar_p({.only_first = 460, .only_second = 540}), 0.01141, 2e-4);
}

TEST(Paired, TheIntervalIsTangos) {
  // Its ends solve the score equation, that of Tango (1998).
  const Discordant counts{.only_first = 12, .only_second = 2};
  const double n = 50;
  for (const double end : {paired_interval(counts, 50).low, paired_interval(counts, 50).high}) {
    const double off = 12 - 2 - n * end;
    const double b = -14 + (2 * n - 12 + 2) * end, c = -2 * end * (1 - end);
    const double q = (std::sqrt(b * b - 8 * n * c) - b) / (4 * n);
    EXPECT_NEAR(off * off, 1.959963984540054 * 1.959963984540054 * n * (2 * q + end * (1 - end)),
                1e-9);
  }
  // No image differs: z^2 / (n + z^2).
  const double z2 = 1.959963984540054 * 1.959963984540054;
  EXPECT_NEAR(paired_interval({}, 50).high, z2 / (50 + z2), 1e-12);
  EXPECT_NEAR(paired_interval({}, 50).low, -z2 / (50 + z2), 1e-12);
}

TEST(Paired, ANetworkComparedWithItselfDoesNotDiffer) {
  const auto pair = pair_of(80, 0, 0, 20);
  const Difference one = compare_one({pair.first, pair.first});
  EXPECT_EQ(one.value, 0);
  EXPECT_EQ(one.p, 1);
  const std::vector<Outcomes> chips = Drawn({}, 3).row(0, 4, 97);
  const Difference several = compare(chips, chips, {});
  EXPECT_EQ(several.value, 0);
  EXPECT_EQ(several.p, 1);
  EXPECT_LT(several.interval.low, 0);  // nothing seen in 97 images is not nothing
  EXPECT_GT(several.interval.high, 0);
}

TEST(Paired, CountsAndSignsFollowTheOrder) {
  const auto pair = pair_of(70, 9, 3, 18);
  const Difference there = compare_one(pair), back = compare_one({pair.second, pair.first});
  EXPECT_NEAR(there.value, 0.06, 1e-15);
  EXPECT_EQ(there.counts.only_first, 9);
  EXPECT_EQ(there.counts.only_second, 3);
  EXPECT_NEAR(back.value, -0.06, 1e-15);
  EXPECT_NEAR(back.interval.low, -there.interval.high, 1e-12);
  EXPECT_EQ(back.p, there.p);
  const std::vector<Outcomes> chips = Drawn({}, 5).row(0, 3, 101);
  const Outcomes digital = Drawn({}, 5).outcomes(7, 0, 101);
  const Difference up = compare(chips, {&digital, 1}, {}), down = compare({&digital, 1}, chips, {});
  EXPECT_EQ(up.chips, 3u);
  EXPECT_DOUBLE_EQ(up.value, -down.value);
  EXPECT_DOUBLE_EQ(up.interval.high, -down.interval.low);
  EXPECT_DOUBLE_EQ(up.bootstrap.high, -down.bootstrap.low);
  EXPECT_EQ(up.counts.only_first, down.counts.only_second);
}

TEST(Paired, IntervalsAndPsOfSeveralChipsHoldWhatTheySay) {
  // Chips of one law against chips of another on the same images; the truth is a difference of two
  // normal shares. Of the same law, p is below 5 % in 5 % of experiments.
  const SimulatedChips law{.chip = 0.3}, worse{.threshold = -1.1, .chip = 0.3};
  const double variance = 1 + 0.49 + 0.09;
  const double truth = law.share(0, variance) - worse.share(0, variance);
  Coverage interval, level, bootstrap;
  for (std::uint64_t experiment = 0; experiment < 500; ++experiment) {
    const Drawn drawn(law, experiment), drawn_worse(worse, experiment);
    const auto first = drawn.row(0, 12, 151), second = drawn_worse.row(1, 12, 151);
    const Difference found =
        compare(first, second, {.seed = experiment, .draws = experiment < 200 ? 200 : 0});
    interval.see(found.interval.low, truth, found.interval.high);
    if (found.bootstrap.known()) bootstrap.see(found.bootstrap.low, truth, found.bootstrap.high);
    level.see(0.05, compare(first, drawn.row(2, 12, 151), {.draws = 0}).p, 1);
  }
  EXPECT_NEAR(interval.share(), 0.95, interval.four_errors());
  EXPECT_NEAR(level.share(), 0.95, level.four_errors());
  EXPECT_NEAR(bootstrap.share(), 0.95,
              bootstrap.four_errors() + 0.02);  // of 12 chips: a bit narrow
}

TEST(Paired, TwoChipsAreNotToldApartMoreOftenThanTheLevel) {
  // The t of one degree of freedom: 87 % instead of 95 % by Satterthwaite's.
  const SimulatedChips law{.chip = 0.35};
  Coverage level;
  for (std::uint64_t experiment = 0; experiment < 600; ++experiment) {
    const Drawn drawn(law, experiment);
    const auto first = drawn.row(0, 2, 251), second = drawn.row(1, 2, 251);
    const Difference found = compare(first, second, {.draws = 0});
    if (found.covers == Covers::other_chips_and_images) level.see(0.05, found.p, 1);
  }
  EXPECT_GT(level.share(), 0.95 - level.four_errors());
}

TEST(Paired, McNemarsPHasItsLevelAndTangosIntervalHolds) {
  const SimulatedChips law{.chip = 0};
  Coverage level, interval;
  for (std::uint64_t experiment = 0; experiment < 1000; ++experiment) {
    const Drawn drawn(law, experiment);
    const Difference found = compare_one({drawn.outcomes(0, 0, 401), drawn.outcomes(0, 1, 401)});
    level.see(0.05, found.p, 1);
    interval.see(found.interval.low, 0, found.interval.high);
  }
  EXPECT_NEAR(level.share(), 0.95, level.four_errors());
  EXPECT_NEAR(interval.share(), 0.95, interval.four_errors());
}

TEST(Paired, ChipsThatAllDifferByTheSameSayNothingOfOtherChips) {
  const auto pair = pair_of(70, 9, 3, 18);
  const std::vector<Outcomes> first(2, pair.first), second(2, pair.second);
  const Difference found = compare(first, second, {});
  EXPECT_EQ(found.covers, Covers::other_images);
  EXPECT_GT(found.interval.high, found.value);
  EXPECT_EQ(compare(Drawn({}, 1).row(0, 3, 101), Drawn({}, 1).row(1, 3, 101), {}).covers,
            Covers::other_chips_and_images);
}

TEST(Paired, TheBootstrapIsTheSameOnAnyNumberOfThreads) {
  const auto first = Drawn({}, 1).row(0, 5, 97), second = Drawn({}, 1).row(1, 5, 97);
  const int threads = omp_get_max_threads();
  std::vector<Interval> found;
  for (const int count : {1, 2, 4}) {
    omp_set_num_threads(count);
    found.push_back(compare(first, second, {.seed = 7}).bootstrap);
  }
  omp_set_num_threads(threads);
  for (const Interval& one : found) {
    EXPECT_EQ(one.low, found.front().low);
    EXPECT_EQ(one.high, found.front().high);
  }
  // Other draws end elsewhere, at one of the many means that 5 x 97 differences can have.
  int moved = 0;
  for (std::uint64_t seed = 8; seed < 14; ++seed)
    moved += compare(first, second, {.seed = seed}).bootstrap.low != found.front().low ? 1 : 0;
  EXPECT_GT(moved, 0);
}

TEST(Paired, OtherNumbersOfImagesAreRefused) {
  EXPECT_THROW(compare_one({Drawn({}, 1).outcomes(0, 0, 50), Drawn({}, 1).outcomes(0, 0, 51)}),
               Error);
  EXPECT_THROW(compare({}, {}, {}), Error);
}

}  // namespace
}  // namespace lightloom::experiments
