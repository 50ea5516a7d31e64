#include "memory/buffers/buffer_card.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/cards/tree.hpp"
#include "core/error.hpp"

namespace lightloom::memory {
namespace {

TEST(BufferCard, GivesBackTheTabulatedArrays) {
  const BufferFigures a = buffer_figures({.capacity_KB = 256, .node_nm = 45, .word_bytes = 32});
  EXPECT_NEAR(a.read_pJ, 84.2, 1e-9);
  EXPECT_NEAR(a.write_pJ, 94.4, 1e-9);
  EXPECT_NEAR(a.leakage_mW, 246, 1e-9);
  EXPECT_NEAR(a.area_mm2, 1.02, 1e-9);
  EXPECT_NEAR(a.access_ns, 1.04, 1e-9);
  const BufferFigures b = buffer_figures(
      {.capacity_KB = 4096, .node_nm = 22, .cell = CellType::low_standby_power, .word_bytes = 8});
  EXPECT_NEAR(b.read_pJ, 40.7, 1e-9);
  EXPECT_NEAR(b.leakage_mW, 3.08, 1e-9);
  const BufferFigures e =
      buffer_figures({.kind = BufferKind::edram, .capacity_KB = 1024, .node_nm = 32});
  EXPECT_NEAR(e.read_pJ, 83.7, 1e-9);
  EXPECT_NEAR(e.write_pJ, 83.7, 1e-9);
  EXPECT_NEAR(e.leakage_mW + e.refresh_mW, 38.5, 1e-9);
  EXPECT_NEAR(e.cycle_ns, 0.84, 1e-9);
}

TEST(BufferCard, InterpolatesBetweenNodesLinearlyAndBetweenCapacitiesGeometrically) {
  const auto read = [](double capacity, double node) {
    return buffer_figures({.capacity_KB = capacity, .node_nm = node}).read_pJ;
  };
  EXPECT_NEAR(read(256, 27), (read(256, 22) + read(256, 32)) / 2, 1e-9);
  EXPECT_NEAR(read(128, 32), std::sqrt(read(64, 32) * read(256, 32)), 1e-9);
  EXPECT_NEAR(read(256, 11), read(256, 22) * std::sqrt(0.5), 1e-9);
}

TEST(BufferCard, EnergyAreaAndTimeGrowWithCapacity) {
  for (const double node : {7.0, 22.0, 28.0, 32.0, 40.0, 45.0}) {
    BufferFigures before{};
    for (double capacity = 2; capacity < 20000; capacity *= 1.3) {
      const BufferFigures now = buffer_figures({.capacity_KB = capacity, .node_nm = node});
      ASSERT_GT(now.read_pJ, before.read_pJ);
      ASSERT_GT(now.area_mm2, before.area_mm2);
      ASSERT_GT(now.leakage_mW, before.leakage_mW);
      before = now;
    }
  }
}

TEST(BufferCard, BanksMultiplyBandwidthAndCostSmallerArrays) {
  const BufferCard one{.capacity_KB = 1024}, four{.capacity_KB = 1024, .banks = 4};
  const BufferFigures quarter = buffer_figures({.capacity_KB = 256});
  EXPECT_NEAR(buffer_figures(four).read_pJ, quarter.read_pJ, 1e-12);
  EXPECT_NEAR(buffer_figures(four).leakage_mW, 4 * quarter.leakage_mW, 1e-9);
  EXPECT_GT(buffer_bandwidth_GBps(four), 4 * buffer_bandwidth_GBps(one));
}

TEST(BufferCard, CardValuesReplaceTheTableAndEdramKeepsToItsNodes) {
  const auto read = [](const std::string& yaml) {
    return read_card<BufferCard>(parse_yaml(yaml, "test"));
  };
  EXPECT_EQ(buffer_figures(read("{capacity_KB: 64, read_pJ: 5}")).read_pJ, 5);
  EXPECT_NO_THROW(read("{kind: edram, node_nm: 32}"));
  EXPECT_THROW(read("{kind: edram, node_nm: 31.9}"), Error);
  EXPECT_THROW(read("{kind: edram, node_nm: 32, word_bytes: 8}"), Error);
}

TEST(Buffer, AShareThatWasRoundedOffCostsNoWord) {
  const BufferCard card{.word_bytes = 4, .read_pJ = 2, .write_pJ = 3};
  const BufferFigures figures = buffer_figures(card);
  for (const double bytes : {24.0, std::nextafter(24.0, 25.0)}) {
    EXPECT_EQ(read_energy_pJ(card, figures, bytes), 6 * 2);
    EXPECT_EQ(write_energy_pJ(card, figures, bytes), 6 * 3);
  }
  EXPECT_EQ(read_energy_pJ(card, figures, 24.001), 7 * 2);
  EXPECT_EQ(read_energy_pJ(card, figures, 0), 0);
}

}  // namespace
}  // namespace lightloom::memory
