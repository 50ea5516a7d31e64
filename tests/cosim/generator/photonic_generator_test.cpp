#include "cosim/generator/photonic_generator.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "cosim/generator/generator_light.hpp"
#include "cosim/generator/generator_table.hpp"
#include "tests/cosim/generator/generator_fixture.hpp"

namespace lightloom::cosim {
namespace {

GenerationCost cost_of(const GeneratorCard& card, const GenerationWork& work) {
  return generator_cost(card)(work);
}

/// A tile of 10 rows and 18 columns (2 channels x 9) of a layer 20 x 4 x 9 from 6 kernels of 2.
GenerationWork tile_work() {
  GenerationWork work{.basis_words = 54, .intra_words = 24, .cross_words = 60, .weights = 180};
  work.factors = FactorShape{.out = 20, .in = 4, .area = 9, .cross = 6, .intra = 2};
  work.kernel_share = 0.5;
  work.rows = 10;
  work.columns = 18;
  return work;
}

TEST(PhotonicGenerator, TakesTheShotsOfTheTiledModel) {
  const FactorShape shape{.out = 128, .in = 128, .area = 9, .cross = 40, .intra = 2};
  PhotonicGenerator g;
  g.intra_rows = 128;
  g.intra_columns = 2;
  g.cross_rows = 128;
  g.cross_columns = 40;
  EXPECT_EQ(intra_shots(g, shape), 360);
  EXPECT_EQ(cross_shots(g, shape, 128, 128 * 9), 1152);
  g.intra_rows = g.cross_rows = 64;
  g.intra_columns = 1;
  g.cross_columns = 20;
  EXPECT_EQ(intra_shots(g, shape), 4 * 360);
  EXPECT_EQ(cross_shots(g, shape, 128, 128 * 9), 4 * 1152);
}

// One 4-bit lane at 10 Gb/s takes 6.1 us for the 15,360 coefficients of the paper's layer, and 64
// lanes 96 ns; its basis is modulated, not set.
TEST(PhotonicGenerator, LoadsItsCoefficientsThroughItsDacLanes) {
  GenerationWork work{.factors = FactorShape{}};
  work.basis_words = 40 * 2 * 9;
  work.intra_words = 40 * 128 * 2;
  work.cross_words = 128 * 40;
  PhotonicGenerator g = round_generator();
  g.dac_lanes = 1;
  EXPECT_NEAR(cost_of(card_of(g), work).time_ns, 15360 * 0.4, 1e-6);
  g.dac_lanes = 64;
  EXPECT_NEAR(cost_of(card_of(g), work).time_ns, 240 * 0.4, 1e-6);
  const double narrow = cost_of(card_of(g), work).time_ns;
  work.word_bits = 6;  // two more bits a word
  EXPECT_NEAR(cost_of(card_of(g), work).time_ns - narrow, 240 * 2 / 10.0, 1e-9);
}

// Half of the 6 kernels: 27 shots (6 x 9 / 2) over 3 banks of level 1; 18 columns x 2 blocks of
// rows over 2 banks of level 2. 3 of 6 settings of level 1 fit into 3 banks at once, and both of
// level 2 into its 2.
TEST(PhotonicGenerator, TimeByHand) {
  PhotonicGenerator g = round_generator();
  g.bank.shifter.settle_us = 0.03;
  const double load = 0.4 * 2, settle = (1 + 1) * 30, shots = (9 + 18) * 0.5;
  EXPECT_NEAR(cost_of(card_of(g), tile_work()).time_ns, load + settle + shots, 1e-9);
}

// Each shot drives all columns (DAC and modulator) and reads all rows (amplifier and ADC); each
// coefficient is written, and a bias for each of 3 x 4 rows of U and 10 of V; light and holding
// flow while it works.
TEST(PhotonicGenerator, EnergyByHand) {
  PhotonicGenerator g = round_generator();
  g.bank.input_dac = {.bits = 8, .rate_GHz = 2, .power_mW = 6};   // 3 pJ
  g.bank.output_adc = {.bits = 8, .rate_GHz = 1, .power_mW = 5};  // 5 pJ
  g.bank.shifter = {.pi_power_mW = 2, .settle_us = 0, .write_energy_pJ = 7};
  g.bank.own.of<photonic::RingBankCard>().mean_shift_rad = 3.14159265358979 / 4;
  const double input = 3 + 0.1, output = 5 + 4 / 2.0;  // 100 fJ; 4 mW at 2 GHz
  const double level_1 = 27 * (2 * input + 4 * output), level_2 = 36 * (6 * input + 8 * output);
  const GenerationCost cost = cost_of(card_of(g), tile_work());
  EXPECT_NEAR(cost.conversion_pJ, (84 + 22) * 7 + level_1 + level_2, 1e-9);
  const double held = 0.5 * (3 * 8 + 2 * 48);  // a quarter of pi in 24 + 96 rings
  EXPECT_NEAR(cost.laser_pJ, cost.time_ns * (90 + held), 1e-9);
  EXPECT_EQ(cost.arithmetic_pJ, 0);
  EXPECT_EQ(cost.setting_operations, 2 * 84);  // a look-up each, and its part of a bias
  // Weights that leave as light need no ADC behind level 2.
  const GenerationCost light = cost_of(card_of(g, Handover::analog), tile_work());
  EXPECT_NEAR(cost.conversion_pJ - light.conversion_pJ, 36 * 8 * 5, 1e-9);
  g.bank.laser.duty = photonic::LaserDuty::always;
  EXPECT_NEAR(cost_of(card_of(g), tile_work()).laser_pJ, cost.time_ns * held, 1e-9);
  EXPECT_NEAR(generator_figures(card_of(g)).static_power_mW, 90, 1e-9);
}

// Scales of outputs are a product of the digital unit for each word of the level that ends there.
TEST(PhotonicGenerator, ScalesOfOutputsAreAProductAWord) {
  PhotonicGenerator g = round_generator();
  GenerationWork both = tile_work(), first = both;
  both.basis_words = first.basis_words = 108;
  first.factors->cross_level = false;
  first.cross_words = 0;
  const GenerationCost plain = cost_of(card_of(g), both), plain_first = cost_of(card_of(g), first);
  g.scales = PhotonicGenerator::Scales::output;
  EXPECT_EQ(cost_of(card_of(g), both).setting_operations,
            plain.setting_operations + static_cast<double>(both.cross_words));
  EXPECT_EQ(cost_of(card_of(g), first).setting_operations, plain_first.setting_operations + 108);
  EXPECT_EQ(cost_of(card_of(g), both).conversion_pJ, plain.conversion_pJ);
}

// 2 GHz from 1 GS/s ADCs and 2 GS/s DACs: two ADCs an output. 3 x 4 + 2 x 8 outputs, 3 x 2 + 2 x 6
// inputs, 64 lanes of 2.5 GS/s that need two DACs each.
TEST(PhotonicGenerator, ConvertersAndAreaByHand) {
  PhotonicGenerator g = round_generator();
  g.bank.input_dac = {.bits = 8, .rate_GHz = 2, .area_um2 = 1000};
  g.bank.output_adc = {.bits = 8, .rate_GHz = 1, .area_um2 = 2000};
  g.bank.modulator.area_um2 = 300;
  g.bank.detector.tia_area_um2 = 50;
  g.bank.detector.diode_area_um2 = 0;
  g.bank.shifter.area_um2 = 400;
  g.area_mm2 = 0.25;
  const GeneratorFigures digital = generator_figures(card_of(g));
  EXPECT_EQ(digital.adcs, 2 * (12 + 16));
  EXPECT_EQ(digital.dacs, 6 + 12 + 2 * 64);
  const double others = 18 * 300 + 28 * 50 + (24 + 96) * 400 + 128 * 1000;
  EXPECT_NEAR(digital.area_mm2, 0.25 + (56 * 2000 + 18 * 1000 + others) * 1e-6, 1e-9);
  // Light between the levels saves no converter: layers of one level need them. Light as weights
  // saves the ADCs of level 2, and both those of level 1.
  g.levels = PhotonicGenerator::Levels::analog;
  EXPECT_EQ(generator_figures(card_of(g)).adcs, 56);
  EXPECT_EQ(generator_figures(card_of(g)).dacs, digital.dacs);
  EXPECT_FALSE(generator_figures(card_of(g)).keeps_kernels);
  const GeneratorFigures light = generator_figures(card_of(g, Handover::analog));
  EXPECT_EQ(light.adcs, 0);
  EXPECT_NEAR(digital.area_mm2 - light.area_mm2, 56 * 2000e-6, 1e-9);
  g.levels = PhotonicGenerator::Levels::digital;
  EXPECT_EQ(generator_figures(card_of(g, Handover::analog)).adcs, 24);
}

// Four columns for six kernels: two shots an output, whose readings the electronic unit adds, 10 x
// 18 times; one column for two bases: 3 x 4 x 9 sums more.
TEST(PhotonicGenerator, ReadingsOverSeveralShotsAreAddedUp) {
  GeneratorCard card = card_of(round_generator());
  auto& own = card.own.get<PhotonicGenerator>();
  EXPECT_EQ(cost_of(card, tile_work()).arithmetic_pJ, 0);
  own.cross_columns = 4;
  EXPECT_NEAR(cost_of(card, tile_work()).arithmetic_pJ, 180 * 0.03, 1e-9);
  own.intra_columns = 1;
  EXPECT_NEAR(cost_of(card, tile_work()).arithmetic_pJ, (180 + 108) * 0.03, 1e-9);
  // An adder of one sum a nanosecond is slower than the shots.
  const double before = cost_of(card, tile_work()).time_ns;
  card.electronic.shift_adds_per_ns = 1;
  const double shots = (18 + 36) * 0.5;  // 54 shots over 3 banks, 72 over 2
  EXPECT_NEAR(cost_of(card, tile_work()).time_ns - before, 288 - shots, 1e-9);
  own.cross_columns = 4;
  card.handover = Handover::analog;
  EXPECT_THROW(cost_of(card, tile_work()), Error);
}

// A layer that ends at level 1 is digitised there, and stored kernels drive level 2 through DACs,
// whatever is between the levels of others.
TEST(PhotonicGenerator, LayersOfOneLevelPayTheirConverters) {
  PhotonicGenerator g = round_generator();
  g.bank.input_dac = {.bits = 8, .rate_GHz = 2, .power_mW = 6};   // 3 pJ
  g.bank.output_adc = {.bits = 8, .rate_GHz = 1, .power_mW = 5};  // 5 pJ
  g.levels = PhotonicGenerator::Levels::analog;
  GenerationWork first = tile_work(), second = tile_work();
  first.factors->cross_level = second.factors->intra_level = false;
  first.cross_words = second.intra_words = 0;
  const double input = 3 + 0.1, output = 5 + 2;
  const double write = g.bank.shifter.write_energy_pJ;
  EXPECT_NEAR(cost_of(card_of(g), first).conversion_pJ,
              (24 + 12) * write + 27 * (2 * input + 4 * output), 1e-9);
  EXPECT_NEAR(cost_of(card_of(g), second).conversion_pJ,
              (60 + 10) * write + 36 * (6 * input + 8 * output), 1e-9);
}

// Two rates of the same generator: twice the converters at twice the rate.
TEST(PhotonicGenerator, ConvertersFollowTheRate) {
  PhotonicGenerator g = round_generator();
  g.bank.output_adc = {.bits = 8, .rate_GHz = 1, .area_um2 = 2000};
  const auto adcs = [&](double shot_ns) {
    g.shot_ns = shot_ns;
    return generator_figures(card_of(g)).adcs;
  };
  EXPECT_EQ(adcs(1), 28);
  EXPECT_EQ(adcs(0.5), 56);
  EXPECT_EQ(adcs(0.05), 20 * 28);
}

// Both levels at once, as long as level 2 takes: 36 shots over 2 banks, in each all 6 kernels.
TEST(PhotonicGenerator, AnAnalogHandOverBetweenTheLevelsRunsThemTogether) {
  PhotonicGenerator g = round_generator();
  g.bank.shifter.settle_us = 0;
  g.levels = PhotonicGenerator::Levels::analog;
  EXPECT_THROW(cost_of(card_of(g), tile_work()), Error);  // 3 banks for 6 kernels
  g.intra_replicas = 6;
  EXPECT_NEAR(cost_of(card_of(g), tile_work()).time_ns, 0.4 * 2 + 18 * 0.5, 1e-9);
  g.cross_columns = 5;
  EXPECT_THROW(cost_of(card_of(g), tile_work()), Error);  // sums over shots
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
