// Single elements measured alone: rings, lines and tables, drift.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "calibration/elements/drift_fit.hpp"
#include "calibration/elements/linear_fit.hpp"
#include "calibration/rings/ring_fit.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/devices/ring.hpp"

namespace lightloom::calibration {
namespace {

struct Spectrum {
  std::vector<double> wavelength_nm, power;
};
/// A ring of group index 4.2 and 60 um round 1550 nm, by the photonic room's own transfer.
Spectrum spectrum(int points, double noise, bool drop) {
  const photonic::Ring ring{.self_coupling_in = 0.97, .self_coupling_drop = 0.97};
  const double fsr_nm = photonic::ring_fsr_nm(4.2, 60, 1550);
  const Stream stream({.seed = 4, .purpose = Purpose::test});
  Spectrum result;
  for (int i = 0; i < points; ++i) {
    const double nm = 1540 + 30.0 * i / (points - 1);
    const double phase = 2 * std::numbers::pi * (nm - 1545) / fsr_nm;
    const photonic::RingPower power = photonic::ring_power(ring, phase);
    result.wavelength_nm.push_back(nm);
    result.power.push_back((drop ? power.drop : power.through) +
                           noise * stream.normal(static_cast<std::uint64_t>(i)));
  }
  return result;
}

TEST(RingFit, FindsWidthSpacingAndQualityOfTheRingAtBothPorts) {
  const photonic::Ring ring{.self_coupling_in = 0.97, .self_coupling_drop = 0.97};
  const double fsr_nm = photonic::ring_fsr_nm(4.2, 60, 1550);
  for (const bool drop : {false, true}) {
    const Spectrum s = spectrum(3001, 0.005, drop);
    const RingFit fit = fit_ring(s.wavelength_nm, s.power);
    EXPECT_TRUE(fit.good()) << fit.problems.front();
    EXPECT_EQ(fit.dips, !drop);
    ASSERT_EQ(fit.resonances.size(), 3u);
    EXPECT_NEAR(fit.fsr_nm, fsr_nm, 5 * fit.fsr_sigma);
    for (std::size_t k = 0; k < 3; ++k) {
      const Resonance& line = fit.resonances[k];
      EXPECT_NEAR(line.centre_nm, 1545 + fsr_nm * static_cast<double>(k), 5 * line.centre_sigma);
      // An Airy line of finesse F is a Lorentzian up to terms of order 1 / F^2.
      const double finesse = photonic::ring_finesse(ring);
      EXPECT_NEAR(line.width_nm, fsr_nm / finesse,
                  5 * line.width_sigma + 5 / (finesse * finesse) * fsr_nm / finesse);
    }
  }
}

TEST(RingFit, NamesUnderSampledCutOffAndMissingLines) {
  const auto first = [](const Spectrum& s) {
    const RingFit fit = fit_ring(s.wavelength_nm, s.power);
    return fit.problems.empty() ? std::string() : fit.problems.front();
  };
  EXPECT_EQ(first(spectrum(121, 0, false)).find("under-sampled"), 0u);
  Spectrum cut = spectrum(3001, 0.001, false);
  cut.wavelength_nm.erase(cut.wavelength_nm.begin(), cut.wavelength_nm.begin() + 500);
  cut.power.erase(cut.power.begin(), cut.power.begin() + 500);
  EXPECT_NE(first(cut).find("cut off"), std::string::npos);
  const Stream stream({.seed = 5, .purpose = Purpose::test});
  Spectrum flat = spectrum(400, 0, false);
  for (std::size_t i = 0; i < flat.power.size(); ++i) flat.power[i] = 1 + 0.01 * stream.normal(i);
  EXPECT_EQ(first(flat).find("no resonance"), 0u);
  flat.wavelength_nm[5] = flat.wavelength_nm[4];
  EXPECT_THROW(fit_ring(flat.wavelength_nm, flat.power), Error);
}

TEST(LinearFit, IntervalsHoldTheTruthAsOftenAsTheySay) {
  // Energy of a DRAM channel: activates, reads, seconds; 2 % noise.
  const std::vector<double> truth{1200, 450, 9e4};
  int inside = 0, all = 0;
  for (std::uint64_t trial = 0; trial < 2000; ++trial) {
    const Stream stream({.seed = trial, .purpose = Purpose::test});
    std::vector<TableColumn> columns{{"activates", {}}, {"reads", {}}, {"time_us", {}}};
    std::vector<double> energy;
    for (std::uint64_t row = 0; row < 12; ++row) {
      double sum = 0;
      for (std::size_t c = 0; c < 3; ++c) {
        columns[c].values.push_back(10 + 90 * stream.uniform(c, row));
        sum += truth[c] * columns[c].values.back();
      }
      energy.push_back(sum * (1 + 0.02 * stream.normal(9, row)));
    }
    const LinearFit fit = fit_linear(columns, energy, RowWeights::relative);
    for (std::size_t c = 0; c < 3; ++c, ++all)
      inside += fit.coefficients[c].low <= truth[c] && truth[c] <= fit.coefficients[c].high ? 1 : 0;
  }
  EXPECT_NEAR(inside / static_cast<double>(all), 0.95, 4 * std::sqrt(0.95 * 0.05 / 2000));
}

TEST(LinearFit, NamesColumnsInProportionAndALineThatBends) {
  const std::vector<double> x{0, 1, 2, 3, 4, 5, 6, 7};
  std::vector<double> twice, y, bent;
  for (const double v : x) {
    twice.push_back(2 * v);
    y.push_back(0.1 + 0.8 * v);
    bent.push_back(v - 0.03 * v * v);
  }
  EXPECT_EQ(fit_linear({{"reads", x}, {"bytes", twice}}, y)
                .problems.front()
                .find("columns 'reads' and 'bytes' are in proportion"),
            0u);
  const LinearFit line = fit_line(x, y);
  EXPECT_TRUE(line.problems.empty());
  EXPECT_NEAR(line.coefficients[0].value, 0.1, 1e-12);
  EXPECT_NEAR(line.coefficients[1].value, 0.8, 1e-12);
  EXPECT_EQ(fit_line(x, bent).problems.front().find("the line bends"), 0u);
  EXPECT_THROW(fit_line(x, std::vector<double>(7)), Error);
}

TEST(DriftFit, FindsSpreadTimeConstantAndNoiseWithinItsErrors) {
  const double tau = 30, sigma = 0.05, noise = 0.01, dt = 2;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Stream stream({.seed = seed, .purpose = Purpose::test});
    const double kept = std::exp(-dt / tau);
    std::vector<double> values;
    double state = sigma * stream.normal(1u << 20);
    for (std::uint64_t i = 0; i < 6000; ++i) {
      state = kept * state + sigma * std::sqrt(1 - kept * kept) * stream.normal(2 * i);
      values.push_back(1.3 + state + noise * stream.normal(2 * i + 1));
    }
    const DriftFit fit = fit_drift(dt, values);
    EXPECT_TRUE(fit.good());
    EXPECT_NEAR(fit.sigma, sigma, 4 * fit.sigma_error);
    EXPECT_NEAR(fit.time_constant_s, tau, 4 * fit.time_constant_error);
    EXPECT_NEAR(fit.noise, noise, 0.3 * noise);
    // The process's own variance at that time is the limit's.
    const double after = recalibrate_after_s(fit, 0.02);
    EXPECT_NEAR(fit.sigma * std::sqrt(1 - std::exp(-2 * after / fit.time_constant_s)), 0.02, 1e-12);
    EXPECT_TRUE(std::isinf(recalibrate_after_s(fit, 2 * fit.sigma)));
  }
  std::vector<double> white;
  const Stream stream({.seed = 9, .purpose = Purpose::test});
  for (std::uint64_t i = 0; i < 500; ++i) white.push_back(stream.normal(i));
  EXPECT_EQ(fit_drift(1, white).problems.front().find("no drift"), 0u);
}

TEST(DriftFit, TakesGapsAndJitterAndNamesJumps) {
  const double tau = 15, sigma = 0.05, noise = 0.01;
  int inside = 0;
  for (std::uint64_t draw = 0; draw < 20; ++draw) {
    const Stream stream({.seed = 51, .purpose = Purpose::test});
    std::vector<double> times, values;
    double time = 0, state = sigma * stream.normal(1u << 20, draw);
    for (std::uint64_t i = 0; i < 1500; ++i) {
      const double step = 0.3 + 1.4 * stream.uniform(3 * i, draw) + (i % 400 == 399 ? 90 : 0);
      const double kept = std::exp(-step / tau);
      time += step;
      state = kept * state + sigma * std::sqrt(1 - kept * kept) * stream.normal(3 * i + 1, draw);
      times.push_back(time);
      values.push_back(1 + state + noise * stream.normal(3 * i + 2, draw));
    }
    const DriftFit fit = fit_drift(times, values);
    EXPECT_TRUE(fit.good());
    EXPECT_TRUE(drift_misfits(fit, times, values).empty());
    EXPECT_NEAR(fit.noise, noise, 0.2 * noise);
    inside += std::abs(fit.time_constant_s - tau) < 2 * fit.time_constant_error &&
                      std::abs(fit.sigma - sigma) < 2 * fit.sigma_error
                  ? 1
                  : 0;
    if (draw > 0) continue;
    values[700] += 0.5;
    EXPECT_EQ(drift_misfits(fit, times, values).front().find("reading 700"), 0u);
    times[5] = times[4];
    EXPECT_THROW(fit_drift(times, values), Error);
  }
  EXPECT_GE(inside, 15);  // 95 % each; four standard errors below 0.95^2 of 20
}

TEST(LinearFit, LeavesOutALoneReadingAndNamesASumThatIsNone) {
  std::vector<double> x, y;
  const Stream stream({.seed = 52, .purpose = Purpose::test});
  for (std::uint64_t i = 0; i < 30; ++i) {
    x.push_back(static_cast<double>(i));
    y.push_back(2 + 0.5 * x.back() + 0.01 * stream.normal(i));
  }
  y[12] = 30;
  const LinearFit line = fit_line(x, y);
  ASSERT_EQ(line.problems.size(), 1u);
  EXPECT_NE(line.problems[0].find("30 at 12"), std::string::npos);
  EXPECT_NEAR(line.coefficients[1].value, 0.5, 5 * line.coefficients[1].sigma);

  std::vector<TableColumn> columns{{"reads", {}}, {"writes", {}}};
  std::vector<double> plain, bent;
  for (std::uint64_t i = 0; i < 30; ++i) {
    columns[0].values.push_back(1 + stream.uniform(100 + i));
    columns[1].values.push_back(1 + stream.uniform(200 + i));
    const double sum = 3 * columns[0].values.back() + 5 * columns[1].values.back(),
                 noise = 1 + 0.002 * stream.normal(300 + i);
    plain.push_back(sum * noise);
    bent.push_back((sum + 0.05 * sum * sum) * noise);
  }
  EXPECT_EQ(linear_misfit(columns, plain, RowWeights::relative), "");
  EXPECT_EQ(linear_misfit(columns, bent, RowWeights::relative).find("the values are no sum"), 0u);
}

}  // namespace
}  // namespace lightloom::calibration
