#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "calibration/gauge.hpp"
#include "calibration/mesh_fit.hpp"
#include "calibration/startup.hpp"

namespace lightloom::calibration {
namespace {

/// Largest distance between the empirical distribution and N(0, 1) (Kolmogorov and Smirnov).
double distance_from_normal(std::vector<double> pulls) {
  std::sort(pulls.begin(), pulls.end());
  const auto count = static_cast<double>(pulls.size());
  double distance = 0;
  for (std::size_t i = 0; i < pulls.size(); ++i) {
    const double normal = 0.5 * std::erfc(-pulls[i] / std::numbers::sqrt2);
    distance = std::max({distance, std::abs(normal - static_cast<double>(i) / count),
                         std::abs(normal - static_cast<double>(i + 1) / count)});
  }
  return distance;
}

TEST(SlowPulls, OfHeaterLawsOverFiftyChipsAreStandardNormal) {
  const ChipCard card{.modes = 6};
  const ChipShape shape = chip_shape(card);
  std::vector<double> by_kind[2];  // one parameter a chip: pulls within a chip are correlated
  double sum = 0, squares = 0, count = 0;
  for (std::uint32_t c = 0; c < 50; ++c) {
    const std::vector<double> truth = hidden_parameters(shape, card, 40, c);
    VirtualChip chip(shape, truth, {}, 40, c);
    const SweepRun run = sweep_heaters(shape, instrument_of(chip), {.seed = c});
    Measurements data = measure(chip, random_voltages(shape, 40, 6.5, 100 + c), single_ports(6));
    data.sweeps = run.sweeps;
    // The prior is the distribution the chips are drawn from, so that pulls are N(0, 1) for
    // parameters that the data hardly determine, too.
    const FitResult fit = fit_mesh(shape, data, {.splitter_sigma_rad = card.splitter_sigma_rad});
    const std::vector<double> there = in_gauge_of(shape, truth, fit.parameters);
    for (const int p : fit.free.parameters) {
      const auto i = static_cast<std::size_t>(p);
      const Kind kind = shape.parameters.kind_of(p);
      if (kind != Kind::efficiency && kind != Kind::bias) continue;
      double off = fit.parameters[i] - there[i];
      if (kind == Kind::bias) off = std::remainder(off, 2 * std::numbers::pi);
      const double pull = off / fit.sigma[i];
      sum += pull, squares += pull * pull, ++count;
      const int heater = p - shape.parameters.first(kind);
      if (heater == 2 * (static_cast<int>(c) % shape.cells()))
        by_kind[kind == Kind::bias ? 1 : 0].push_back(pull);
    }
  }
  RecordProperty("mean", fmt::format("{:.4f}", sum / count));
  RecordProperty("variance", fmt::format("{:.4f}", squares / count));
  for (const std::vector<double>& pulls : by_kind) {
    ASSERT_EQ(pulls.size(), 50u);
    const double distance = distance_from_normal(pulls);
    RecordProperty("distance", fmt::format("{:.4f}", distance));
    EXPECT_LT(distance, 1.63 / std::sqrt(50.0));  // 1 % point of the Kolmogorov distribution
  }
  EXPECT_NEAR(squares / count, 1, 0.1);
}

}  // namespace
}  // namespace lightloom::calibration
