#include "calibration/rings/width_errors.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/random/random.hpp"

namespace lightloom::calibration {
namespace {

/// A comb of lines 5 nm apart of these widths, each known to `error` of a width.
std::vector<Resonance> comb_of_widths(const std::vector<double>& widths_nm, double error) {
  std::vector<Resonance> lines;
  for (std::size_t i = 0; i < widths_nm.size(); ++i) {
    Resonance line{.centre_nm = 1500 + 5 * static_cast<double>(i), .width_nm = widths_nm[i]};
    line.width_apart_nm = 0.001;
    set_width_error(error * line.width_nm, line);
    lines.push_back(line);
  }
  return lines;
}

Comb all_lines(std::size_t count) {
  Comb comb;
  comb.lines.resize(count);
  std::iota(comb.lines.begin(), comb.lines.end(), std::size_t{0});
  return comb;
}

TEST(WidthErrors, IntervalsHoldNoiseAndBothDefinitions) {
  Resonance line{.centre_nm = 1550, .width_nm = 0.1};
  line.width_apart_nm = 0.002;
  set_width_error(0.004, line);
  EXPECT_DOUBLE_EQ(line.quality, 15500);
  EXPECT_DOUBLE_EQ(line.quality_low, 1550 / (0.1 + 2.1 * 0.004 + 0.002));
  EXPECT_DOUBLE_EQ(line.quality_high, 1550 / (0.1 - 2.1 * 0.004 - 0.002));
}

TEST(WidthErrors, WidthsOnAStraightLineDoNotScatter) {
  std::vector<double> widths;
  for (int i = 0; i < 7; ++i) widths.push_back(0.1 * std::exp(0.03 * i));
  std::vector<Resonance> lines = comb_of_widths(widths, 0.005);
  const WidthScatter scatter = scatter_of(all_lines(7), lines);
  EXPECT_FALSE(scatter.beyond);
  EXPECT_NEAR(scatter.spread, 0, 1e-12);
  EXPECT_NEAR(scatter.error, 0.005, 1e-12);
  const double before = lines[3].quality_low;
  widen_by_scatter(all_lines(7), lines);
  EXPECT_DOUBLE_EQ(lines[3].quality_low, before);
}

TEST(WidthErrors, WhatWidthsScatterIsAddedToTheirErrors) {
  // Sizes 0, 0, 0, 2, 2, 2, 2 %, in an order without a slope: their median is 2 %.
  const std::vector<double> signs{1, -1, 0, 0, 0, -1, 1};
  std::vector<double> widths;
  for (const double sign : signs) widths.push_back(0.1 * std::exp(0.02 * sign));
  std::vector<Resonance> lines = comb_of_widths(widths, 0.005);
  const WidthScatter scatter = scatter_of(all_lines(7), lines);
  EXPECT_TRUE(scatter.beyond);  // four squares of 4 errors in five freedoms
  const double spread = 0.02 / 0.6745 * 7 / (7 - 2.5);
  EXPECT_NEAR(scatter.spread, spread, 1e-9);
  widen_by_scatter(all_lines(7), lines);
  const Resonance& line = lines[2];  // sqrt(0.005^2 + spread^2 - 0.005^2) of its width
  EXPECT_NEAR(line.quality_low, line.centre_nm / (line.width_nm * (1 + 2.1 * spread) + 0.001),
              1e-6 * line.quality);
}

TEST(WidthErrors, ALineThatStandsOffAloneIsWidenedAlone) {
  std::vector<Resonance> lines = comb_of_widths({0.1, 0.1, 0.1, 0.13, 0.1, 0.1}, 0.005);
  const Resonance before = lines[1];
  EXPECT_TRUE(scatter_of(all_lines(6), lines).beyond);
  widen_by_scatter(all_lines(6), lines);
  EXPECT_NEAR(lines[1].quality_low, before.quality_low, 0.02 * before.quality);
  EXPECT_GT(lines[3].quality_high, 1515 / 0.1);  // holds what the others have
}

TEST(WidthErrors, WidthsThatScatterByTheirErrorsAreNamedOnceInTwoHundred) {
  const Stream stream({.seed = 5, .purpose = Purpose::test});
  int beyond = 0;
  constexpr int combs = 6000;
  for (std::uint64_t c = 0; c < combs; ++c) {
    std::vector<double> widths;
    for (std::uint64_t i = 0; i < 3 + c % 8; ++i)
      widths.push_back(0.1 * std::exp(0.004 * stream.normal(i, c)));
    const std::vector<Resonance> lines = comb_of_widths(widths, 0.004);
    beyond += scatter_of(all_lines(lines.size()), lines).beyond ? 1 : 0;
  }
  EXPECT_NEAR(beyond, combs / 200, 4 * std::sqrt(combs / 200.0));
}

TEST(WidthErrors, FewerThanThreeLinesAndDoubletsSayNothing) {
  std::vector<Resonance> lines = comb_of_widths({0.1, 0.2, 0.3}, 0.005);
  EXPECT_TRUE(scatter_of(all_lines(3), lines).beyond);
  lines[1].split = true;
  EXPECT_FALSE(scatter_of(all_lines(3), lines).beyond);
  widen_by_scatter(all_lines(3), lines);
  EXPECT_NEAR(lines[2].width_sigma, 0.3 * 0.005 + 0.001 / 1.96, 1e-12);
}

}  // namespace
}  // namespace lightloom::calibration
