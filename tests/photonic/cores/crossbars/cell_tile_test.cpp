// Single cells of a tile: whose random numbers they have, what is stuck, off, drifted and read.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/random/random.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/cores/core_cost.hpp"

namespace lightloom::photonic {
namespace {

constexpr std::size_t places = std::size_t{20} * 30, some_tiles = 8;

CoreCard tile_card(const std::string& cells) {
  return read_card<CoreCard>(parse_yaml(
      "{kind: cell-crossbar, rows: 20, columns: 30, cells: {" + cells + "}}", "cell_tile_test"));
}

/// Tiles by slices, as they stand on a chip.
struct SlicedTiles {
  std::vector<float> realised, variance, scales;
};
SlicedTiles sliced_tiles(const std::string& cells, const std::vector<float>& targets,
                         TileAddress address = {.seed = 3}, std::span<const UsedPart> used = {}) {
  const auto core = make_core(tile_card(cells));
  const auto slices = static_cast<std::size_t>(core->description().slices);
  SlicedTiles tiles{.realised = std::vector<float>(slices * targets.size()),
                    .variance = std::vector<float>(slices * targets.size()),
                    .scales = std::vector<float>(slices * targets.size() / places)};
  core->realise_slices({targets, address, tiles.realised, tiles.scales, used},
                       {.variance = tiles.variance, .light = {}});
  return tiles;
}

/// Uniform in +-(0.1, 1), the first of each tile 1.
std::vector<float> uneven_targets() {
  const Stream stream({.seed = 8, .purpose = Purpose::test});
  std::vector<float> targets(some_tiles * places);
  for (std::size_t k = 0; k < targets.size(); ++k) {
    const double u = 2 * stream.uniform(k) - 1;
    targets[k] = k % places == 0 ? 1.0F : static_cast<float>(std::copysign(0.1, u) + 0.9 * u);
  }
  return targets;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<double>(a.size());
  double sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    sum_a += a[k];
    sum_b += b[k];
    aa += a[k] * a[k];
    bb += b[k] * b[k];
    ab += a[k] * b[k];
  }
  return (ab - sum_a * sum_b / n) / std::sqrt((aa - sum_a * sum_a / n) * (bb - sum_b * sum_b / n));
}

TEST(CellTile, NoTwoCellsShareTheirNoise) {
  // Idle pairs at gmin: what is realised is noise, of two slices of three copies.
  std::vector<float> targets(some_tiles * places);
  const SlicedTiles tiles = sliced_tiles(
      "fits: [{gmax_uS: 20, programming: [{sigma_uS: [1]}]}], gmin_uS: 8, copies: 3, slices: 2, "
      "level_bits: 2",
      targets);
  const auto from = [&](std::size_t slice, std::size_t lag, std::size_t tile) {
    std::vector<double> noise;
    for (std::size_t t = 0; t < some_tiles; ++t)
      for (std::size_t p = 0; p + 4 < places; ++p)
        noise.push_back(tiles.realised[((t + tile) % some_tiles * 2 + slice) * places + p + lag]);
    return noise;
  };
  const double bound = 4.5 / std::sqrt(static_cast<double>(some_tiles * (places - 4)));
  for (std::size_t slice = 0; slice < 2; ++slice)
    for (std::size_t other = 0; other < 2; ++other)
      for (std::size_t lag = 0; lag < 4; ++lag)
        for (std::size_t tile = 0; tile < 2; ++tile) {
          if (slice == other && lag == 0 && tile == 0) continue;
          EXPECT_LT(std::abs(correlation(from(slice, 0, 0), from(other, lag, tile))), bound)
              << slice << other << lag << tile;
        }
}

TEST(CellTile, NumbersGoByThePlaceInTheCoreWhateverIsUsedOfIt) {
  const std::string cells = "fits: [{gmax_uS: 20, programming: [{sigma_uS: [1]}]}], gmin_uS: 8";
  std::vector<float> narrow(places), wide(places);
  for (std::size_t r = 0; r < 9; ++r)
    for (std::size_t c = 0; c < 25; ++c) {
      const auto w = static_cast<float>(std::cos(static_cast<double>(7 * r + c)));
      wide[r * 30 + c] = w;
      if (c < 11) narrow[r * 30 + c] = w;
    }
  wide[0] = narrow[0] = 1;
  const UsedPart few[] = {{9, 11}}, more[] = {{9, 25}};
  const SlicedTiles one = sliced_tiles(cells, narrow, {.seed = 3}, few),
                    other = sliced_tiles(cells, wide, {.seed = 3}, more);
  for (std::size_t r = 0; r < 9; ++r)
    for (std::size_t c = 0; c < 11; ++c)
      EXPECT_EQ(one.realised[r * 30 + c], other.realised[r * 30 + c]) << r << " " << c;
}

TEST(CellTile, WhatIsNotUsedIsNoneOfASlicesScale) {
  std::vector<float> targets(places);
  for (std::size_t r = 0; r < 10; ++r)
    for (std::size_t c = 0; c < 10; ++c) targets[r * 30 + c] = (r + c) % 2 == 0 ? 1 : -1;
  targets[0] = 5;
  const UsedPart used[] = {{10, 10}};
  // Mean 4 / 100, mean square 124 / 100; one slice of all.
  EXPECT_NEAR(sliced_tiles("weight_clip_sigma: 2", targets, {.seed = 1}, used).scales[0],
              2 * std::sqrt(1.24 - 0.04 * 0.04), 1e-6);
}

TEST(CellTile, RowsHaveScalesOfTheirOwnAndTheTileTheLargest) {
  std::vector<float> targets(places);
  for (std::size_t k = 0; k < places; ++k) {
    const std::size_t row = k / 30;
    targets[k] = static_cast<float>(row + 1) * (k % 30 == 0 ? 1.0F : 0.4F);
  }
  const SlicedTiles tiles = sliced_tiles("scale: output, slices: 2, level_bits: 2", targets);
  EXPECT_FLOAT_EQ(tiles.scales[0], 20 * 3 / 15.0F);
  EXPECT_FLOAT_EQ(tiles.scales[1], 20 * 12 / 15.0F);
  // 0.4 of 15 steps are 6, digits 1 and 2 of every row's own largest.
  for (std::size_t r = 0; r < 20; ++r) {
    const double largest = static_cast<double>(r) + 1;
    EXPECT_NEAR(tiles.realised[r * 30 + 1], largest * 2 / 15, 1e-5) << r;
    EXPECT_NEAR(tiles.realised[places + r * 30 + 1], largest * 4 / 15, 1e-5) << r;
  }
  std::vector<float> realised(places), scales(1);
  make_core(tile_card("scale: output"))->realise(targets, {.seed = 3}, realised, scales);
  EXPECT_EQ(scales[0], 20);
}

TEST(CellTile, WhatIsNearerToNothingThanToGminIsOff) {
  std::vector<float> targets(places), realised(places), scales(1);
  targets[0] = 1;       // 20 uS
  targets[1] = 0.09F;   // 1.8: off
  targets[2] = -0.11F;  // 2.2: 4
  targets[3] = 0.19F;   // 3.8: 4
  targets[4] = -0.3F;   // 6
  make_core(tile_card("fits: [{gmax_uS: 20}], gmin_uS: 4, idle: off"))
      ->realise(targets, {.seed = 3}, realised, scales);
  const double wanted[] = {1, 0, -0.2, 0.2, -0.3, 0};
  for (std::size_t k = 0; k < 6; ++k) EXPECT_NEAR(realised[k], wanted[k], 1e-6) << k;
}

TEST(CellTile, StuckCellsAreAtTheirEndAndDoNotDrift) {
  const std::vector<float> targets = uneven_targets();
  const double left = std::pow(100, -0.05);
  const std::string drift =
      "fits: [{gmax_uS: 20, drift: {reference_s: 100, exponent: [{polynomial: [0.05]}]}}], "
      "elapsed_s: 9900, compensate_drift: false, ";
  const SlicedTiles low = sliced_tiles(drift + "stuck_low_fraction: 0.2", targets),
                    high = sliced_tiles(drift + "stuck_high_fraction: 0.2", targets);
  int lost = 0, full = 0, opposed = 0;
  for (std::size_t k = 0; k < targets.size(); ++k) {
    const double free = left * targets[k], end = std::copysign(1, targets[k]);
    const auto is = [](float value, double wanted) { return std::abs(value - wanted) < 1e-5; };
    ASSERT_TRUE(is(low.realised[k], free) || is(low.realised[k], 0)) << k;
    lost += is(low.realised[k], 0) ? 1 : 0;
    ASSERT_TRUE(is(high.realised[k], free) || is(high.realised[k], end) ||
                is(high.realised[k], free - end) || is(high.realised[k], 0))
        << k;
    full += is(high.realised[k], end) ? 1 : 0;
    opposed += is(high.realised[k], free - end) ? 1 : 0;
  }
  // The active cell of 0.2 of all places; and one cell alone of 0.2 0.8. Tiles share places.
  const auto n = static_cast<double>(targets.size());
  EXPECT_NEAR(lost / n, 0.2, 4.5 * std::sqrt(0.16 / places));
  EXPECT_NEAR(full / n, 0.16, 4.5 * std::sqrt(0.16 / places));
  EXPECT_NEAR(opposed / n, 0.16, 4.5 * std::sqrt(0.16 / places));
}

TEST(CellTile, DriftGoesByTheLevelAskedForAndHasNumbersOfItsOwn) {
  const std::string written =
                        "compensate_drift: false, fits: [{gmax_uS: 20, programming: "
                        "[{sigma_uS: [0, 1]}], drift: {reference_s: 100, ",
                    rising = written + "exponent: [{polynomial: [0, 0.1]}]}}], elapsed_s: ",
                    spread = written +
                             "exponent: [{polynomial: [0.05]}], exponent_sigma: "
                             "[{polynomial: [0.01]}]}}], elapsed_s: ";
  const std::vector<float> targets = uneven_targets();
  const SlicedTiles fresh = sliced_tiles(rising + "0", targets),
                    old = sliced_tiles(rising + "9900", targets),
                    spread_old = sliced_tiles(spread + "9900", targets);
  std::vector<double> errors, exponents;
  for (std::size_t k = 0; k < targets.size(); ++k) {
    ASSERT_NEAR(old.realised[k] / fresh.realised[k], std::pow(100, -0.1 * std::abs(targets[k])),
                1e-5);
    errors.push_back(fresh.realised[k] / targets[k] - 1);
    exponents.push_back(-std::log(spread_old.realised[k] / fresh.realised[k]) / std::log(100));
  }
  EXPECT_LT(std::abs(correlation(errors, exponents)),
            4.5 / std::sqrt(static_cast<double>(targets.size())));
}

TEST(CellTile, DriftIsDrawnAtEveryWriteAndNeverRaisesAConductance) {
  const std::string cells =
      "fits: [{gmax_uS: 20, drift: {reference_s: 100, exponent: [{polynomial: [0]}], "
      "exponent_sigma: [{polynomial: [0.05]}]}}], elapsed_s: 9900, compensate_drift: false";
  const std::vector<float> targets = uneven_targets();
  const SlicedTiles one = sliced_tiles(cells, targets),
                    again = sliced_tiles(cells, targets, {.seed = 3, .write = 1});
  std::size_t other = 0;
  for (std::size_t k = 0; k < targets.size(); ++k) {
    ASSERT_LE(std::abs(one.realised[k]), std::abs(targets[k]) * (1 + 1e-6)) << k;
    if (one.realised[k] != again.realised[k]) ++other;
  }
  EXPECT_GT(other, targets.size() * 99 / 100);
}

TEST(CellTile, EveryDigitOfADriftedWeightIsReadWithItsOwnNoise) {
  // A reading's noise is relative to what is left, by the law of what was written.
  const SlicedTiles tiles = sliced_tiles(
      "fits: [{gmax_uS: 20, drift: {reference_s: 100, exponent: [{polynomial: [0.05]}]}, reading: "
      "{time_s: 1e-6, relative: [{polynomial: [0.01, 0.02]}]}}], elapsed_s: 9900, gmin_uS: 2, "
      "compensate_drift: false, slices: 2, level_bits: 2",
      uneven_targets());
  const double left = std::pow(100, -0.05), growth = std::sqrt(std::log(1e4 / 2e-6));
  const std::vector<float> targets = uneven_targets();
  const auto sigma = [&](double g) { return growth * left * g * (0.01 + 0.02 * g / 20); };
  for (std::size_t t = 0; t < some_tiles; ++t)
    for (std::size_t s = 0; s < 2; ++s)
      for (std::size_t p = 0; p < places; p += 7) {
        const auto number = std::lround(std::abs(targets[t * places + p]) * 15);
        const double digit = static_cast<double>(s == 0 ? number % 4 : number / 4),
                     worth = (s == 0 ? 3 : 12) / 15.0,
                     wanted = worth / 18 * std::hypot(sigma(2 + 18 * digit / 3), sigma(2));
        ASSERT_NEAR(tiles.variance[(t * 2 + s) * places + p] / (wanted * wanted), 1, 1e-5);
      }
  // What a layer that is not read slice by slice sees is their sum.
  std::vector<float> whole(targets.size());
  make_core(tile_card("fits: [{gmax_uS: 20, drift: {reference_s: 100, exponent: [{polynomial: "
                      "[0.05]}]}, reading: {time_s: 1e-6, relative: [{polynomial: [0.01, "
                      "0.02]}]}}], elapsed_s: 9900, gmin_uS: 2, compensate_drift: false, slices: "
                      "2, level_bits: 2"))
      ->cell_noise(targets, {.seed = 3}, {.variance = whole, .light = {}});
  for (std::size_t k = 0; k < places; k += 7)
    ASSERT_NEAR(whole[k] / (tiles.variance[k] + tiles.variance[places + k]), 1, 1e-5) << k;
}

TEST(CellTile, WritesInPartsAreCountedWhole) {
  CoreCard card = tile_card(
      "write_time_us: 3, write_parallel: 1000, devices_per_polarity: 2, fits: [{devices: 2, "
      "gmax_uS: 20}]");
  // 20 x 30 pairs of two devices a side are 2400, written in three rounds.
  const CoreCost cost = core_cost(card);
  EXPECT_EQ(cost.devices, 2400);
  EXPECT_DOUBLE_EQ(cost.settle_ns, 3 * 3000);
}

}  // namespace
}  // namespace lightloom::photonic
