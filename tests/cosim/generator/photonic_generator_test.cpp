#include "cosim/generator/photonic_generator.hpp"

#include <gtest/gtest.h>

#include "cosim/generator/generator_table.hpp"

namespace lightloom::cosim {
namespace {

GenerationCost cost_of(const GeneratorCard& card, const GenerationWork& work) {
  return generation_cost(generator_entry(card.kind), card, work);
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
  GenerationWork work{.factors = FactorShape{}};
  work.basis_words = 40 * 2 * 9;
  work.intra_words = 40 * 128 * 2;
  work.cross_words = 128 * 40;
  GeneratorCard card{.kind = "photonic"};
  auto& own = card.own.get<PhotonicGenerator>();
  own.dac_lanes = 1;
  EXPECT_NEAR(cost_of(card, work).time_ns, 16080 * 0.4, 1e-6);
  own.dac_lanes = 64;
  EXPECT_NEAR(cost_of(card, work).time_ns, 252 * 0.4, 1e-6);
}

TEST(PhotonicGenerator, WiderWordsThanItsDacsTakeLongerToLoad) {
  GeneratorCard card{.kind = "photonic"};
  auto& own = card.own.get<PhotonicGenerator>();
  own.word_bits = 4;
  GenerationWork work{.factors = FactorShape{}};
  work.cross_words = 6400;
  const double narrow = cost_of(card, work).time_ns;
  work.word_bits = 4;
  EXPECT_EQ(cost_of(card, work).time_ns, narrow);
  work.word_bits = 6;
  // 6400 words on 64 lanes of 10 Gb/s: 100 words each, two more bits a word.
  EXPECT_NEAR(cost_of(card, work).time_ns - narrow, 100 * 2 / 10.0, 1e-9);
}

TEST(PhotonicGenerator, LeavesShiftsAndLookUpsToItsElectronicUnit) {
  GenerationWork work;
  work.operations = {.shifts = 1000, .adds = 2000, .lookups = 500};
  const GeneratorCard card{.kind = "photonic"};
  const GenerationCost cost = cost_of(card, work);
  EXPECT_DOUBLE_EQ(cost.time_ns, 2000.0 / 1024 + 500.0 / 256);
  EXPECT_DOUBLE_EQ(cost.arithmetic_pJ, 1000 * 0.03 + 2000 * 0.03 + 500 * 0.4);
  EXPECT_EQ(cost.laser_pJ + cost.conversion_pJ, 0);
}

}  // namespace
}  // namespace lightloom::cosim
