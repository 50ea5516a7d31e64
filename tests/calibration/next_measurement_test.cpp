#include "calibration/next_measurement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "calibration/fit/fit_card.hpp"
#include "calibration/laboratory/virtual_chip.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

/// As fitted: every parameter of the kinds that a fit frees within 0.1.
DeviceFile fitted_device() {
  const ChipCard card{.modes = 4};
  DeviceFile device{.shape = chip_shape(card)};
  device.parameters = hidden_parameters(device.shape, card, 5, 0);
  for (const bool is_free : free_kinds(device.shape.parameters, fitted_kinds({})))
    device.sigma.push_back(is_free ? 0.1 : 0.0);
  return device;
}

constexpr NextMeasurement wanted{.settings = 3, .candidates = 17, .max_voltage_V = 5, .seed = 4};

TEST(NextMeasurement, ChoosesBetterSettingsThanTheFirstRandomOnes) {
  const DeviceFile device = fitted_device();
  const NextSettings next = next_settings(device, wanted);
  EXPECT_EQ(next.unknowns, std::count(device.sigma.begin(), device.sigma.end(), 0.1));
  EXPECT_EQ(next.candidates.settings, 17);
  for (const double volts : next.candidates.voltages) {
    EXPECT_GE(volts, 0);
    EXPECT_LE(volts, 5);
  }
  const std::vector<int>& chosen = next.design.chosen;
  EXPECT_EQ(std::set<int>(chosen.begin(), chosen.end()).size(), 3u);
  EXPECT_GT(next.log_det_random, 0);
  EXPECT_GT(next.design.log_det, next.log_det_random);
}

TEST(NextMeasurement, IsAFunctionOfTheSeedAndTellsAsMuchAsAllCandidatesWhereAllAreChosen) {
  const DeviceFile device = fitted_device();
  EXPECT_EQ(next_settings(device, wanted).design.chosen,
            next_settings(device, wanted).design.chosen);
  NextMeasurement other = wanted;
  other.seed = 5;
  EXPECT_NE(next_settings(device, wanted).candidates.voltages,
            next_settings(device, other).candidates.voltages);
  other.settings = other.candidates = 5;
  const NextSettings all = next_settings(device, other);
  EXPECT_NEAR(all.design.log_det, all.log_det_random, 1e-6 * all.log_det_random);
}

TEST(NextMeasurement, RefusesADeviceOfWhichNothingIsBelievedWithinLimits) {
  DeviceFile device = fitted_device();
  std::fill(device.sigma.begin(), device.sigma.end(), 0.0);
  EXPECT_THROW(next_settings(device, wanted), Error);
}

}  // namespace
}  // namespace lightloom::calibration
