#include "experiments/statistics/accuracy_intervals.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "experiments/statistics/crossed_table.hpp"
#include "tests/experiments/statistics/simulated_chips.hpp"

namespace lightloom::experiments {
namespace {

Outcomes bits(const std::vector<int>& right) {
  return outcomes_of(right, std::vector<std::uint16_t>(right.size(), 1));
}

TEST(AccuracyIntervals, OneChipHasTheIntervalOfWilsonAndSaysNothingOfOthers) {
  // 8 of 10: 0.4902 to 0.9433 (Newcombe, Statistics in Medicine 17, 857, 1998, method 3).
  const auto of = accuracy_intervals({{{bits({1, 1, 1, 1, 0, 1, 1, 1, 0, 1})}}});
  EXPECT_NEAR(of.other_images.low, 0.4902, 5e-5);
  EXPECT_NEAR(of.other_images.high, 0.9433, 5e-5);
  for (const Interval& none :
       {of.other_chips, of.other_trainings, of.together, of.next_chip, of.next_chip_images})
    EXPECT_FALSE(none.known());
  EXPECT_TRUE(std::isnan(of.between_chips) && std::isnan(of.between_trainings));
}

TEST(AccuracyIntervals, ThreeChipsOnFourImagesByHand) {
  // Rows 1110, 1100, 1101: means 3/4, 2/4, 3/4 about 2/3; images 1, 1, 1/3, 1/3.
  const std::vector<Outcomes> chips{bits({1, 1, 1, 0}), bits({1, 1, 0, 0}), bits({1, 1, 0, 1})};
  const MeanSquares squares = mean_squares(table_of(chips));
  const double rows = 4 * (2 * (1.0 / 12) * (1.0 / 12) + (1.0 / 6) * (1.0 / 6));
  const double images = 3 * 4 * (1.0 / 3) * (1.0 / 3);
  const double all = 8 - 12 * (2.0 / 3) * (2.0 / 3);
  EXPECT_NEAR(squares.of_rows, rows / 2, 1e-14);
  EXPECT_NEAR(squares.of_images, images / 3, 1e-14);
  EXPECT_NEAR(squares.of_rest, (all - rows - images) / 6, 1e-14);
  const auto of = accuracy_intervals({{chips}});
  EXPECT_NEAR(of.mean, 2.0 / 3, 1e-15);
  EXPECT_NEAR(of.between_images, std::sqrt((images / 3 - squares.of_rest) / 3), 1e-14);
  EXPECT_EQ(of.between_chips, 0);  // chips differ by less than the rest explains
  // Student of 3/4, 2/4, 3/4: s = 1/sqrt(48), t(0.975, 2) = 4.302653; 2/3 + t s / sqrt(3) > 1.
  EXPECT_NEAR(of.other_chips.low, 2.0 / 3 - 4.302652729749464 / 12, 1e-12);
  EXPECT_EQ(of.other_chips.high, 1);
  // Of one chip more, sqrt(1 + 1/3) / sqrt(1/3) = 2 times as wide.
  EXPECT_NEAR(of.next_chip.low, 0, 1e-15);
}

TEST(AccuracyIntervals, ChipsThatDoNotDifferHaveNoIntervalInsteadOfOneOfNoWidth) {
  const std::vector<Outcomes> same(2, bits({1, 1, 0, 1, 1}));
  const std::vector<Outcomes> as_many{bits({1, 1, 0, 1, 1}), bits({0, 1, 1, 1, 1})};
  for (const auto& chips : {same, as_many}) {
    const auto of = accuracy_intervals({{chips}});
    EXPECT_TRUE(of.other_images.known());
    EXPECT_LT(of.other_images.low, 0.8);
    for (const Interval& none : {of.other_chips, of.together, of.next_chip, of.next_chip_images})
      EXPECT_FALSE(none.known());
  }
  // Three of 7/10, whose mean is not 7/10 in binary, and trainings that are equal.
  const std::vector<Outcomes> three(3, bits({1, 1, 1, 1, 1, 1, 1, 0, 0, 0}));
  EXPECT_FALSE(accuracy_intervals({{three}}).other_chips.known());
  const std::vector<std::vector<Outcomes>> trainings(3, {three.front()});
  EXPECT_FALSE(accuracy_intervals(trainings).other_trainings.known());
  EXPECT_FALSE(accuracy_intervals(trainings).together.known());
  // Equal chips are one chip as far as images go: Wilson's interval of five images.
  EXPECT_NEAR(accuracy_intervals({{same}}).other_images.low, other_images(same.front()).low, 1e-12);
}

TEST(AccuracyIntervals, TogetherIsNeverNarrowerThanImagesOrChipsAlone) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto of = accuracy_intervals({{Drawn({}, seed).row(0, 3, 97)}});
    if (!of.together.known()) continue;
    EXPECT_LE(of.together.low, of.other_images.low + 1e-12) << seed;
    EXPECT_GE(of.together.high, of.other_images.high - 1e-12) << seed;
  }
}

