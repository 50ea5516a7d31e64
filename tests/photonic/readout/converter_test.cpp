#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/cores/core_card.hpp"

namespace lightloom::photonic {
namespace {

using std::numbers::pi;

Converter imperfect() {
  Converter converter{.bits = 6};
  converter.noise_lsb = 0.3;
  converter.offset_lsb = 2;
  converter.gain_sigma = 0.04;
  converter.inl_lsb = 0.8;
  return converter;
}

TEST(Converter, BowAndBendArePeaksThatVanishAtBothEnds) {
  const ConverterCurve curve{.bow_lsb = 0.7, .bend_lsb = 0.4};
  EXPECT_NEAR(curve_error_lsb(curve, 0, -1), 0, 1e-15);
  EXPECT_NEAR(curve_error_lsb(curve, 0, 1), 0, 1e-15);
  double bow = 0, bend = 0;
  for (int i = -1000; i <= 1000; ++i) {
    bow = std::max(bow, curve_error_lsb({.bow_lsb = 0.7}, 0, i / 1000.0));
    bend = std::max(bend, curve_error_lsb({.bend_lsb = 0.4}, 0, i / 1000.0));
  }
  // A grid of 1000 misses the curved peak by at most its second derivative times (1/2000)^2 / 2.
  EXPECT_NEAR(bow, 0.7, 1e-6);
  EXPECT_NEAR(bend, 0.4, 1e-6);
}

TEST(Converter, AFullScaleSineShowsTheHarmonicsOfItsCurve) {
  const ConverterCurve curve{.offset_lsb = 1.5, .gain = 0.02, .bow_lsb = 0.7, .bend_lsb = 0.4};
  constexpr int points = 64;
  constexpr double half = 32;
  double mean = 0, first = 0, second = 0, third = 0;
  for (int i = 0; i < points; ++i) {
    const double t = 2 * pi * i / points, u = std::sin(t);
    const double error = curve_error_lsb(curve, half * u, u);
    mean += error / points;
    first += 2 * error * std::sin(t) / points;
    second += 2 * error * std::cos(2 * t) / points;
    third += 2 * error * std::sin(3 * t) / points;
  }
  const double bend = 0.4 * 1.5 * std::sqrt(3.0);  // u - u^3 = (sin t + sin 3t) / 4
  EXPECT_NEAR(mean, 1.5 + 0.7 / 2, 1e-13);
  EXPECT_NEAR(first, 0.02 * half + bend / 4, 1e-13);
  EXPECT_NEAR(second, 0.7 / 2, 1e-13);
  EXPECT_NEAR(third, bend / 4, 1e-13);
}

TEST(Converter, CurvesOfAChipHaveTheSpreadOfItsCard) {
  const Converter converter = imperfect();
  constexpr std::size_t count = 4000;
  const auto curves = draw_curves(converter, adc_address(4, 0), count);
  ASSERT_EQ(curves.size(), count);
  const auto check = [&](const char* name, double sigma, auto part) {
    double mean = 0, square = 0;
    for (const ConverterCurve& curve : curves) {
      mean += part(curve) / count;
      square += part(curve) * part(curve) / count;
    }
    EXPECT_NEAR(mean, 0, 4 * sigma / std::sqrt(count)) << name;
    EXPECT_NEAR(square, sigma * sigma, 4 * sigma * sigma * std::sqrt(2.0 / count)) << name;
  };
  check("offset", 2, [](const ConverterCurve& c) { return c.offset_lsb; });
  check("gain", 0.04, [](const ConverterCurve& c) { return c.gain; });
  check("bow", 0.8, [](const ConverterCurve& c) { return c.bow_lsb; });
  check("bend", 0.8, [](const ConverterCurve& c) { return c.bend_lsb; });
  EXPECT_TRUE(draw_curves(Converter{.bits = 6}, {}, count).empty());
  // One error does not move the draws of another.
  Converter offset{.bits = 6};
  offset.offset_lsb = 2;
  const auto alone = draw_curves(offset, adc_address(4, 0), count);
  for (std::size_t k = 0; k < count; ++k) EXPECT_EQ(alone[k].offset_lsb, curves[k].offset_lsb);
}

TEST(Converter, EffectiveBitsAreThoseOfSampledConversions) {
  // Signals that fill the range evenly, through drawn curves, with noise and rounding; offset and
  // gain are fitted and taken out converter by converter.
  const Converter converter = imperfect();
  constexpr std::size_t count = 400, samples = 4000;
  const Stream stream({.seed = 8, .purpose = Purpose::test});
  const auto curves = draw_curves(converter, adc_address(8, 0), count);
  double mean = 0, square = 0;
  for (std::size_t k = 0; k < count; ++k) {
    double ee = 0, e1 = 0, eu = 0, u1 = 0, uu = 0;
    for (std::size_t i = 0; i < samples; ++i) {
      const double u = 2 * stream.uniform(k * samples + i, 0) - 1;
      const double level =
          32 * u + curve_error_lsb(curves[k], 32 * u, u) + 0.3 * stream.normal(k * samples + i, 1);
      const double error = std::round(level) - 32 * u;
      ee += error * error / samples;
      e1 += error / samples;
      eu += error * u / samples;
      u1 += u / samples;
      uu += u * u / samples;
    }
    const double variance_u = uu - u1 * u1, covariance = eu - e1 * u1;
    const double left = ee - e1 * e1 - covariance * covariance / variance_u;
    mean += left / count;
    square += left * left / count;
  }
  const double law = std::pow(converter.error_lsb(), 2);
  // Two of `samples` degrees of freedom went into offset and gain.
  EXPECT_NEAR(mean, law * (1 - 2.0 / samples), 4 * std::sqrt((square - mean * mean) / count));
  EXPECT_NEAR(converter.enob(), 6 - std::log2(std::sqrt(12 * law)), 1e-12);
  EXPECT_NEAR(Converter{.bits = 9}.enob(), 9, 1e-12);
}

TEST(Converter, EnergyFollowsBitsOrEffectiveBitsByItsLaw) {
  Converter adc{.bits = 8, .rate_GHz = 10, .power_mW = 14.8};
  adc.reference_bits = 8;
  const auto energy = [&](PowerLaw law, int bits) {
    adc.power_law = law;
    adc.bits = bits;
    return adc.energy_pJ();
  };
  for (const PowerLaw law :
       {PowerLaw::fixed, PowerLaw::sar, PowerLaw::flash, PowerLaw::dac, PowerLaw::walden})
    EXPECT_NEAR(energy(law, 8), 1.48, 1e-12);
  EXPECT_NEAR(energy(PowerLaw::fixed, 5), 1.48, 1e-12);
  EXPECT_NEAR(energy(PowerLaw::sar, 6), 1.48 * 6 / 8, 1e-12);
  EXPECT_NEAR(energy(PowerLaw::flash, 6), 1.48 * 63 / 255, 1e-12);
  EXPECT_NEAR(energy(PowerLaw::dac, 6), 1.48 * (64.0 / 7) / (256.0 / 9), 1e-12);
  // Walden: a step's worth of effective bits costs the same wherever it is spent.
  adc.noise_lsb = 0.5;
  const double walden = energy(PowerLaw::walden, 7);
  EXPECT_NEAR(walden, 1.48 * std::exp2(adc.enob() - 8), 1e-12);
  // Noise of half a step leaves 1 / (1 + 12 / 4) of the ideal variance ratio: one bit less.
  EXPECT_NEAR(walden, 1.48 / 4, 1e-12);
}

TEST(Converter, ErrorsOfAnIdealConverterAreRefused) {
  const std::string card = std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/ideal.yaml";
  EXPECT_THROW(read_card<CoreCard>(load_card(card, {"output_adc.inl_lsb=1"})), Error);
  EXPECT_NO_THROW(
      read_card<CoreCard>(load_card(card, {"output_adc.inl_lsb=1", "output_adc.bits=8"})));
}

}  // namespace
}  // namespace lightloom::photonic
