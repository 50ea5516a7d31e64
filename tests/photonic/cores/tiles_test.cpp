#include "photonic/cores/tiles.hpp"

#include <gtest/gtest.h>

#include "core/random/random.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/cores/core_table.hpp"

namespace lightloom::photonic::tiles_tests {
namespace {

constexpr int rows = 4, columns = 6;
constexpr std::size_t size = std::size_t{rows} * columns;

/// Two tiles, of which 3 x 4 and 1 x 6 weights are used; the others are nobody's, and zero.
struct PartlyUsed {
  std::vector<UsedPart> used{{3, 4}, {1, 6}};
  std::vector<float> targets = std::vector<float>(2 * size), realised = targets,
                     scales = std::vector<float>(2);

  PartlyUsed() {
    const Stream stream({.seed = 3});
    for (std::size_t k = 0; k < targets.size(); ++k)
      targets[k] = is_used(k) ? static_cast<float>(stream.normal(k)) : 0.0F;
  }
  [[nodiscard]] bool is_used(std::size_t k) const {
    const UsedPart& part = used[k / size];
    const auto row = static_cast<int>(k % size) / columns,
               column = static_cast<int>(k % size) % columns;
    return row < part.rows && column < part.columns;
  }
};

TEST(Tiles, WhatNobodyUsesIsZeroAndInNoErrorWhateverTheCore) {
  for (const char* kind : {"mrr-bank", "pcm-crossbar", "cell-crossbar", "incoherent-crossbar"}) {
    CoreCard card = default_card(kind);
    card.rows = rows;
    card.columns = columns;
    card.phase_sigma_rad = 0.05;
    PartlyUsed tiles;
    const RealisationReport report = make_core(card)->realise_used(
        {tiles.targets, {.seed = 1}, tiles.realised, tiles.scales, tiles.used});
    double error = 0, target = 0;
    for (std::size_t k = 0; k < tiles.targets.size(); ++k) {
      const double wanted = tiles.targets[k], found = tiles.realised[k];
      if (tiles.is_used(k)) {
        error += (found - wanted) * (found - wanted);
        target += wanted * wanted;
      } else {
        EXPECT_EQ(found, 0) << kind << " " << k;
      }
    }
    EXPECT_NEAR(report.squared_error, error, 1e-9 * target) << kind;
    EXPECT_NEAR(report.squared_target, target, 1e-9 * target) << kind;
    EXPECT_EQ(report.weights, static_cast<std::int64_t>(2 * size));
  }
}

}  // namespace
}  // namespace lightloom::photonic::tiles_tests
