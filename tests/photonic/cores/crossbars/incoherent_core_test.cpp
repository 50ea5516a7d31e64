#include "photonic/cores/crossbars/incoherent_core.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/cores/core_cost.hpp"
#include "photonic/readout/block_floating_point.hpp"

namespace lightloom::photonic::incoherent_core_tests {
namespace {

CoreCard card_of(const std::string& keys) {
  return read_card<CoreCard>(
      parse_yaml("{kind: incoherent-crossbar, rows: 24, columns: 40, " + keys + "}", "card.yaml"));
}

struct Realised {
  std::vector<float> targets, weights, scales;
};

Realised realise(const CoreCard& card, const TileAddress& address) {
  const auto core = make_core(card);
  Realised realised{.targets = std::vector<float>(3 * 24 * 40),
                    .weights = std::vector<float>(3 * 24 * 40),
                    .scales = std::vector<float>(3)};
  const Stream stream({.seed = 3});
  for (std::size_t k = 0; k < realised.targets.size(); ++k)
    realised.targets[k] = static_cast<float>(5 * (2 * stream.uniform(k) - 1));
  core->realise(realised.targets, address, realised.weights, realised.scales);
  return realised;
}

TEST(IncoherentCore, WeightsAreRoundedToStepsOfTheTilesLargest) {
  const Realised realised = realise(card_of("crossbar: {weight_bits: 5}"), {});
  for (std::size_t k = 0; k < realised.targets.size(); ++k) {
    const double largest = realised.scales[k / 960];
    EXPECT_NEAR(realised.weights[k],
                largest / 15 * std::nearbyint(15 * (realised.targets[k] / largest)), 2e-6);
  }
}

TEST(IncoherentCore, PhasesAreOffByChipAndByWrite) {
  const CoreCard card =
      card_of("phase_sigma_rad: 0.02, programming_sigma_rad: 0.01, crossbar: {weight_bits: 0}");
  const Realised one = realise(card, {.seed = 1}), again = realise(card, {.seed = 1}),
                 rewritten = realise(card, {.seed = 1, .write = 1});
  EXPECT_EQ(one.weights, again.weights);
  double all = 0, apart = 0;
  const auto count = static_cast<double>(one.targets.size());
  for (std::size_t k = 0; k < one.targets.size(); ++k) {
    const double largest = one.scales[k / 960];
    // Phases of what came out; at the ends of the sine they are not told apart.
    const double wanted = std::asin(one.targets[k] / largest);
    if (std::abs(wanted) > 1) continue;
    all += std::pow(std::asin(one.weights[k] / largest) - wanted, 2);
    apart += std::pow(
        std::asin(rewritten.weights[k] / largest) - std::asin(one.weights[k] / largest), 2);
  }
  // Of uniform weights sin(1) have phases within 1 rad.
  const double taken = count * std::sin(1.0);
  EXPECT_NEAR(all / taken, 5e-4, 5e-4 * 4 * std::sqrt(2 / taken) + 3e-5);
  EXPECT_NEAR(apart / taken, 2e-4, 2e-4 * 4 * std::sqrt(2 / taken) + 1e-5);
}

TEST(IncoherentCore, DifferentialInputsAlwaysHaveTheShotNoiseOfAllLight) {
  const CoreCard two = card_of("crossbar: {signs: two_pass}, detector: {rejection_db: 30}"),
                 one = card_of("crossbar: {signs: differential}, detector: {rejection_db: 30}");
  const ReadoutNoise by_light = core_optics(two).noise, always = core_optics(one).noise;
  EXPECT_EQ(core_optics(two).coding, InputCoding::intensity);
  EXPECT_EQ(core_optics(one).coding, InputCoding::field);
  const double leak = by_light.relative * std::pow(10, -30.0 / 20) * 40;
  EXPECT_NEAR(
      always.additive * always.additive,
      by_light.additive * by_light.additive + 40 * by_light.shot * by_light.shot + leak * leak,
      1e-12 * always.additive * always.additive);
  EXPECT_EQ(always.shot, 0);
  EXPECT_EQ(always.leak, 0);
  EXPECT_EQ(always.relative, by_light.relative);
}

TEST(IncoherentCore, OffsetInputsHaveHalfTheSignalAndTheLightOfTheirHalf) {
  // In watts: full scale of an intensity is P, of an offset input P / 2; noise stands over that.
  const std::string rest = ", modulator: {extinction_db: 20}, detector: {rejection_db: 30}";
  const CoreCard two = card_of("crossbar: {signs: two_pass}" + rest),
                 offset = card_of("crossbar: {signs: offset}" + rest);
  const ReadoutNoise whole = core_optics(two).noise, half = core_optics(offset).noise;
  EXPECT_EQ(core_optics(offset).coding, InputCoding::offset);
  EXPECT_GT(whole.dark, 0);
  EXPECT_DOUBLE_EQ(half.additive, 2 * whole.additive);
  for (const double x : {-1.0, 0.25, 1.0}) {
    const double sent = (1 + x) / 2;
    EXPECT_NEAR(half.shot * half.shot * (x + half.dark),
                4 * whole.shot * whole.shot * (sent + whole.dark), 1e-9 * whole.shot * whole.shot);
    EXPECT_NEAR(half.relative * half.leak * (x + half.dark),
                2 * whole.relative * whole.leak * (sent + whole.dark),
                1e-9 * whole.relative * whole.leak);
  }
  EXPECT_EQ(half.relative, whole.relative);
}

TEST(IncoherentCore, OffsetInputsTakeTheTimeAndEnergyOfOnePass) {
  const auto time = [](const char* signs) {
    const auto core = make_core(card_of(std::string("crossbar: {signs: ") + signs + "}"));
    const CoreDescription& about = core->description();
    return product_time_ns(about.cost, read_phases(about, InputSigns::both));
  };
  EXPECT_EQ(time("offset"), time("differential"));
  EXPECT_EQ(2 * time("offset"), time("two_pass"));
}

TEST(IncoherentCore, EveryInputsLightIsSplitOverAllRows) {
  const CoreCard card = card_of(
      "crossbar: {insertion_loss_db: 2}, laser: {coupling_loss_db: 0.5, power_per_input_mW: 6}, "
      "modulator: {loss_db: 1.5}");
  EXPECT_NEAR(detected_power_mW(card), 6 * std::pow(10, -(2 + 0.5 + 1.5) / 10) / 24, 1e-12);
}

TEST(IncoherentCore, HoldsTheMeanPhaseOfUniformWeights) {
  const CoreCard card = card_of(
      "shifter: {pi_power_mW: 7, settle_us: 0.01, write_energy_pJ: 2}, crossbar: {other_power_mW: "
      "5, other_area_mm2: 3}");
  const CoreCost cost = core_cost(card);
  double mean = 0;
  for (int k = 0; k < 10000; ++k) mean += std::asin((k + 0.5) / 10000) / 10000;
  EXPECT_NEAR(cost.hold_power_mW, 7 * mean / std::numbers::pi, 1e-5);
  EXPECT_EQ(cost.devices, 24 * 40);
  EXPECT_NEAR(cost.settle_ns, 10, 1e-12);
  EXPECT_EQ(cost.static_power_mW, 5);
  const CoreCost without = core_cost(card_of("crossbar: {other_power_mW: 5}"));
  EXPECT_NEAR(cost.area_mm2 - without.area_mm2, 3, 1e-9);
}

TEST(IncoherentCore, TheShippedCardIsThatOfThePublishedMachine) {
  const CoreCard card = read_card<CoreCard>(
      load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/incoherent-crossbar.yaml", {}));
  const CoreDescription core = make_core(card)->description();
  // Four cores: 65.5 TOPS, two operations a weight and symbol.
  EXPECT_NEAR(4 * 2.0 * core.rows * core.columns * core.cost.symbol_rate_GHz * 1e-3, 65.536, 1e-9);
  EXPECT_NEAR(4 * core.columns * card.laser.power_per_input_mW, 1600, 1e-9);
  EXPECT_EQ(core.cost.weight_path.rate_MHz, 25);
  EXPECT_EQ(core.blocks.gain, 1.86);
}

TEST(BlockFloats, ScalesAreBfloat16) {
  EXPECT_EQ(to_bfloat16(1.0F), 1.0F);
  EXPECT_EQ(to_bfloat16(1.0F + 0x1p-8F), 1.0F);  // a tie goes to the even one
  EXPECT_EQ(to_bfloat16(1.0F + 3 * 0x1p-8F), 1.0F + 0x1p-6F);
  EXPECT_EQ(to_bfloat16(1.0F + 0x1.2p-8F), 1.0F + 0x1p-7F);
  EXPECT_EQ(to_bfloat16(-3.14159F), -3.140625F);
  EXPECT_EQ(block_scale(0.0F), 1.0F);
  EXPECT_EQ(block_levels(7), 63);
}

std::string refusal(const std::string& keys) {
  try {
    card_of(keys);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(IncoherentCore, CardsThatCannotBeMeantAreRefused) {
  EXPECT_NE(refusal("block_floating_point: {gain: 2}").find("needs converters with bits"),
            std::string::npos);
  const std::string bits = "input_dac: {bits: 8}, output_adc: {bits: 8";
  EXPECT_EQ(refusal(bits + "}, block_floating_point: {gain: 2}"), "");
  EXPECT_NE(refusal(bits + ", full_scale: 3}, block_floating_point: {gain: 2}").find("full_scale"),
            std::string::npos);
  EXPECT_NE(refusal(bits + "}, block_floating_point: {gain: 0}").find("gain"), std::string::npos);
  EXPECT_NE(refusal(bits + "}, block_floating_point: {weight_scale: row}").find("'gain'"),
            std::string::npos);
  EXPECT_NE(refusal("weight_path: {unit: row}").find("'rate_MHz'"), std::string::npos);
  EXPECT_NE(refusal("crossbar: {weight_bits: 1}").find("weight_bits"), std::string::npos);
  const std::string offset = "crossbar: {signs: offset}, ";
  EXPECT_EQ(refusal(offset + bits + "}, read_phases: 1"), "");
  EXPECT_NE(refusal(offset + bits + "}, read_phases: 2").find("read_phases"), std::string::npos);
  EXPECT_NE(refusal(offset + bits + "}, input_range: least_error").find("input_range"),
            std::string::npos);
  EXPECT_NE(refusal(offset + bits + "}, input_coding: bit_serial").find("bit by bit"),
            std::string::npos);
  EXPECT_NE(
      refusal(offset + bits + "}, block_floating_point: {gain: 2}").find("choose differential"),
      std::string::npos);
}

}  // namespace
}  // namespace lightloom::photonic::incoherent_core_tests
