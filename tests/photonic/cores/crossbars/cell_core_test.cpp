#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "core/random/random.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/cores/core_cost.hpp"
#include "photonic/devices/cell_card.hpp"

namespace lightloom::photonic {
namespace {

constexpr int cell_rows = 33, cell_columns = 35, cell_tiles = 8;
constexpr std::size_t tile_size = std::size_t{cell_rows} * cell_columns,
                      cell_count = cell_tiles * tile_size;

CoreCard cells_card(const std::string& cells) {
  return read_card<CoreCard>(parse_yaml(
      "{kind: cell-crossbar, rows: 33, columns: 35, cells: " + cells + "}", "cell_core_test"));
}

CoreCard shipped_cells(const std::string& name, std::vector<std::string> settings) {
  settings.insert(settings.end(), {"rows=33", "columns=35"});
  return read_card<CoreCard>(
      load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/" + name + ".yaml", settings));
}

struct CellRun {
  std::vector<float> targets = std::vector<float>(cell_count), realised = targets,
                     variance = targets;
  std::vector<float> scales = std::vector<float>(cell_tiles);
  RealisationReport report;
  [[nodiscard]] double error() const {
    return std::sqrt(report.squared_error / static_cast<double>(cell_count));
  }
};

/// Gaussian weights of deviation 1, cut at three.
CellRun run_cells(const CoreCard& card, TileAddress address = {.seed = 9}) {
  const auto core = make_core(card);
  CellRun run;
  const Stream stream({.seed = 2, .purpose = Purpose::test});
  for (std::size_t k = 0; k < cell_count; ++k)
    run.targets[k] = static_cast<float>(std::clamp(stream.normal(k), -3.0, 3.0));
  run.report = core->realise(run.targets, address, run.realised, run.scales);
  core->cell_noise(run.targets, address, {.variance = run.variance, .light = {}});
  return run;
}

double largest_difference(const CellRun& a, const CellRun& b) {
  double largest = 0;
  for (std::size_t k = 0; k < cell_count; ++k)
    largest = std::max<double>(largest, std::abs(a.realised[k] - b.realised[k]));
  return largest;
}

/// Standard deviation of weights in units of the largest, of normal weights cut at three standard
/// deviations, by quadrature over them: both cells of a pair, each spread by its polynomial and
/// never below 0. The mean square of max(0, g + s n) - g is that of its tail's two moments.
double weight_noise(const std::vector<double>& sigma_uS, double gmax_uS) {
  const auto spread = [&](double x) {
    return sigma_uS[0] +
           x * (sigma_uS[1] +
                x * (sigma_uS[2] +
                     x * (sigma_uS[3] + x * (sigma_uS.size() > 4 ? sigma_uS[4] : 0.0))));
  };
  struct Moments {
    double first = 0, second = 0;
  };
  const auto moments = [&](double g, double s) {  // of the error of one cell
    Moments sum;
    double norm = 0;
    for (int i = -800; i <= 800; ++i) {
      const double n = i / 100.0, weight = std::exp(-n * n / 2);
      const double e = std::max(0.0, g + s * n) - g;
      norm += weight;
      sum.first += weight * e;
      sum.second += weight * e * e;
    }
    return Moments{sum.first / norm, sum.second / norm};
  };
  const Moments idle = moments(0, spread(0));
  double norm = 0, mean = 0;
  const auto add = [&](double x, double weight) {
    const Moments active = moments(x * gmax_uS, spread(x));
    mean += weight * (active.second + idle.second - 2 * active.first * idle.first);
    norm += weight;
  };
  for (int i = 0; i < 300; ++i) {
    const double w = (i + 0.5) / 100;
    add(w / 3, std::exp(-w * w / 2) * 0.01 * std::sqrt(2 / M_PI));
  }
  add(1, std::erfc(3 / std::sqrt(2.0)));
  return std::sqrt(mean / norm) / gmax_uS;
}

struct Published {
  const char* card;
  std::vector<std::string> settings;
  std::vector<double> sigma_uS;
  double gmax_uS, of_largest;
};

TEST(CellCore, ShippedCellsHaveThePublishedNoiseOfGaussianWeights) {
  const std::vector<Published> all{
      {"neurram-rram", {"cells.elapsed_s=1"}, {.348, 16.030, -43.853, 45.393, -16.815}, 40, 0.048},
      {"neurram-rram", {}, {.701, 22.086, -50.773, 47.095, -16.458}, 40, 0.083},
      {"neurram-rram",
       {"cells.elapsed_s=172800"},
       {.782, 20.274, -43.507, 37.062, -11.934},
       40,
       0.083},
      {"hermes-pcm", {"cells.elapsed_s=0"}, {.166, 4.718, -8.481, 4.690}, 20.7, 0.039},
      {"hermes-pcm",
       {"cells.elapsed_s=0", "cells.devices_per_polarity=1"},
       {.158, 2.324, -2.163, .688},
       10.35,
       0.062}};
  for (const Published& one : all) {
    std::vector<std::string> settings = one.settings;
    settings.emplace_back("cells.read_scale=0");
    const double by_hand = weight_noise(one.sigma_uS, one.gmax_uS);
    const double found = run_cells(shipped_cells(one.card, settings)).error() / 3;
    EXPECT_NEAR(by_hand / one.of_largest, 1, 0.05) << one.card << one.of_largest;
    EXPECT_NEAR(found / by_hand, 1, 4 / std::sqrt(2.0 * cell_count) + 0.01) << one.card;
  }
}

TEST(CellCore, ExactCellsRealiseTheTargetsWhateverTheirLayout) {
  for (const char* cells : {"{}", "{copies: 3}", "{gmin_uS: 7}", "{idle: off}", "{scale: output}",
                            "{elapsed_s: 1e6}"}) {
    const CellRun run = run_cells(cells_card(cells));
    EXPECT_LT(run.error(), 2e-7) << cells;
    EXPECT_EQ(run.report.clipped_weights, 0) << cells;
  }
}

TEST(CellCore, SlicesAreTheDigitsOfAWeight) {
  const auto core = make_core(cells_card("{slices: 3, level_bits: 2}"));
  std::vector<float> targets(tile_size), scales(3), realised(3 * tile_size);
  for (std::size_t k = 0; k < tile_size; ++k)
    targets[k] = static_cast<float>(std::sin(static_cast<double>(k)));
  targets[0] = -1;
  core->realise_slices({targets, {.seed = 1}, realised, scales}, {});
  // 63 steps; digits to the base of 4, the least significant first, each worth 1, 4, 16 of 63.
  EXPECT_FLOAT_EQ(scales[0], 3 / 63.0F);
  EXPECT_FLOAT_EQ(scales[1], 12 / 63.0F);
  EXPECT_FLOAT_EQ(scales[2], 48 / 63.0F);
  for (std::size_t k = 0; k < tile_size; ++k) {
    const int number = static_cast<int>(std::lround(std::abs(targets[k]) * 63));
    const double sign = targets[k] < 0 ? -1 : 1;
    const int digits[] = {number % 4, number / 4 % 4, number / 16};
    for (std::size_t s = 0; s < 3; ++s)
      ASSERT_NEAR(realised[s * tile_size + k], sign * digits[s] * std::pow(4, s) / 63, 1e-6);
  }
}

TEST(CellCore, LevelsRoundToTheirStepAndCopiesAverage) {
  // 31 steps of the largest weight, 3: a Gaussian weight's error is uniform over a step.
  EXPECT_NEAR(run_cells(cells_card("{level_bits: 5}")).error() / (3 / 31.0 / std::sqrt(12)), 1,
              0.03);
  const std::string noisy =
      "fits: [{gmax_uS: 20, programming: [{sigma_uS: [0.1, 2]}]}], gmin_uS: 3";
  const double once = run_cells(cells_card("{" + noisy + "}")).error();
  const double four = run_cells(cells_card("{" + noisy + ", copies: 4}")).error();
  EXPECT_NEAR(once / four, 2, 2 * 4 / std::sqrt(static_cast<double>(cell_count)));
}

TEST(CellCore, WhatIsIdleAtGminIsSpreadAndWhatIsOffIsNot) {
  // Each idle cell: sigma(gmin) = 1 + 2/20; off: nothing. Weights of 0 are both cells of theirs.
  const std::string fit = "fits: [{gmax_uS: 20, programming: [{sigma_uS: [1, 2]}]}], gmin_uS: 1";
  std::vector<float> targets(tile_size), realised(tile_size), scales(1);
  targets[7] = 1;
  const auto zeros = [&](const std::string& idle) {
    const auto core = make_core(cells_card("{" + fit + ", idle: " + idle + "}"));
    core->realise(targets, {.seed = 3}, realised, scales);
    double squares = 0;
    for (std::size_t k = 0; k < tile_size; ++k)
      if (k != 7) squares += realised[k] * realised[k];
    return std::sqrt(squares / (tile_size - 1));
  };
  EXPECT_EQ(zeros("off"), 0);
  // max(0, 1 + 1.1 n) has a variance by its moments (a = 1/1.1): s^2 [(1 + a^2) P + a p - (a P +
  // p)^2].
  const double a = 1 / 1.1, p = std::exp(-a * a / 2) / std::sqrt(2 * M_PI),
               P = 0.5 * std::erfc(-a / std::sqrt(2.0)), mean = a * P + p;
  const double variance = 1.21 * ((1 + a * a) * P + a * p - mean * mean);
  EXPECT_NEAR(zeros("gmin") / (std::sqrt(2 * variance) / 19), 1, 4 / std::sqrt(2.0 * tile_size));
}

TEST(CellCore, ClippingIsCountedAndTakesSoManyStandardDeviations) {
  const CellRun run = run_cells(cells_card("{weight_clip_sigma: 2}"));
  std::int64_t beyond = 0;
  for (int t = 0; t < cell_tiles; ++t) {
    const auto* from = run.targets.data() + static_cast<std::size_t>(t) * tile_size;
    double sum = 0, squares = 0;
    for (std::size_t k = 0; k < tile_size; ++k) sum += from[k];
    for (std::size_t k = 0; k < tile_size; ++k) squares += std::pow(from[k] - sum / tile_size, 2);
    const double clip = 2 * std::sqrt(squares / tile_size);
    EXPECT_NEAR(run.scales[static_cast<std::size_t>(t)], clip, 1e-5);
    for (std::size_t k = 0; k < tile_size; ++k) {
      const double target = from[k], wanted = std::clamp(target, -clip, clip);
      ASSERT_NEAR(run.realised[static_cast<std::size_t>(t) * tile_size + k], wanted, 1e-5);
      beyond += std::abs(target) > clip ? 1 : 0;
    }
  }
  EXPECT_EQ(run.report.clipped_weights, beyond);
  EXPECT_NEAR(static_cast<double>(beyond) / cell_count, std::erfc(std::sqrt(2.0)), 0.01);
}

TEST(CellCore, PaddingDoesNotCountForTheScale) {
  const auto core = make_core(cells_card("{weight_clip_sigma: 2}"));
  std::vector<float> targets(tile_size), realised(tile_size), scales(1);
  for (std::size_t r = 0; r < 10; ++r)
    for (std::size_t c = 0; c < 10; ++c) targets[r * cell_columns + c] = (r + c) % 2 == 0 ? 1 : -1;
  targets[0] = 5;
  const UsedPart used[] = {{10, 10}};
  core->realise_used({targets, {.seed = 1}, realised, scales, used});
  // Mean (5 - 1 + 0) / 100, mean square (99 + 25) / 100.
  EXPECT_NEAR(scales[0], 2 * std::sqrt(1.24 - 0.04 * 0.04), 1e-6);
}

/// Weights' projection on their targets.
double weight_gain(const CellRun& run) {
  double up = 0, down = 0;
  for (std::size_t k = 0; k < cell_count; ++k) {
    up += static_cast<double>(run.realised[k]) * run.targets[k];
    down += static_cast<double>(run.targets[k]) * run.targets[k];
  }
  return up / down;
}

TEST(CellCore, DriftFollowsItsPowerAndOneFactorATileTakesItBack) {
  const std::string drift =
      "fits: [{gmax_uS: 20, drift: {reference_s: 100, exponent: [{polynomial: [0.05]}]}}], "
      "elapsed_s: 9900";
  const CellRun raw = run_cells(cells_card("{" + drift + ", compensate_drift: false}"));
  EXPECT_NEAR(weight_gain(raw), std::pow(100, -0.05), 1e-6);
  EXPECT_LT(run_cells(cells_card("{" + drift + "}")).error(), 1e-6);
  EXPECT_NEAR(weight_gain(run_cells(
                  cells_card("{" + drift + ", drift_scale: 2, compensate_drift: false}"))),
              std::pow(100, -0.1), 1e-6);
}

TEST(CellCore, TheSpreadOfDriftIsThatOfItsExponent) {
  // nu = |0.05 + 0.01 n|: a weight's share left is 100^-nu; log of it has that spread.
  const CellRun run = run_cells(cells_card(
      "{fits: [{gmax_uS: 20, drift: {reference_s: 100, exponent: [{polynomial: [0.05]}], "
      "exponent_sigma: [{polynomial: [0.01]}]}}], elapsed_s: 9900, compensate_drift: false}"));
  double sum = 0, squares = 0;
  for (std::size_t k = 0; k < cell_count; ++k) {
    const double nu = -std::log(run.realised[k] / run.targets[k]) / std::log(100);
    sum += nu;
    squares += nu * nu;
  }
  const double n = cell_count, mean = sum / n;
  EXPECT_NEAR(mean, 0.05, 4 * 0.01 / std::sqrt(n));
  EXPECT_NEAR(std::sqrt(squares / n - mean * mean), 0.01, 4 * 0.01 / std::sqrt(2 * n));
}

TEST(CellCore, OlderCellsAreWorse) {
  double last = 0;
  for (const char* age : {"0", "3600", "86400", "2.6e6"}) {
    const CellRun run =
        run_cells(shipped_cells("hermes-pcm", {"cells.elapsed_s=" + std::string(age)}));
    EXPECT_GT(run.error(), last) << age;
    last = run.error();
  }
  EXPECT_GT(run_cells(shipped_cells("neurram-rram", {})).error(),
            run_cells(shipped_cells("neurram-rram", {"cells.elapsed_s=1"})).error());
}

TEST(CellCore, AReadingHasTheNoiseOfBothCellsOfItsWeight) {
  const std::string fit =
      "{fits: [{gmax_uS: 20, reading: {time_s: 1e-6, relative: [{polynomial: [0.01, 0.02]}]}}], "
      "elapsed_s: 1000, gmin_uS: 2";
  const CellRun run = run_cells(cells_card(fit + "}"));
  const double growth = std::sqrt(std::log((1000 + 1e-6) / 2e-6));
  for (std::size_t k = 0; k < cell_count; k += 97) {
    const double scale = run.scales[k / tile_size];
    const double active = 2 + 18 * std::abs(run.targets[k]) / scale;
    const double sigma = scale / 18 * growth *
                         std::hypot(active * (0.01 + 0.02 * active / 20), 2 * (0.01 + 0.02 * 0.1));
    ASSERT_NEAR(run.variance[k] / (sigma * sigma), 1, 1e-5);
  }
  const CellRun four = run_cells(cells_card(fit + ", copies: 4}"));
  EXPECT_NEAR(run.variance[5] / four.variance[5], 4, 1e-4);
  EXPECT_EQ(run_cells(cells_card(fit + ", read_scale: 0}")).variance[5], 0);
}

TEST(CellCore, StuckCellsStayWhereTheyAreInEveryTileOfAChip) {
  const CellRun run = run_cells(cells_card("{stuck_high_fraction: 0.05}"));
  const double cells = 2.0 * cell_count;
  EXPECT_EQ(run.report.devices, static_cast<std::int64_t>(cells));
  EXPECT_NEAR(static_cast<double>(run.report.unreachable_devices) / cells, 0.05,
              4 * std::sqrt(0.05 * 0.95 / (2 * tile_size)));
  for (std::size_t k = 0; k < tile_size; ++k) {
    bool off_everywhere = true, off_anywhere = false;
    for (std::size_t t = 0; t < cell_tiles; ++t) {
      const std::size_t at = t * tile_size + k;
      if (std::abs(run.targets[at]) > 2.99F) continue;  // that is where they are stuck
      const bool off = std::abs(run.realised[at] - run.targets[at]) > 1e-5;
      off_everywhere = off_everywhere && off;
      off_anywhere = off_anywhere || off;
    }
    ASSERT_EQ(off_everywhere, off_anywhere) << k;
  }
}

TEST(CellCore, EqualAddressesGiveEqualCellsAndOthersOthers) {
  const CoreCard card = shipped_cells("hermes-pcm", {});
  const CellRun first = run_cells(card);
  EXPECT_EQ(largest_difference(first, run_cells(card)), 0);
  for (const TileAddress& other :
       {TileAddress{.seed = 10}, TileAddress{.seed = 9, .chip = 1},
        TileAddress{.seed = 9, .layer = 1}, TileAddress{.seed = 9, .write = 1}})
    EXPECT_GT(largest_difference(first, run_cells(card, other)), 0.1);
}

TEST(CellCore, EveryCellIsPaidFor) {
  CoreCard card = cells_card(
      "{slices: 2, level_bits: 3, copies: 3, area_um2: 0.5, write_energy_pJ: 10, write_time_us: 2, "
      "write_iterations: 7, write_parallel: 33, read_voltage_V: 0.2, read_load: 0.25}");
  card.symbol_rate_GHz = 0.1;
  card.input_dac = {.bits = 4, .rate_GHz = 1, .power_mW = 2, .area_um2 = 30};
  card.output_adc = {.bits = 8, .rate_GHz = 0.1, .power_mW = 0.5, .area_um2 = 400};
  const CoreCost cost = core_cost(card);
  const double cells = 2.0 * 33 * 35 * 2 * 3;
  EXPECT_EQ(cost.devices, static_cast<std::int64_t>(cells));
  EXPECT_DOUBLE_EQ(cost.write_energy_pJ, 7 * 10.0);
  EXPECT_DOUBLE_EQ(cost.settle_ns, cells / 33 * 7 * 2000);
  EXPECT_DOUBLE_EQ(cost.input_energy_pJ, 2);
  // 40 uS x 0.25 at (0.2 V)^2: 0.4 uW for 10 ns, 4e-3 pJ a cell; two converters of 5 pJ a row.
  EXPECT_NEAR(cost.output_energy_pJ, 2 * 5 + cells * 4e-3 / 33, 1e-9);
  EXPECT_NEAR(cost.area_mm2, (cells * 0.5 + 35 * 30 + 2 * 33 * 400) * 1e-6, 1e-12);
  EXPECT_EQ(cost.laser_power_mW + cost.static_power_mW + cost.hold_power_mW, 0);
  double parts = 0;
  for (const CoreCost::Part& part : cost.parts) parts += part.energy_pJ_per_symbol;
  EXPECT_NEAR(parts, 35 * cost.input_energy_pJ + 33 * cost.output_energy_pJ, 1e-9);

  card.readings = 4;
  const CoreCost often = core_cost(card);
  EXPECT_DOUBLE_EQ(often.symbol_rate_GHz, 0.025);
  EXPECT_DOUBLE_EQ(often.input_energy_pJ, 4 * cost.input_energy_pJ);
  EXPECT_DOUBLE_EQ(often.output_energy_pJ, 4 * cost.output_energy_pJ);
  EXPECT_DOUBLE_EQ(often.area_mm2, cost.area_mm2);
}

}  // namespace
}  // namespace lightloom::photonic
