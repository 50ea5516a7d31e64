// Every area by hand.
#include <gtest/gtest.h>

#include <map>

#include "tests/cosim/by_hand/hand_generation.hpp"

namespace lightloom::cosim {
namespace {

using Areas = std::map<std::string, double>;

void expect_areas(const CostInput& input, const Areas& by_hand) {
  const CostReport report = simulate_cost(input);
  Areas found;
  double sum = 0;
  for (const AreaPart& part : report.areas) {
    EXPECT_FALSE(found.count(part.component)) << part.component << " twice";
    found[part.component] = part.area_mm2;
  }
  for (const auto& [component, area] : by_hand) {
    ASSERT_TRUE(found.count(component)) << component;
    EXPECT_NEAR(found[component], area, 1e-9) << component;
    sum += area;
  }
  EXPECT_EQ(found.size(), by_hand.size());
  EXPECT_NEAR(report.area_mm2(), sum, 1e-9);
}

/// Buffers, digital unit and cores of 5 mm2, of which 1.25 are ADCs and 0.5 lasers.
Areas areas_of_cores(int cores) {
  return {{"weight buffer", 0.7},
          {"tile buffer", 0.3},
          {"activation buffer", 1.1},
          {"digital unit", 0.6},
          {"core ADC", 1.25 * cores},
          {"core laser", 0.5 * cores},
          {"core", (5 - 1.25 - 0.5) * cores}};
}

TEST(AreaByHand, EveryCoreHasAllItsPartsAndBuffersAreShared) {
  for (const auto& [name, input] : hand_cases())
    expect_areas(input, areas_of_cores(input.schedule.cores));
}

TEST(AreaByHand, AnElectronicGeneratorAddsItsUnit) {
  for (const auto& [name, input] : hand_generations(electronic_card())) {
    Areas by_hand = areas_of_cores(input.schedule.cores);
    by_hand["electronic generator"] = 0.45;
    expect_areas(input, by_hand);
  }
}

// Three banks of 4 x 2 and two of 8 x 6 at 2 GHz: 18 inputs with a DAC of 2 GS/s, 28 outputs with
// two ADCs of 1 GS/s each, 120 rings; 64 lanes of 2.5 GS/s with two DACs each. They are shared by
// all cores, and so is the electronic unit that adds.
TEST(AreaByHand, APhotonicGeneratorAddsItsBanksOnce) {
  PhotonicGenerator g = hand_generator();
  g.bank.input_dac.area_um2 = 1000;
  g.bank.output_adc.area_um2 = 2000;
  g.bank.modulator.area_um2 = 300;
  g.bank.detector.tia_area_um2 = 50;
  g.bank.detector.diode_area_um2 = 20;
  g.bank.shifter.area_um2 = 400;
  g.area_mm2 = 0.25;
  for (const auto& [name, input] : hand_generations(card_of(g))) {
    Areas by_hand = areas_of_cores(input.schedule.cores);
    by_hand["electronic generator"] = 0.45;
    by_hand["photonic generator DAC"] = 18 * 1000e-6;
    by_hand["photonic generator ADC"] = 28 * 2 * 2000e-6;
    by_hand["photonic generator modulator"] = 18 * 300e-6;
    by_hand["photonic generator receiver"] = 28 * (50 + 2 * 20) * 1e-6;
    by_hand["photonic generator phase shifters"] = 120 * 400e-6;
    by_hand["photonic generator setting DAC"] = 64 * 2 * 1000e-6;
    by_hand["photonic generator"] = 0.25;
    expect_areas(input, by_hand);
  }
}

}  // namespace
}  // namespace lightloom::cosim
