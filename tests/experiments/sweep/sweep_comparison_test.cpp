#include "experiments/sweep/sweep_comparison.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "experiments/statistics/paired.hpp"
#include "experiments/sweep/sweep_table.hpp"
#include "tests/experiments/statistics/simulated_chips.hpp"

namespace lightloom::experiments {
namespace {

/// A point as a run gives it: 101 images, one digital network and three chips.
Labelled compared_point(std::size_t training, double fingerprint, std::size_t images = 101) {
  const std::vector<Outcomes> chips = Drawn({}, 4).row(training, 3, images);
  Labelled data;
  data.add_axis({"chip", std::vector<std::int64_t>{0, 1, 2}, "1", ""});
  std::vector<std::int64_t> firsts, words;
  for (std::size_t w = 0; w < chips[0].words.size(); ++w)
    firsts.push_back(static_cast<std::int64_t>(48 * w));
  data.add_axis({"image_word", firsts, "1", ""});
  for (const Outcomes& chip : chips)
    words.insert(words.end(), chip.words.begin(), chip.words.end());
  data.add({"outcomes_chip", {"chip", "image_word"}, words, "", ""});
  words.resize(firsts.size());
  data.add({"outcomes_source", {"image_word"}, words, "", ""});
  data.add({"test_images", {}, std::vector<double>{static_cast<double>(images)}, "1", ""});
  data.add({"test_fingerprint", {}, std::vector<double>{fingerprint}, "1", ""});
  return data;
}

double compared_number(const Labelled& table, const std::string& name, std::size_t point) {
  return std::get<std::vector<double>>(table.variable(name)->values)[point];
}

TEST(SweepComparison, PointsAreComparedWithTheFirstOnTheSameImages) {
  const SweepGrid grid = read_grid(parse_yaml("sweep: {chips: [1, 2, 3, 4, 5]}", "t"));
  Labelled table = empty_table(grid);
  put_point(table, grid, 0, compared_point(0, 7));
  put_point(table, grid, 1, compared_point(1, 7));
  put_point(table, grid, 2, compared_point(2, 8));  // other images
  put_point(table, grid, 3,
            compared_point(0, 7, 200));  // more of them: their outcomes are left out
  compare_with_first(table, grid);
  const std::vector<Outcomes> first = Drawn({}, 4).row(0, 3, 101),
                              second = Drawn({}, 4).row(1, 3, 101);
  const Difference wanted = compare(second, first, {.draws = 0});
  EXPECT_EQ(compared_number(table, "difference_first_chips", 1), wanted.value);
  EXPECT_EQ(compared_number(table, "difference_first_chips_low", 1), wanted.interval.low);
  EXPECT_EQ(compared_number(table, "difference_first_chips_high", 1), wanted.interval.high);
  EXPECT_EQ(compared_number(table, "difference_first_chips_p", 1), wanted.p);
  const Difference digital = compare({second.data(), 1}, {first.data(), 1}, {});
  EXPECT_EQ(compared_number(table, "difference_first_digital", 1), digital.value);
  EXPECT_EQ(compared_number(table, "difference_first_digital_p", 1), digital.p);
  for (const std::size_t point : {0u, 2u, 3u, 4u})
    EXPECT_TRUE(std::isnan(compared_number(table, "difference_first_chips", point))) << point;
  compare_with_first(table, grid);  // again, as when a sweep is taken up
  EXPECT_EQ(compared_number(table, "difference_first_chips", 1), wanted.value);
}

TEST(SweepComparison, WhatImagesChoseAtAnyPointIsSaidOfTheSweep) {
  const SweepGrid grid = read_grid(parse_yaml("sweep: {chips: [1, 2, 3]}", "t"));
  Labelled table = empty_table(grid), point = compared_point(0, 7);
  put_point(table, grid, 0, point);
  EXPECT_EQ(table.attributes.count("images_chose"), 0u);
  point.attributes["images_chose"] = std::string("weights\nranges");
  put_point(table, grid, 1, point);
  point.attributes["images_chose"] = std::string("ranges\nepoch");
  put_point(table, grid, 2, point);
  EXPECT_EQ(std::get<std::string>(table.attributes.at("images_chose")), "epoch\nranges\nweights");
}

}  // namespace
}  // namespace lightloom::experiments