struct AllCoverages {
  Coverage this_chip, images, chips, together, next, next_images, trainings;
};

/// Each statement's truth is known: shares of normal numbers.
void see(const SimulatedChips& law, const Drawn& drawn, std::size_t trainings, std::size_t chips,
         AllCoverages& all) {
  constexpr std::size_t images = 251;
  std::vector<std::vector<Outcomes>> rows;
  for (std::size_t r = 0; r < trainings; ++r) rows.push_back(drawn.row(r, chips, images));
  const auto of = accuracy_intervals(rows);
  const double pair = law.pair * law.pair, chip = law.chip * law.chip;
  const double training = law.training * law.training;
  const auto put = [](Coverage& coverage, const Interval& interval, double truth) {
    if (interval.known()) coverage.see(interval.low, truth, interval.high);
  };
  put(all.this_chip, other_images(rows[0][0]), law.share(drawn.chip(0, 0), 1 + pair));
  double of_these = 0, chips_on_these = 0, trainings_on_these = 0;
  for (std::size_t r = 0; r < trainings; ++r)
    for (std::size_t c = 0; c < chips; ++c)
      of_these += law.share(drawn.chip(r, c), 1 + pair) / static_cast<double>(trainings * chips);
  for (std::size_t i = 0; i < images; ++i) {
    chips_on_these += law.share(drawn.image(i), pair + chip) / images;
    trainings_on_these += law.share(drawn.image(i), pair + chip + training) / images;
  }
  put(all.images, of.other_images, of_these);
  put(all.chips, of.other_chips, chips_on_these);
  put(all.trainings, of.other_trainings, trainings_on_these);
  put(all.together, of.together, law.share(0, 1 + pair + chip + training));
  const std::size_t other = trainings > 1 ? trainings : 0;
  put(all.next, of.next_chip, accuracy_of(drawn.outcomes(other, chips, images)));
  put(all.next_images, of.next_chip_images, law.share(drawn.chip(other, chips), 1 + pair));
}

void expect_level(const Coverage& coverage, const char* what) {
  EXPECT_NEAR(coverage.share(), 0.95, coverage.four_errors()) << what;
}

TEST(AccuracyIntervals, OfChipsHoldTheTruthAsOftenAsTheySay) {
  for (const std::size_t chips : {2u, 7u}) {
    const SimulatedChips law{.chip = 0.35};
    AllCoverages all;
    for (std::uint64_t experiment = 0; experiment < 1000; ++experiment)
      see(law, Drawn(law, experiment), 1, chips, all);
    SCOPED_TRACE(chips);
    expect_level(all.this_chip, "this chip, other images");
    expect_level(all.images, "these chips, other images");
    expect_level(all.chips, "other chips, these images");
    expect_level(all.together, "other chips, other images");
    expect_level(all.next, "one chip more, these images");
    expect_level(all.next_images, "one chip more, other images");
  }
}

TEST(AccuracyIntervals, OfTrainingsHoldTheTruthAsOftenAsTheySay) {
  const SimulatedChips law{.training = 0.3, .chip = 0.3};
  AllCoverages all;
  for (std::uint64_t experiment = 0; experiment < 700; ++experiment)
    see(law, Drawn(law, experiment), 4, 3, all);
  expect_level(all.images, "these trainings, other images");
  expect_level(all.trainings, "other trainings, these images");
  expect_level(all.together, "other trainings, other images");
  expect_level(all.next, "a chip of another training, these images");
  expect_level(all.next_images, "a chip of another training, other images");
}

TEST(AccuracyIntervals, PartsOfTheVarianceAreThoseDrawn) {
  // Standard deviation of a chip's accuracy: density at the threshold times that of its number, to
  // first order; estimates of 40 experiments of 30 chips lie within 4 errors, 1/sqrt(2 * 40 * 29).
  const SimulatedChips law{.threshold = 0, .chip = 0.1};
  double sum = 0;
  for (std::uint64_t experiment = 0; experiment < 40; ++experiment)
    sum +=
        std::pow(accuracy_intervals({{Drawn(law, experiment).row(0, 30, 801)}}).between_chips, 2);
  const double wanted = 0.1 / std::sqrt(2 * M_PI * (1 + 0.49));
  EXPECT_NEAR(std::sqrt(sum / 40) / wanted, 1, 4 / std::sqrt(2.0 * 40 * 29) + 0.05);
}

TEST(AccuracyIntervals, TablesOfOtherSizesAreRefused) {
  EXPECT_THROW(accuracy_intervals({}), Error);
  EXPECT_THROW(accuracy_intervals({{{bits({1}), bits({1, 0})}}}), Error);
  const std::vector<std::vector<Outcomes>> uneven{{bits({1, 0})}, {bits({1, 0}), bits({1, 1})}};
  EXPECT_THROW(accuracy_intervals(uneven), Error);
}

}  // namespace
}  // namespace lightloom::experiments
