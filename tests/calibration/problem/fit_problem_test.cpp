#include "calibration/problem/fit_problem.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/model/chip_card.hpp"
#include "calibration/model/chip_model.hpp"

namespace lightloom::calibration {
namespace {

/// Three settings of a chip of four ports, read without noise while the source gave half, all and
/// twice its power, as its monitor says.
struct WatchedSource {
  ChipCard card{.modes = 4};
  ChipShape shape = chip_shape(card);
  std::vector<double> truth = hidden_parameters(shape, card, 3, 0);
  std::vector<double> model;  // readings at nominal power
  Measurements data{.inputs = single_ports(4), .settings = 3, .monitor = {0.5, 1, 2}};

  WatchedSource() {
    data.voltages = random_voltages(shape, 3, 6.5, 9);
    data.noise = {.thermal = 2e-3, .shot = 1e-4, .relative = 0.02};
    for (int s = 0; s < 3; ++s) {
      std::vector<double> readings(16);
      predict({shape, truth}, data.voltages_of(s), data.inputs, readings);
      for (const double reading : readings) {
        model.push_back(reading);
        data.readings.push_back(reading * data.monitor[static_cast<std::size_t>(s)]);
      }
    }
  }
};

// A reading of p s at a source of s has the variance thermal^2 + shot p s + (relative p s)^2; over
// s it is one of p.
TEST(FitProblem, NoiseIsThatOfThePowerThatWasThere) {
  const WatchedSource w;
  const std::vector<double> sigma = predicted_sigma(w.shape, w.data, w.truth);
  ASSERT_EQ(sigma.size(), 48U);
  for (std::size_t i = 0; i < 48; ++i) {
    const double source = w.data.monitor[i / 16], power = w.model[i] * source;
    const double variance = 4e-6 + 1e-4 * power + 4e-4 * power * power;
    EXPECT_NEAR(sigma[i], std::sqrt(variance) / source, 1e-12) << i;
  }
}

TEST(FitProblem, ReadingsAreDividedByTheirSource) {
  WatchedSource w;
  FitProblem problem{.shape = &w.shape, .data = &w.data, .settings = {0, 1, 2}};
  problem.sigma = predicted_sigma(w.shape, w.data, w.truth);
  for (const double residual : residuals(problem, w.truth)) EXPECT_NEAR(residual, 0, 1e-9);
  for (double& reading : w.data.readings) reading += 0.01;
  const std::vector<double> moved = residuals(problem, w.truth);
  for (std::size_t i = 0; i < 48; ++i)
    EXPECT_NEAR(std::abs(moved[i]), 0.01 / w.data.monitor[i / 16] / problem.sigma[i],
                1e-6 * std::abs(moved[i]))
        << i;
}

}  // namespace
}  // namespace lightloom::calibration
