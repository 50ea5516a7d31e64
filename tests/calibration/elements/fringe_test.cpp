#include "calibration/elements/fringe.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/random/random.hpp"

namespace lightloom::calibration {
namespace {

using std::numbers::pi;

struct Curve {
  std::vector<double> volts, readings;
};
Curve fringe(int points, double max_V, double noise, double gamma, double phase,
             double gamma2 = 0) {
  const Stream stream({.seed = 21, .purpose = Purpose::test});
  Curve curve;
  for (int i = 0; i < points; ++i) {
    const double v2 = max_V * max_V * (i + 0.5) / points;
    curve.volts.push_back(std::sqrt(v2));
    curve.readings.push_back(0.5 + 0.4 * std::cos(phase + gamma * v2 + gamma2 * v2 * v2) +
                             noise * stream.normal(static_cast<std::uint64_t>(i)));
  }
  return curve;
}

TEST(Fringe, FindsTheLawWithoutAGuessFromAnyPhase) {
  for (double phase = -3; phase <= 3; phase += 0.75) {
    for (const double gamma : {0.12, 0.165, 0.4}) {
      const Curve c = fringe(40, 6.5, 0.005, gamma, phase);
      const FringeFit fit = fit_fringe(c.volts, c.readings, {.sigma = 0.005});
      EXPECT_TRUE(fit.good()) << fit.problems.front();
      EXPECT_LT(std::abs(fit.gamma - gamma), 4.5 * fit.gamma_sigma);
      EXPECT_LT(std::abs(std::remainder(fit.phase_rad - phase, 2 * pi)), 4.5 * fit.phase_sigma);
      EXPECT_NEAR(fit.visibility, 0.8, 0.02);
    }
  }
}

TEST(Fringe, FindsSelfHeating) {
  const Curve c = fringe(60, 6.5, 0, 0.165, 1, -4e-4);
  const FringeFit fit = fit_fringe(c.volts, c.readings, {.law = FringeLaw::self_heating});
  EXPECT_NEAR(fit.gamma, 0.165, 1e-6);
  EXPECT_NEAR(fit.gamma2, -4e-4, 1e-8);
}

TEST(Fringe, FindsTheCubicLaw) {
  const std::vector<double> law{0.7, 0.02, 0.16, 0.0015};
  Curve c = fringe(60, 6.5, 0, 0.165, 1);
  for (std::size_t i = 0; i < c.volts.size(); ++i) {
    const double v = c.volts[i];
    c.readings[i] = 0.5 + 0.4 * std::cos(law[0] + v * (law[1] + v * (law[2] + v * law[3])));
  }
  const FringeFit fit = fit_fringe(c.volts, c.readings, {.law = FringeLaw::cubic});
  ASSERT_EQ(fit.cubic.size(), 4u);
  for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(fit.cubic[k], law[k], 1e-5);
}

TEST(Fringe, NamesAnAliasedAShortAndAMissingFringe) {
  const auto problem_of = [](const Curve& c, const FringeOptions& options) {
    const FringeFit fit = fit_fringe(c.volts, c.readings, options);
    return fit.problems.empty() ? std::string() : fit.problems.front();
  };
  EXPECT_EQ(problem_of(fringe(8, 6.5, 0.001, 0.7, 1), {.gamma_low = 0.6, .gamma_high = 0.8})
                .find("aliased"),
            0u);
  EXPECT_EQ(problem_of(fringe(30, 4, 0.001, 0.165, 1), {.gamma_low = 0.15, .gamma_high = 0.18})
                .find("the sweep spans"),
            0u);
  Curve flat = fringe(40, 6.5, 0.01, 0.165, 1);
  const Stream stream({.seed = 5, .purpose = Purpose::test});
  for (std::size_t i = 0; i < flat.readings.size(); ++i)
    flat.readings[i] = 0.5 + 0.01 * stream.normal(i);
  EXPECT_EQ(problem_of(flat, {}).find("no fringe"), 0u);
  flat.readings[3] = NAN;
  EXPECT_THROW(fit_fringe(flat.volts, flat.readings), Error);
}

}  // namespace
}  // namespace lightloom::calibration
