// The shapes that are fitted to pieces of a spectrum.
#include "calibration/rings/lines/line_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "calibration/rings/lines/line_fit.hpp"

namespace lightloom::calibration {
namespace {

/// Residuals' derivatives against differences, at parameters of two lines and a ripple.
void expect_right_derivatives(const LineShape& shape, const LineData& data) {
  std::vector<double> x{1.2, 0.1, -0.2};
  if (shape.ripple) x.insert(x.end(), {0.05, -0.03, 7, 0.8});
  x.insert(x.end(), {-0.2, std::log(0.3), shape.dips ? -0.5 : 0.7, 0.1});
  x.insert(x.end(), {0.35, std::log(0.2), shape.dips ? -0.3 : 0.4, -0.05});
  const ResidualFunction residuals = line_residuals(shape, data);
  const auto rows = static_cast<std::size_t>(line_rows(data));
  std::vector<double> r(rows), jacobian(rows * x.size()), up(rows), down(rows);
  residuals(x, r, jacobian);
  for (std::size_t k = 0; k < x.size(); ++k) {
    constexpr double h = 1e-6;
    std::vector<double> moved = x;
    moved[k] = x[k] + h;
    residuals(moved, up, {});
    moved[k] = x[k] - h;
    residuals(moved, down, {});
    for (std::size_t i = 0; i < rows; ++i) {
      const double expected = (up[i] - down[i]) / (2 * h);
      ASSERT_NEAR(jacobian[i * x.size() + k], expected, 1e-6 * (1 + std::abs(expected)))
          << "row " << i << ", parameter " << k;
    }
  }
}

LineData some_readings() {
  LineData data;
  for (int i = 0; i <= 40; ++i) {
    data.x_nm.push_back(1549 + 0.05 * i);
    data.power.push_back(1);
    data.sigma.push_back(0.7);
    data.beside.push_back(-0.1 + 0.004 * i);
  }
  data.bounds = {{.place = {1549.4, -0.05}, .power = 2, .sigma = 0.5, .least = true},
                 {.place = {1550.6, 0.02}, .power = 0.2, .sigma = 0.5, .least = false},
                 {.place = {1550.7, 0.02}, .power = 0.2, .sigma = 0.5, .least = true}};
  return data;
}

TEST(LineModel, DerivativesAreThoseOfDifferences) {
  for (const bool dips : {false, true})
    for (const bool ripple : {false, true})
      expect_right_derivatives({.middle_nm = 1550,
                                .reach_nm = 1,
                                .period_nm = 4,
                                .dips = dips,
                                .ripple = ripple,
                                .ripple_k = ripple ? 6.5 : 0,
                                .ripple_amplitude = ripple ? 0.04 : 0,
                                .lines = 2},
                               some_readings());
}

TEST(LineModel, BoundsCountOnlyWhereTheyAreOverstepped) {
  const LineShape shape{.middle_nm = 1550, .reach_nm = 1, .lines = 1};
  const std::vector<double> x{1, 0, 0, 0, std::log(0.2), -0.5, 0};
  LineData data;
  data.bounds = {{.place = {1549.2}, .power = 0.8, .least = true},
                 {.place = {1549.2}, .power = 1.3, .least = true},
                 {.place = {1549.2}, .power = 0.8, .least = false}};
  std::vector<double> r(static_cast<std::size_t>(line_rows(data)));
  line_residuals(shape, data)(x, r, {});
  const double power = line_power(shape, x, {1549.2}, {});
  ASSERT_GT(power, 0.9);
  const std::size_t first = r.size() - 3;
  EXPECT_EQ(r[first], 0);
  EXPECT_DOUBLE_EQ(r[first + 1], power - 1.3);
  EXPECT_DOUBLE_EQ(r[first + 2], power - 0.8);
}

TEST(LineModel, ALineIsFittedBesideThoseOfOtherPieces) {
  const auto lorentzian = [](double nm, double centre, double width) {
    const double s = 2 * (nm - centre) * centre / (nm * width);
    return 1 / (1 + s * s);
  };
  std::vector<double> nm, power;
  for (int i = 0; i <= 800; ++i) {
    nm.push_back(1549.2 + 0.002 * i);
    power.push_back((1 - 0.8 * lorentzian(nm.back(), 1550, 0.1)) *
                    (1 - 0.9 * lorentzian(nm.back(), 1550.9, 0.4)) *
                    (1 + 1e-5 * ((i * 7919) % 13 - 6)));
  }
  const LineTask task{
      .guesses = {{.centre_nm = 1550, .width_nm = 0.1, .base = 1, .depth = 0.8, .usual = 1}},
      .from_nm = 1549.2,
      .to_nm = 1550.8,
      .beside = {{.centre_nm = 1550.9, .width_nm = 0.4, .alpha = -0.9}}};
  const LineFit fit = fit_lines(task, nm, power, std::vector<char>(nm.size(), 0));
  ASSERT_EQ(fit.lines.size(), 1u);
  EXPECT_NEAR(fit.lines[0].width_nm, 0.1, 1e-5);
  EXPECT_NEAR(fit.lines[0].alpha, -0.8, 1e-4);
}

}  // namespace
}  // namespace lightloom::calibration
