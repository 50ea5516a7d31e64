// What differs from one residual to the next, of few and of many.
#include "calibration/rings/lines/spectrum_noise.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/random/random.hpp"

namespace lightloom::calibration {
namespace {

std::vector<double> white(std::uint64_t count, std::uint64_t draw) {
  const Stream stream({.seed = 16, .purpose = Purpose::test});
  std::vector<double> values;
  for (std::uint64_t i = 0; i < count; ++i) values.push_back(stream.normal(i, draw));
  return values;
}

double rms_of(const std::vector<double>& values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares / static_cast<double>(values.size()));
}

TEST(SpectrumNoise, WhiteResidualsAreHardlyEverLargerThanWhatDiffersBetweenThem) {
  constexpr int draws = 4000;
  for (const std::uint64_t count : {25u, 42u, 80u}) {
    int beyond = 0;
    double mean = 0;
    for (std::uint64_t draw = 0; draw < draws; ++draw) {
      const std::vector<double> values = white(count, draw);
      const double ratio = rms_of(values) / difference_sigma(values);
      mean += ratio / draws;
      beyond += ratio > 1.3 + 4 / std::sqrt(static_cast<double>(count)) ? 1 : 0;
    }
    EXPECT_NEAR(mean, 1, 0.05) << count;
    EXPECT_LE(beyond, draws / 1000) << count;
  }
}

TEST(SpectrumNoise, WhatChangesSlowlyOrOverAFewReadingsDoesNotCount) {
  std::vector<double> wave = white(400, 0), narrow = wave;
  for (std::size_t i = 0; i < wave.size(); ++i)
    wave[i] += 5 * std::sin(2 * std::numbers::pi * static_cast<double>(i) / 60);
  for (std::size_t i = 0; i < 40; ++i) narrow[180 + i] += i % 4 < 2 ? 20 : -20;
  EXPECT_NEAR(difference_sigma(wave), 1, 0.1);
  EXPECT_NEAR(difference_sigma(narrow), 1, 0.25);
}

}  // namespace
}  // namespace lightloom::calibration
