// Readings at an end of the instrument, told from the tops of peaks.
#include "calibration/elements/spoiled.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace lightloom::calibration {
namespace {

/// Peaks of decibels in steps of 0.01, all readings above `end` there.
std::vector<double> stepped_peaks(double end, double step_nm) {
  std::vector<double> readings;
  for (const double height : {-3.0, -3.4, -3.9})
    for (double nm = -1; nm < 1; nm += step_nm)
      readings.push_back(
          0.01 * std::round(100 * std::min(end, height - 10 * std::log10(1 + 80 * nm * nm))));
  return readings;
}

std::ptrdiff_t spoiled_in(const std::vector<double>& readings, char which) {
  const SpoiledReadings found = find_spoiled(readings);
  return std::count(found.spoiled.begin(), found.spoiled.end(), which);
}

TEST(Spoiled, TopsOfPeaksInStepsOfTheInstrumentAreNoEnds) {
  for (const double step_nm : {0.0003, 0.001, 0.0031, 0.01})
    EXPECT_EQ(spoiled_in(stepped_peaks(100, step_nm), 1), 0) << step_nm;
}

TEST(Spoiled, APeakCutOffAtAFewReadingsIsAnEnd) {
  for (const double end : {-3.2, -3.5, -4.5}) {
    const std::vector<double> readings = stepped_peaks(end, 0.0101);
    const auto there = std::count(readings.begin(), readings.end(), 0.01 * std::round(100 * end));
    ASSERT_GE(there, 5) << end;
    EXPECT_EQ(spoiled_in(readings, 1), there) << end;
  }
  std::vector<double> floors = stepped_peaks(-3.5, 0.0101);
  for (double& reading : floors) reading = -reading;
  EXPECT_GT(spoiled_in(floors, 2), 5);
}

TEST(Spoiled, DrivesMeasuredSeveralTimesAreNoEnds) {
  std::vector<double> readings;
  for (int k = 0; k < 20; ++k)
    for (int repeat = 0; repeat < 4; ++repeat)
      readings.push_back(0.001 * std::round(1000 * std::cos(0.3 * ((7 * k + 5) % 20))));
  EXPECT_EQ(spoiled_in(readings, 1), 0);
  EXPECT_EQ(spoiled_in(readings, 2), 0);
}

TEST(Spoiled, TheTopOfOnePeakAloneIsNoEnd) {
  std::vector<double> readings;
  for (int k = -60; k <= 60; ++k)
    readings.push_back(0.01 * std::round(100 * (-3 - 0.00087 * k * k)));
  ASSERT_EQ(std::count(readings.begin(), readings.end(), readings[60]), 5);
  EXPECT_EQ(spoiled_in(readings, 1), 0);
}

}  // namespace
}  // namespace lightloom::calibration
