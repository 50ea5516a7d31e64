#include "photonic/cores/kinds/mzi_core.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <vector>

#include "core/random/random.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/cores/kinds/mesh_chip.hpp"

namespace lightloom::photonic {
namespace {

std::unique_ptr<TensorCore> mesh_core(const std::vector<std::string>& settings) {
  return make_core(read_card<CoreCard>(
      load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/mzi-mesh.yaml", settings)));
}

struct UsedTiles {
  std::vector<float> targets, realised, scales;
  RealisationReport report;
};
/// Random weights in the used part of each of `count` tiles.
UsedTiles realise_part(const TensorCore& core, const UsedPart& part, std::size_t count,
                       std::uint32_t chip) {
  const auto rows = static_cast<std::size_t>(core.description().rows),
             columns = static_cast<std::size_t>(core.description().columns);
  UsedTiles run{std::vector<float>(count * rows * columns),
                std::vector<float>(count * rows * columns),
                std::vector<float>(count),
                {}};
  fill_normal(Stream({.seed = 17, .purpose = Purpose::test}), 0, run.targets);
  for (std::size_t k = 0; k < run.targets.size(); ++k)
    if (k / columns % rows >= static_cast<std::size_t>(part.rows) ||
        k % columns >= static_cast<std::size_t>(part.columns))
      run.targets[k] = 0;
  const std::vector<UsedPart> used(count, part);
  run.report =
      core.realise_used({run.targets, {.seed = 1, .chip = chip}, run.realised, run.scales, used});
  return run;
}

double error_of_part(const TensorCore& core, const UsedPart& part) {
  double error = 0, target = 0;
  for (std::uint32_t chip = 0; chip < 3; ++chip) {
    const UsedTiles run = realise_part(core, part, 3, chip);
    error += run.report.squared_error;
    target += run.report.squared_target;
  }
  return std::sqrt(error / target);
}

TEST(MziCore, TilesThatAreNotFullComeOutAsWellAsFullOnes) {
  const auto core = mesh_core({"fabrication.splitter_sigma_rad=0.02"});
  const double full = error_of_part(*core, {64, 64});
  for (const UsedPart part : {UsedPart{10, 64},
                              {32, 64},
                              {60, 64},
                              {64, 10},
                              {64, 32},
                              {64, 60},
                              {10, 10},
                              {32, 32},
                              {60, 60},
                              {60, 10},
                              {10, 60}})
    EXPECT_LT(error_of_part(*core, part), 1.3 * full) << part.rows << " x " << part.columns;
}

TEST(MziCore, OtherDevicesLeaveTheLeakOfUnreachableOnesUnreadToo) {
  // An MZI with a crossing behind it is the same device with its outputs swapped, a compact one has
  // the same splitters: what these cannot do is as much as in a plain MZI, and is turned out of the
  // quadrature that is read as well.
  const double plain = error_of_part(*mesh_core({"mesh.modes=24"}), {24, 24});
  for (const char* device : {"crossing", "compact"})
    EXPECT_LT(error_of_part(*mesh_core({"mesh.modes=24", std::string("mesh.device=") + device}),
                            {24, 24}),
              2 * plain)
        << device;
}

TEST(MziCore, RowsOrColumnsThatACoreHasNotAreFree) {
  // The meshes of a core of 10 rows and 64 columns have 64 modes.
  const double full = error_of_part(*mesh_core({"fabrication.splitter_sigma_rad=0.02"}), {64, 64});
  const auto wide = mesh_core({"fabrication.splitter_sigma_rad=0.02", "rows=10", "columns=64"});
  EXPECT_LT(error_of_part(*wide, {10, 64}), 1.3 * full);
}

TEST(MziCore, WhatNobodyUsesIsZeroAndNotCounted) {
  const auto core = mesh_core({"rows=7", "columns=9", "fabrication.splitter_sigma_rad=0.05"});
  const UsedTiles run = realise_part(*core, {4, 6}, 2, 0);
  double error = 0, target = 0;
  for (std::size_t k = 0; k < run.targets.size(); ++k) {
    if (k / 9 % 7 >= 4 || k % 9 >= 6) {
      EXPECT_EQ(run.realised[k], 0) << k;
    } else {
      const double wanted = run.targets[k];
      error += std::pow(run.realised[k] - wanted, 2);
      target += wanted * wanted;
    }
  }
  EXPECT_GT(error, 0);
  EXPECT_NEAR(run.report.squared_error, error, 1e-12 * target);
  EXPECT_NEAR(run.report.squared_target, target, 1e-12 * target);
}

TEST(MziCore, APartIsTheSameInWhateverTileItLies) {
  // Of the same size used, a tile of the core and one of a batch of other sizes.
  const auto core = mesh_core({"rows=7", "columns=9"});
  const UsedTiles alone = realise_part(*core, {4, 6}, 1, 0);
  std::vector<float> targets(2 * 63), realised(2 * 63), scales(2);
  fill_normal(Stream({.seed = 8}), 0, targets);
  std::copy(alone.targets.begin(), alone.targets.end(), targets.begin() + 63);
  const std::vector<UsedPart> used{{7, 9}, {4, 6}};
  core->realise_used({targets, {.seed = 1}, realised, scales, used});
  EXPECT_TRUE(std::equal(alone.realised.begin(), alone.realised.end(), realised.begin() + 63));
}

TEST(MziCore, AnAttenuatorsPhaseErrorTurnsItsFieldByHalfOfIt) {
  // An MZI read at its bar port passes i e^{i theta/2} sin(theta/2); what it turns at the phase
  // wanted is made up for.
  CoreCard card = default_card("mzi-mesh");
  card.phase_sigma_rad = 0.3;
  const MeshChip chip(std::make_shared<const MeshDesign>(card), {.seed = 2});
  const std::vector<double> wanted(64, 0.5);  // theta = pi / 3
  double largest = 0;
  for (const Complex& factor : chip.attenuators(wanted, {.seed = 2})) {
    const double error = 2 * std::asin(std::abs(factor)) - std::numbers::pi / 3;
    EXPECT_NEAR(std::arg(factor), error / 2, 1e-12);
    largest = std::max(largest, std::abs(error));
  }
  EXPECT_GT(largest, 0.3);
}

}  // namespace
}  // namespace lightloom::photonic
