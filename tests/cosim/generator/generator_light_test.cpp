#include "cosim/generator/generator_light.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "photonic/cores/core_cost.hpp"
#include "photonic/studies/link_budget.hpp"
#include "tests/cosim/generator/generator_fixture.hpp"

namespace lightloom::cosim {
namespace {

// 90 mW x 0.2 over 2 x 3 + 6 x 2 = 18 inputs: 1 mW each. Behind 1 + 3 + 2 dB and the split to rows,
// 0.251 mW / 4 and / 8; half an ampere a watt; amplifier 10 pA over sqrt(1 GHz) = 0.316 uA; shot
// noise of the light of one input and of the bias that takes half of it off; a signal of half the
// swing.
TEST(GeneratorLight, IsAHandCalculation) {
  const GeneratorLight light = generator_light(round_generator());
  EXPECT_NEAR(light.power_per_input_mW, 1, 1e-12);
  double variance = 0;
  for (const double rows : {4.0, 8.0}) {
    const double full_A = 0.5 * 1e-3 * std::pow(10, -0.6) / rows;
    const double amplifier_A = 10e-12 * std::sqrt(1e9);
    const double shot_A2 = 2 * 1.602176634e-19 * 1.5 * full_A * 1e9;
    variance += (amplifier_A * amplifier_A + shot_A2) / std::pow(full_A / 2, 2);
  }
  EXPECT_NEAR(light.noise_of_full_scale, std::sqrt(variance), 1e-9 * std::sqrt(variance));
  EXPECT_NEAR(light.bits_uniform, std::log2(2 / std::sqrt(12 * variance)), 1e-9);
}

// Laser noise of -130 dBc/Hz over 1 GHz is 1 % of what is read, whose constant half counts too, at
// both levels.
TEST(GeneratorLight, LaserNoiseStaysHoweverStrongTheLaser) {
  PhotonicGenerator g = quiet_generator();
  g.bank.laser.rin_dBc_per_Hz = -130;
  const double each = 2 * std::sqrt(1e-13 * 1e9);
  EXPECT_NEAR(generator_light(g).noise_of_full_scale, std::sqrt(2.0) * each, 1e-6 * each);
  EXPECT_NEAR(most_bits(g), std::log2(2 / (std::sqrt(24.0) * each)), 1e-9);
  g.laser_power_mW = 0;
  g.bits = most_bits(g) + 0.1;
  EXPECT_THROW(generator_light(g), Error);
}

TEST(GeneratorLight, BitsAndLaserAreEachOthersInverse) {
  PhotonicGenerator g = round_generator();
  g.bank.laser.rin_dBc_per_Hz = -150;
  g.bank.modulator.extinction_db = 10;
  g.bank.detector.rejection_db = 30;
  for (const double power : {3.0, 90.0, 4000.0}) {
    g.laser_power_mW = power;
    PhotonicGenerator asked = g;
    asked.bits = generator_light(g).bits_uniform;
    asked.laser_power_mW = 0;
    if (asked.bits <= 0) continue;
    EXPECT_NEAR(generator_light(asked).laser_power_mW, power, 1e-9 * power);
  }
}

// The tool's own link budget of a core with the same devices, light and rate, halved by the offset,
// and the shot noise of its bias.
TEST(GeneratorLight, AgreesWithTheLinkBudgetOfItsBanks) {
  PhotonicGenerator g = round_generator();
  g.bank.laser.rin_dBc_per_Hz = -145;
  g.bank.modulator.extinction_db = 12;
  const GeneratorLight light = generator_light(g);
  double variance = 0;
  for (const GeneratorBank& bank : generator_banks(g, light.power_per_input_mW)) {
    const photonic::ReadoutNoise noise = photonic::core_optics(bank.core).noise;
    const double bias = noise.shot * noise.shot * (0.5 + noise.dark);
    variance += 4 * (std::pow(photonic::link_budget(bank.core).noise, 2) + bias);
  }
  EXPECT_NEAR(light.noise_of_full_scale, std::sqrt(variance), 1e-12);
}

TEST(GeneratorLight, AdcsOfBothHandOversTakeTheirShare) {
  PhotonicGenerator g = quiet_generator();
  g.bank.output_adc = {.bits = 6};
  // One 6-bit rounding leaves 6 bits, two leave half a bit less, and none all.
  EXPECT_NEAR(generator_light(g).bits_converted, 5.5, 1e-6);
  g.levels = PhotonicGenerator::Levels::analog;
  EXPECT_NEAR(generator_light(g).bits_converted, 6, 1e-6);
}

std::string refusal(const std::string& photonic) {
  try {
    read_card<GeneratorCard>(parse_yaml("{kind: photonic, photonic: {" + photonic + "}}", "card"));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(GeneratorLight, CardsGiveTheLaserOrTheBits) {
  EXPECT_EQ(refusal("bits: 3"), "");
  EXPECT_EQ(refusal("laser_power_mW: 100"), "");
  EXPECT_NE(refusal("bits: 3, laser_power_mW: 1").find("give one of the two"), std::string::npos);
  EXPECT_NE(refusal("bits: 20").find("out of reach"), std::string::npos);
  // What the other comes out as may stand beside it.
  PhotonicGenerator g;
  g.bits = 3;
  const std::string both =
      fmt::format("bits: 3, laser_power_mW: {}", generator_light(g).laser_power_mW);
  EXPECT_EQ(refusal(both), "");
}

TEST(GeneratorLight, BanksAddIntensities) {
  EXPECT_EQ(refusal("bank: {kind: pcm-crossbar}"), "");
  for (const char* kind : {"ideal", "mzi-mesh"})
    EXPECT_NE(refusal(fmt::format("bank: {{kind: {}}}", kind)).find("add up intensities"),
              std::string::npos);
}

TEST(GeneratorLight, FiguresThatFollowFromTheBankAreRefused) {
  for (const char* key :
       {"settle_ns", "dac_pJ", "modulate_pJ", "detect_pJ", "adc_pJ", "hold_power_mW"})
    EXPECT_NE(refusal(fmt::format("{}: 1", key)).find("follows from the devices"),
              std::string::npos);
  EXPECT_THROW(
      read_card<GeneratorCard>(parse_yaml("{kind: photonic, noise: {cross_sigma: 0.1}}", "card")),
      Error);
}

}  // namespace
}  // namespace lightloom::cosim
