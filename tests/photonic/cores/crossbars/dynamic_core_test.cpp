#include "photonic/cores/crossbars/dynamic_core.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/cores/core_cost.hpp"

// The shipped card by hand: 48 weights and 12 vectors of 24 inputs a symbol, three symbols a
// conversion.

namespace lightloom::photonic {
namespace {

CoreCard shipped_product(const std::vector<std::string>& settings = {}) {
  return read_card<CoreCard>(
      load_card(LIGHTLOOM_SOURCE_DIR "/data/devices/dynamic-product.yaml", settings));
}

double area_of(const CoreCost& cost, const std::string& component) {
  for (const CoreCost::Part& found : cost.parts)
    if (found.component == component) return found.area_mm2;
  ADD_FAILURE() << component;
  return 0;
}

double energy_of(const CoreCost& cost, const std::string& component) {
  for (const CoreCost::Part& found : cost.parts)
    if (found.component == component) return found.energy_pJ_per_symbol;
  ADD_FAILURE() << component;
  return 0;
}

std::string refusal(const std::vector<std::string>& settings) {
  try {
    shipped_product(settings);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

constexpr double weights = 48 * 24, inputs = 12 * 24, outputs = 48 * 12;

TEST(DynamicProductByHand, BothOperandsAreModulatedAndEveryOutputOfEveryVectorIsConverted) {
  const CoreCard card = shipped_product();
  const CoreCost cost = core_cost(card);
  const DynamicOperands operands = core_operands(card);
  // 8 bits for 50 mW at 14 GS/s and 14.8 mW at 10 GS/s, here 4: 2^b/(b+1) and b.
  const double dac_pJ = 50.0 / 14 * (16.0 / 5) / (256.0 / 9), adc_pJ = 1.48 / 2;
  EXPECT_NEAR(cost.input_energy_pJ, dac_pJ + 0.45, 1e-12);
  EXPECT_NEAR(operands.weight_energy_pJ, dac_pJ + 0.45, 1e-12);
  EXPECT_NEAR(operands.receiver_energy_pJ, 7.4 / 5, 1e-12);
  EXPECT_NEAR(cost.output_energy_pJ, adc_pJ, 1e-12);
  EXPECT_NEAR(energy_of(cost, "DAC"), (weights + inputs) * dac_pJ, 1e-9);
  EXPECT_NEAR(energy_of(cost, "modulator"), (weights + inputs) * 0.45, 1e-9);
  EXPECT_NEAR(energy_of(cost, "receiver"), outputs * 7.4 / 5, 1e-9);
  EXPECT_NEAR(energy_of(cost, "ADC"), outputs / 3 * adc_pJ, 1e-9);
  EXPECT_NEAR(cost.laser_power_mW, (weights + inputs) * 0.107 / 0.2, 1e-9);
  double sum = 0;
  for (const CoreCost::Part& part : cost.parts) sum += part.energy_pJ_per_symbol;
  EXPECT_NEAR(sum,
              inputs * cost.input_energy_pJ + weights * operands.weight_energy_pJ +
                  outputs * (operands.receiver_energy_pJ + cost.output_energy_pJ / 3) +
                  (cost.laser_power_mW + cost.static_power_mW) / 5,
              1e-9);
}

TEST(DynamicProductByHand, WeightsHaveConvertersAndACombAndIntegratorsThatAreCounted) {
  const CoreCard card =
      shipped_product({"product.weight_dac.bits=6", "product.weight_dac.area_um2=1000",
                       "product.integrator_power_mW=0.3", "product.comb_power_mW=900"});
  const CoreCost cost = core_cost(card);
  const double full_pJ = 50.0 / 14 / (256.0 / 9), input_pJ = full_pJ * 16 / 5,
               weight_pJ = full_pJ * 64 / 7;
  EXPECT_NEAR(energy_of(cost, "DAC"), inputs * input_pJ + weights * weight_pJ, 1e-9);
  EXPECT_NEAR(core_operands(card).weight_energy_pJ, weight_pJ + 0.45, 1e-12);
  EXPECT_NEAR(area_of(cost, "DAC"), (inputs * 11000 + weights * 1000) * 1e-6, 1e-9);
  EXPECT_NEAR(energy_of(cost, "integrators"), outputs * 0.3 / 5, 1e-9);
  EXPECT_NEAR(energy_of(cost, "comb"), 900.0 / 5, 1e-9);
  EXPECT_NEAR(cost.static_power_mW, outputs * 0.3 + 900, 1e-9);
}

// At 20 GS/s two DACs of 14 GS/s take turns, but one ADC of 10 GS/s keeps up with three symbols a
// conversion. Each output has an amplifier of 50 um2 and two pairs of diodes.
TEST(DynamicProductByHand, ConvertersTakeTurnsAndDiodesComeInPairs) {
  const CoreCost cost = core_cost(shipped_product({"symbol_rate_GHz=20"}));
  EXPECT_NEAR(area_of(cost, "DAC"), 2 * 15.84, 1e-9);
  EXPECT_NEAR(area_of(cost, "ADC"), 1.6416, 1e-9);
  EXPECT_NEAR(
      area_of(core_cost(shipped_product({"symbol_rate_GHz=20", "product.integrate=1"})), "ADC"),
      2 * 1.6416, 1e-9);
  EXPECT_NEAR(area_of(core_cost(shipped_product({"detector.diode_area_um2=7"})), "receiver"),
              outputs * (50 + 4 * 7) * 1e-6, 1e-9);
}

TEST(DynamicProductByHand, FieldsHaveNoLightAtCodesOfZero) {
  EXPECT_EQ(make_core(shipped_product({"modulator.extinction_db=20"}))->description().noise.dark,
            0);
}

// 24 products of 16 wavelengths at most are two pairs of diodes, like those of 12.
TEST(DynamicProductByHand, PairsOfDiodesAreWhole) {
  const auto junctions = [](const char* wavelengths) {
    return area_of(core_cost(shipped_product({wavelengths})), "junctions");
  };
  EXPECT_EQ(junctions("product.wavelengths=16"), junctions("product.wavelengths=12"));
  EXPECT_NEAR(junctions("product.wavelengths=12"), 2 * junctions("product.wavelengths=24"), 1e-9);
}

TEST(DynamicProductByHand, NothingIsProgrammed) {
  const CoreCost cost = core_cost(shipped_product());
  EXPECT_EQ(cost.devices, 0);
  EXPECT_EQ(cost.settle_ns, 0);
  EXPECT_EQ(cost.decompose_operations, 0);
  EXPECT_EQ(cost.hold_power_mW, 0);
}

// Published (Lightening-Transformer, DOTA-B of 4 bits): laser .72, DAC 15.84, MZM 7.594, ADC 1.642,
// core 11.318, comb 8.411 mm2. Its amplifiers, .0576 mm2, are counted for each of two pairs.
TEST(DynamicProductByHand, AreasOfDevicesAddUpToTheDesignsSplit) {
  const CoreCost cost = core_cost(shipped_product());
  EXPECT_NEAR(area_of(cost, "DAC"), 15.84, 1e-9);
  EXPECT_NEAR(area_of(cost, "ADC"), 1.6416, 1e-9);
  EXPECT_NEAR(area_of(cost, "modulator"), 7.594, 0.01 * 7.594);
  EXPECT_NEAR(area_of(cost, "junctions"), 11.318, 0.001 * 11.318);
  EXPECT_NEAR(area_of(cost, "receiver"), 0.0576 / 2, 1e-9);
}

TEST(DynamicProductByHand, TileHoldsTheSymbolsOfOneConversion) {
  const CoreDescription core = make_core(shipped_product())->description();
  EXPECT_EQ(core.rows, 48);
  EXPECT_EQ(core.columns, 3 * 24);
  EXPECT_EQ(core.operands.symbols(72), 3);
  EXPECT_EQ(core.operands.symbols(49), 3);
  EXPECT_EQ(core.operands.symbols(48), 2);
  EXPECT_EQ(core.products_per_symbol(), 48 * 24 * 12);
}

// A weight's light is shared by 12 vectors, an input's by 48 rows; i = 2R sqrt(P_w P_x) at full
// scale, and both lights make shot noise.
TEST(DynamicProductByHand, LightAndNoiseOfAFullScaleProduct) {
  const CoreDescription core = make_core(shipped_product())->description();
  const double behind_mW = 0.107 * std::pow(10.0, -(1.2 + 3.02) / 10);
  const double weight_A = behind_mW / 12 * 1e-3, input_A = behind_mW / 48 * 1e-3;
  const double full_A = 2 * std::sqrt(weight_A * input_A), bandwidth = 2.5e9,
               charge = 1.602176634e-19;
  // Two pairs in parallel: the dark currents of four diodes.
  const double dark = 2 * charge * 4 * 25e-9 * bandwidth, amplifier = 1e-22 * bandwidth;
  EXPECT_NEAR(core.noise.additive, std::sqrt(dark + amplifier) / full_A, 1e-9);
  EXPECT_NEAR(core.noise.relative, std::sqrt(1e-15 * bandwidth), 1e-12);
  EXPECT_EQ(core.noise.dark, 0);
  // Shot noise 2q (sum P_w w^2 + P_x x^2) B for one product at w = .6, x = .9.
  const double power = core.operands.weight_light * 0.36 + core.operands.input_light * 0.81;
  const double shot = 2 * charge * (weight_A * 0.36 + input_A * 0.81) * bandwidth;
  EXPECT_NEAR(core.noise.shot * core.noise.shot * power, shot / (full_A * full_A), 1e-12);
}

TEST(DynamicProductByHand, IntensitiesAreSharedByRowsAndLitOnlyAtTheInputs) {
  const CoreCard card = shipped_product(
      {"product.signs=differential", "product.phase_sigma_rad=0", "modulator.extinction_db=20"});
  const CoreDescription core = make_core(card)->description();
  EXPECT_EQ(core.coding, InputCoding::intensity);
  EXPECT_NEAR(core.cost.laser_power_mW, inputs * 0.107 / 0.2, 1e-9);
  EXPECT_NEAR(insertion_loss_db(card), 2 * 1.2 + 3.02 + 10 * std::log10(48), 1e-12);
  EXPECT_NEAR(core.noise.dark, 0.01 / 0.99, 1e-12);
  EXPECT_EQ(core.operands.weight_light, 0);
  EXPECT_EQ(core.operands.input_light, 1);
}

TEST(DynamicProduct, WeightsHaveTheirOwnConvertersWhereTheCardSaysSo) {
  EXPECT_EQ(
      make_core(shipped_product({"input_dac.bits=7"}))->description().operands.weight_dac.bits, 7);
  const CoreDescription core =
      make_core(shipped_product({"product.weight_dac.bits=6"}))->description();
  EXPECT_EQ(core.operands.weight_dac.bits, 6);
  EXPECT_EQ(core.operands.weight_dac.rate_GHz, 14);
  EXPECT_EQ(core.input_dac.bits, 4);
}

TEST(DynamicProduct, RealisedWeightsAreWholeStepsOfTheirTilesLargest) {
  const auto core = make_core(
      shipped_product({"rows=3", "columns=2", "product.integrate=1", "product.weight_dac.bits=3"}));
  const std::vector<float> targets{3, -1.4F, 0.4F, 0.6F, 2, -3};
  std::vector<float> realised(6), scales(1);
  core->realise(targets, {}, realised, scales);
  EXPECT_EQ(realised, (std::vector<float>{3, -1, 0, 1, 2, -3}));
  EXPECT_EQ(scales[0], 3);
}

// (1 + s a)(1 + s b) of two modulators, less 1: 2 s^2 to first order.
TEST(DynamicProduct, AWeightIsAsUncertainAsBothOfItsModulators) {
  const auto core = make_core(shipped_product(
      {"rows=2", "columns=2", "product.integrate=1", "product.magnitude_sigma=0.03"}));
  const std::vector<float> targets{1, -0.5F, 0, 2};
  std::vector<float> variance(4), light(4);
  core->cell_noise(targets, {}, {.variance = variance, .light = light});
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_NEAR(variance[k], 2 * 0.03 * 0.03 * targets[k] * targets[k], 1e-8) << k;
    EXPECT_EQ(light[k], 1);
  }
}

TEST(DynamicProduct, WhatStandsStillOnOtherCoresIsRefused) {
  for (const char* key :
       {"input_coding=bit_serial", "read_phases=2", "readings=3", "input_range=least_error",
        "weight_scales=output", "output_adc.time_ns=1", "measured={chip: drawn, noise_sigma: 0.1}",
        "block_floating_point={gain: 2}", "weight_path={rate_MHz: 25}"}) {
    const std::string said = refusal({key});
    EXPECT_NE(said.find("not for cores of kind 'dynamic-product'"), std::string::npos)
        << key << ": " << said;
  }
}

TEST(DynamicProduct, CardsAskForNothingThatTheModelDoesNotKnow) {
  EXPECT_NE(refusal({"input_dac.inl_lsb=0.1"}).find("not modelled"), std::string::npos);
  EXPECT_NE(refusal({"output_adc.gain_sigma=0.1"}).find("not modelled"), std::string::npos);
  EXPECT_NE(refusal({"product.signs=differential"}).find("no phase"), std::string::npos);
  EXPECT_NE(refusal({"product.vectors=0"}), "");
  EXPECT_NE(refusal({"shifter.settle_us=1"}), "");
  EXPECT_EQ(refusal({"output_adc.noise_lsb=0.3"}), "");
}

}  // namespace
}  // namespace lightloom::photonic
