// Standard deviations of lines, of little data and of parameters that say nothing.
#include "calibration/rings/lines/line_errors.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random/random.hpp"

namespace lightloom::calibration {
namespace {

TEST(LineErrors, ALineThatEndedOutsideLeavesTheOthersTheirErrors) {
  LineShape shape{.middle_nm = 1550, .reach_nm = 1, .lines = 1};
  LineData data;
  std::vector<double> x{1, 0, 0, 0, std::log(0.2), -0.6, 0}, residuals;
  const Stream stream({.seed = 5, .purpose = Purpose::test});
  for (int i = 0; i <= 100; ++i) {
    data.x_nm.push_back(1549 + 0.02 * i);
    data.sigma.push_back(0.01);
    residuals.push_back(stream.normal(static_cast<std::uint64_t>(i)));
    data.power.push_back(line_power(shape, x, data.place(data.x_nm.size() - 1), {}) -
                         0.01 * residuals.back());
  }
  LineFit alone, beside;
  describe_lines({shape, x, residuals}, data, alone);
  shape.lines = 2;
  x.insert(x.end(), {400, -80, -3, 0});
  describe_lines({shape, x, residuals}, data, beside);
  ASSERT_EQ(beside.lines.size(), 1u);
  // Four parameters more, of which the residuals know nothing.
  EXPECT_NEAR(beside.lines[0].width_sigma / alone.lines[0].width_sigma, 1, 0.05);
}

TEST(LineErrors, NoiseInWavelengthIsSeenOnTheFlanksOfLinesOfFewReadings) {
  // Four readings a width and twenty-four in all, each at a place uncertain by a ninth of a step.
  const Stream stream({.seed = 77, .purpose = Purpose::test});
  int inside = 0, whole = 0;
  constexpr int draws = 400;
  for (std::uint64_t draw = 0; draw < draws; ++draw) {
    std::vector<double> nm, power;
    const double off = stream.uniform(1000, draw);
    for (std::uint64_t i = 0; i < 24; ++i) {
      nm.push_back(1550 + 0.05 * (static_cast<double>(i) - 12 + off));
      const double s = 10 * (nm.back() + 0.0055 * stream.normal(2 * i, draw) - 1550);
      power.push_back(1 - 0.9 / (1 + s * s) + 5e-4 * stream.normal(2 * i + 1, draw));
    }
    const LineTask task{
        .guesses =
            {{.at = 12, .centre_nm = 1550, .width_nm = 0.2, .base = 1, .depth = 0.9, .usual = 1}},
        .from_nm = 1549,
        .to_nm = 1551};
    const LineFit fit = fit_lines(task, nm, power, std::vector<char>(24, 0));
    if (fit.lines.size() != 1) continue;  // rarely such noise looks like a doublet
    ++whole;
    const FittedLine& line = fit.lines.front();
    inside += std::abs(line.width_nm - 0.2) < 2.1 * line.width_sigma ? 1 : 0;
  }
  EXPECT_GE(whole, 0.98 * draws);
  EXPECT_GE(inside, whole * (0.95 - 4 * std::sqrt(0.95 * 0.05 / draws)));
}

}  // namespace
}  // namespace lightloom::calibration
