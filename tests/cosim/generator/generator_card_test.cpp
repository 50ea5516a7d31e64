#include "cosim/generator/generator_card.hpp"

#include <gtest/gtest.h>

namespace lightloom::cosim {
namespace {

// Gu et al., ICCV 2021, section 3.4, read as docs/models/cosim/schedule.md#eq-8 does.
TEST(GenerationLatency, ReproducesThePapersCase) {
  const GenerationLatency paper = generation_latency({});
  EXPECT_NEAR(paper.dac_ps, 400, 1e-9);
  EXPECT_NEAR(paper.propagation_ps, 25.2, 0.05);
  EXPECT_NEAR(paper.total_ps, 545.2, 0.05);
  EXPECT_NEAR(generation_latency({.group_index = 1}).total_ps, 531.2, 0.05);
  EXPECT_NEAR(paper.saved_ns, 0.9728 * 8674, 1);  // 288 KiB over 34e9 B/s, not the printed 7.9 us
  EXPECT_NEAR(generation_latency({.bandwidth_GBps = 300}).saved_ns, 956, 1);
}

TEST(PhotonicGenerator, TakesTheShotsOfTheTiledModel) {
  const FactorShape shape{.out = 128, .in = 128, .area = 9, .cross = 40, .intra = 2};
  const PhotonicGenerator one_bank{.intra_rows = 128,
                                   .intra_columns = 2,
                                   .intra_replicas = 1,
                                   .cross_rows = 128,
                                   .cross_columns = 40,
                                   .cross_replicas = 1};
  EXPECT_EQ(intra_shots(one_bank, shape), 360);
  EXPECT_EQ(cross_shots(one_bank, shape, 128, 128 * 9), 1152);
  const PhotonicGenerator half{
      .intra_rows = 64, .intra_columns = 1, .cross_rows = 64, .cross_columns = 20};
  EXPECT_EQ(intra_shots(half, shape), 4 * 360);
  EXPECT_EQ(cross_shots(half, shape, 128, 128 * 9), 4 * 1152);
}

// One 4-bit lane at 10 Gb/s takes 6.4 us for the 16,080 words of the paper's layer, and 64 lanes
// 100 ns.
TEST(PhotonicGenerator, LoadsItsWordsThroughItsDacLanes) {
  GenerationWork work;
  work.basis_words = 40 * 2 * 9;
  work.intra_words = 40 * 128 * 2;
  work.cross_words = 128 * 40;
  GeneratorCard card{.kind = GeneratorKind::photonic};
  card.photonic.dac_lanes = 1;
  EXPECT_NEAR(generation_cost(card, work, true).time_ns, 16080 * 0.4, 1e-6);
  card.photonic.dac_lanes = 64;
  EXPECT_NEAR(generation_cost(card, work, true).time_ns, 252 * 0.4, 1e-6);
}

TEST(PhotonicGenerator, WiderWordsThanItsDacsTakeLongerToLoad) {
  GeneratorCard card{.kind = GeneratorKind::photonic};
  card.photonic.word_bits = 4;
  GenerationWork work;
  work.cross_words = 6400;
  const double narrow = generation_cost(card, work, true).time_ns;
  work.word_bits = 4;
  EXPECT_EQ(generation_cost(card, work, true).time_ns, narrow);
  work.word_bits = 6;
  // 6400 words on 64 lanes of 10 Gb/s: 100 words each, two more bits a word.
  EXPECT_NEAR(generation_cost(card, work, true).time_ns - narrow, 100 * 2 / 10.0, 1e-9);
}

TEST(PhotonicGenerator, LeavesShiftsAndLookUpsToItsElectronicUnit) {
  GenerationWork work;
  work.operations = {.shifts = 1000, .adds = 2000, .lookups = 500};
  const GeneratorCard card{.kind = GeneratorKind::photonic};
  const GenerationCost cost = generation_cost(card, work, false);
  EXPECT_DOUBLE_EQ(cost.time_ns, 2000.0 / 1024 + 500.0 / 256);
  EXPECT_DOUBLE_EQ(cost.arithmetic_pJ, 1000 * 0.03 + 2000 * 0.03 + 500 * 0.4);
  EXPECT_EQ(cost.laser_pJ + cost.conversion_pJ, 0);
}

}  // namespace
}  // namespace lightloom::cosim
