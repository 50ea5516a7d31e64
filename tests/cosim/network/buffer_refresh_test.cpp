#include "cosim/network/buffer_refresh.hpp"

#include <gtest/gtest.h>

#include "tests/cosim/by_hand/hand_generation.hpp"

namespace lightloom::cosim {
namespace {

/// An eDRAM with the energies of the SRAM it replaces, that forgets after `retention_us`.
void forget(memory::BufferCard& buffer, double retention_us) {
  buffer.kind = memory::BufferKind::edram;
  buffer.node_nm = 32;
  buffer.retention_us = retention_us;
}

/// Beside leakage, of 7 + 1.5 + 13 mW.
double refresh_pJ(const CostReport& report) {
  return report.energy_pJ[Component::buffer_leakage] - report.time_ns * (7 + 1.5 + 13);
}

/// Refreshes of data that live so long.
double refreshes(double life_ns, double retention_ns) {
  return std::max(0.0, std::ceil(life_ns / retention_ns) - 1);
}

CostInput two_stored_layers() {
  CostInput input = hand_card();
  input.layers = {reload_layer(conv(10, 30, 3, 6), 4), reload_layer(conv(30, 20, 1, 6), 4)};
  return input;
}

// The first map, 36 x 10 words of 2 bytes, lives until its layer ends; the second, 36 x 30, from
// the start of the first layer, which writes it, to the end of the second.
TEST(BufferRefresh, AMapLivesFromItsWritingToItsLastReading) {
  CostInput input = two_stored_layers();
  forget(input.memory.activation_buffer, 0.1);
  const CostReport report = simulate_cost(input);
  const double first = refreshes(report.layers[0].end_ns, 100),
               second = refreshes(report.layers[1].end_ns, 100);
  ASSERT_GT(second, first);
  EXPECT_NEAR(refresh_pJ(report), (first * 36 * 10 + second * 36 * 30) * (0.8 + 0.9), 1e-6);
  EXPECT_EQ(report.layers[0].refreshes, first);
  EXPECT_EQ(report.layers[1].refreshes, second);
}

// 2700 and 600 weights of 4 bits: 22 and 5 bursts, in words of 4 bytes.
TEST(BufferRefresh, StoredWordsLiveAsLongAsTheirLayer) {
  CostInput input = two_stored_layers();
  forget(input.memory.weight_buffer, 0.1);
  const CostReport report = simulate_cost(input);
  const double first = refreshes(report.layers[0].time_ns(), 100),
               second = refreshes(report.layers[1].time_ns(), 100);
  ASSERT_GT(second, 0);
  EXPECT_NEAR(refresh_pJ(report), (first * 22 + second * 5) * 16 * (2 + 3), 1e-6);
}

TEST(BufferRefresh, ATileBufferWithoutRegeneratedTilesHasNothingToRefresh) {
  CostInput input = two_stored_layers();
  forget(input.memory.tile_buffer, 1e-3);
  EXPECT_NEAR(refresh_pJ(simulate_cost(input)), 0, 1e-6);
}

// Ten tiles (of 20 with two blocks of vectors) of at most 24 x 20 weights of 6 bits wait while
// their core computes the two in front of them and are computed. Kernels of all 90 columns wait for
// the whole layer; where half the buffer does not hold them, those of a column for its two rows.
TEST(BufferRefresh, EveryRegeneratedTileLivesForThePlacesOfItsCore) {
  for (auto [name, input] : hand_generations(electronic_card()))
    for (const bool kernels_fit : {true, false}) {
      if (!kernels_fit && input.schedule.dataflow == Dataflow::output_stationary) continue;
      forget(input.memory.tile_buffer, 0.02);
      input.memory.tile_buffer.capacity_KB = kernels_fit ? 64 : 674 / 1024.0;
      const CostReport report = simulate_cost(input);
      const double visits = hand_layer(input).visits();
      const double core_ns = report.time_ns / visits * input.schedule.cores;
      const double tiles = visits * refreshes(core_ns * (2 + 1), 20);
      const double columns = 5 * hand_layer(input).blocks;
      const double kernels =
          kernels_fit ? refreshes(report.time_ns, 20) * std::ceil(5 * 90 * 0.75)
                      : columns * refreshes(report.time_ns / columns, 20) * 5 * 20 * 0.75;
      ASSERT_GT(tiles, 0);
      EXPECT_NEAR(refresh_pJ(report), (tiles * 360 + kernels) * (0.5 + 0.6),
                  1e-9 * report.energy_pJ[Component::buffer_leakage])
          << name;
    }
}

// Ten tiles on twenty cores: each has a copy, which brings no regenerated tile of its own.
TEST(BufferRefresh, ATileThatCopiesAreMadeOfLivesOnce) {
  CostInput input = hand_generations(electronic_card()).front().input;
  ASSERT_EQ(hand_layer(input).visits(), 10);
  forget(input.memory.tile_buffer, 0.02);
  input.memory.tile_buffer.capacity_KB = 64;
  input.schedule.cores = 20;
  input.schedule.replicate = true;
  const CostReport report = simulate_cost(input);
  ASSERT_EQ(report.layers[0].replicas, 2);
  ASSERT_EQ(report.layers[0].visits, 20);
  const double life_ns = std::min(report.time_ns / 20 * 20 * (2 + 1), report.time_ns);
  const double tiles = 10 * refreshes(life_ns, 20),
               kernels = refreshes(report.time_ns, 20) * std::ceil(5 * 90 * 0.75);
  EXPECT_NEAR(refresh_pJ(report), (tiles * 360 + kernels) * (0.5 + 0.6),
              1e-9 * report.energy_pJ[Component::buffer_leakage]);
}

}  // namespace
}  // namespace lightloom::cosim
