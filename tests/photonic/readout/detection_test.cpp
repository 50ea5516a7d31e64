#include "photonic/readout/detection.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/cores/core_cost.hpp"
#include "photonic/studies/link_budget.hpp"

namespace lightloom::photonic {
namespace {

CoreCard detector_card(const std::string& name, const std::vector<std::string>& settings = {}) {
  return read_card<CoreCard>(
      load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/" + name + ".yaml", settings));
}

TEST(Detection, WorkedExampleOfTheReference) {
  // 0.1 mW, 1 A/W, 10 GHz, 300 K: shot 0.57 uA, 50 ohm 1.8 uA, RIN(-150) 0.32 uA, 34.3 dB, 5.4 bit
  // (sine).
  const double i = 1e-4, b = 10e9;
  const double shot = shot_variance_A2(i, 0, b), thermal = thermal_variance_A2(300, 50, 1, b);
  const double intensity = intensity_variance_A2(i, -150, b);
  EXPECT_NEAR(std::sqrt(shot), 0.566e-6, 1e-9);
  EXPECT_NEAR(std::sqrt(thermal), 1.82e-6, 1e-8);
  EXPECT_NEAR(std::sqrt(intensity), 0.316e-6, 1e-9);
  const double snr = snr_db(i, shot + thermal + intensity);
  EXPECT_NEAR(snr, 34.3, 0.05);
  EXPECT_NEAR(enob_sine(snr), 5.4, 0.02);
}

TEST(Detection, IntensityNoiseCapsTheBits) {
  EXPECT_NEAR(enob_sine(snr_db(1e-3, intensity_variance_A2(1e-3, -150, 10e9))), 8.0, 0.02);
  EXPECT_NEAR(enob_sine(snr_db(1e-3, intensity_variance_A2(1e-3, -140, 10e9))), 6.4, 0.05);
}

TEST(Detection, ShotNoiseVarianceIsTheMeanPhotonCount) {
  // One symbol lasts 1 / (2B); a current i is n = i / (2 q B) electrons, so relative variance 2 q B
  // / i must be 1 / n.
  const double i = 3e-6, b = 5e9, q = 1.602176634e-19;
  const double electrons = i / (2 * q * b);
  EXPECT_NEAR(shot_variance_A2(i, 0, b) / (i * i) * electrons, 1, 1e-12);
}

TEST(Detection, BothDefinitionsOfEnobAgreeWithAnIdealQuantiser) {
  // A b-bit quantiser has sigma = LSB / sqrt 12. Full-scale sine: power FS^2/8; uniform signal: FS
  // itself.
  for (const int bits : {4, 8, 12}) {
    const double lsb = 2.0 / std::exp2(bits), sigma = lsb / std::sqrt(12.0);
    EXPECT_NEAR(enob_uniform(2, sigma), bits, 1e-12);
    EXPECT_NEAR(enob_sine(10 * std::log10((4.0 / 8) / (sigma * sigma))), bits, 0.01);
  }
}

TEST(Detection, RequiredLaserPowerMeetsItsTargetExactly) {
  for (const char* name : {"mrr-bank", "mzi-mesh", "pcm-crossbar"}) {
    CoreCard card = detector_card(name);
    const LaserRequirement required = required_laser_power(card, 4);
    ASSERT_TRUE(required.reachable) << name;
    card.laser.power_per_input_mW = required.power_per_input_mW;
    EXPECT_NEAR(link_budget(card).enob_uniform, 4, 1e-9) << name;
    EXPECT_FALSE(required_laser_power(card, 14).reachable) << name;  // RIN -150 dBc/Hz over 2.5 GHz
  }
}

TEST(Detection, LinkBudgetSubtractsEveryLoss) {
  const CoreCard card = detector_card("mzi-mesh", {"mesh.modes=16"});
  // coupling 0.7, modulator 1.2, two meshes of 16 columns and an attenuator of 0.1 dB each
  EXPECT_NEAR(link_budget(card).insertion_loss_db, 0.7 + 1.2 + 33 * 0.1, 1e-12);
  EXPECT_NEAR(link_budget(card).detected_mW, 4 * std::pow(10.0, -0.52), 1e-12);
  // Butterflies: four columns. A triangle with balanced edges: 2N - 3.
  EXPECT_NEAR(
      insertion_loss_db(detector_card("mzi-mesh", {"mesh.modes=16", "mesh.topology=butterfly"})),
      0.7 + 1.2 + 9 * 0.1, 1e-12);
  EXPECT_NEAR(insertion_loss_db(detector_card("mzi-mesh", {"mesh.modes=16", "mesh.topology=reck"})),
              0.7 + 1.2 + 59 * 0.1, 1e-12);
  const CoreCard bank = detector_card("mrr-bank", {"rows=16"});
  EXPECT_NEAR(insertion_loss_db(bank), 0.7 + 1.2 + 0.5 + 10 * std::log10(16.0), 1e-12);
}

TEST(Detection, SensitivityRuleIsThatOfSimPhony) {
  EXPECT_NEAR(sensitivity_laser_power_mW(
                  {.loss_db = 10, .fan_out = 4, .bits = 4, .wall_plug = 0.2, .extinction_db = 10}),
              std::pow(10.0, (10 - 27 + 6.0206) / 10) * 16 / 0.2 / 0.9, 1e-4);
}

TEST(Detection, HomodyneNoiseMatchesADrawnPhotocurrent) {
  // Poisson counts on both diodes (normal limit) of |(s + l)/sqrt2|^2 and |(s - l)/sqrt2|^2
  // photons: difference 2 s l, variance s^2 + l^2. In units of the full-scale signal this is
  // homodyne_readout without amplifier, dark current, RIN.
  LaserCard laser{.local_oscillator_mW = 0.01, .rin_dBc_per_Hz = -400};
  DetectorCard detector{.dark_current_nA = 0, .tia_noise_pA_per_rtHz = 0};
  const double bandwidth = 5e9, signal_mW = 0.002, q = 1.602176634e-19;
  const double per_mW = 1e-3 / (2 * q * bandwidth);  // electrons per symbol and mW at 1 A/W
  const double s2 = signal_mW * per_mW, l2 = laser.local_oscillator_mW * per_mW;
  const Stream stream({.seed = 6, .purpose = Purpose::test});
  constexpr int samples = 20000;
  double mean = 0, square = 0;
  for (std::uint64_t k = 0; k < samples; ++k) {
    const double sum = (s2 + l2) / 2, beat = std::sqrt(s2 * l2);
    const double plus = sum + beat + std::sqrt(sum + beat) * stream.normal(k, 0);
    const double minus = sum - beat + std::sqrt(sum - beat) * stream.normal(k, 1);
    const double y = (plus - minus) / (2 * beat);
    mean += y / samples;
    square += y * y / samples;
  }
  const double variance = square - mean * mean;
  const ReadoutNoise noise = homodyne_readout(laser, detector, signal_mW, bandwidth);
  const double law = noise.additive * noise.additive + noise.signal * noise.signal;
  EXPECT_LT(noise.relative, 1e-14);
  EXPECT_NEAR(mean, 1, 4 * std::sqrt(law / samples));
  EXPECT_NEAR(variance, law, 4 * law * std::sqrt(2.0 / samples));
}

TEST(Detection, IntensityNoiseOfTheLocalOscillatorLeaksThroughAnUnevenPair) {
  // A pair that takes 1/2 + r/2 and 1/2 - r/2 of the local oscillator rejects its noise by r: the
  // current of fluctuations d is r P_LO d, drawn here.
  const LaserCard laser{.local_oscillator_mW = 2, .rin_dBc_per_Hz = -130};
  DetectorCard detector{.dark_current_nA = 0, .tia_noise_pA_per_rtHz = 0};
  const double bandwidth = 5e9, signal_mW = 0.01;
  const ReadoutNoise balanced = homodyne_readout(laser, detector, signal_mW, bandwidth);
  detector.rejection_db = 20;
  const ReadoutNoise uneven = homodyne_readout(laser, detector, signal_mW, bandwidth);
  const Stream stream({.seed = 9, .purpose = Purpose::test});
  constexpr int samples = 20000;
  const double full = 2 * std::sqrt(signal_mW * 2), spread = std::sqrt(1e-13 * bandwidth);
  double square = 0;
  for (std::uint64_t k = 0; k < samples; ++k) {
    const double light = 2 * (1 + spread * stream.normal(k)), mean = 0.1 * 2;
    square += std::pow((0.55 * light - 0.45 * light - mean) / full, 2) / samples;
  }
  const double law = uneven.additive * uneven.additive - balanced.additive * balanced.additive;
  EXPECT_NEAR(square, law, 4 * law * std::sqrt(2.0 / samples));
  EXPECT_EQ(uneven.relative, balanced.relative);
  // The link budget and a core's noise see it.
  EXPECT_LT(link_budget(detector_card("mzi-mesh", {"detector.rejection_db=20"})).enob_uniform,
            link_budget(detector_card("mzi-mesh")).enob_uniform);
}

TEST(Detection, IntensityNoiseLeaksThroughAnUnevenBalancedPair) {
  // Gains 1 + r and 1 - r of the two diodes: the pair reads (1 + r) i1 - (1 - r) i2 = y + r S of
  // i1 - i2 = y and i1 + i2 = S, and the light's fluctuations d multiply that. Drawn here.
  const LaserCard laser{.rin_dBc_per_Hz = -120};
  DetectorCard detector{.dark_current_nA = 0, .rejection_db = 20, .tia_noise_pA_per_rtHz = 0};
  const double bandwidth = 5e9, r = 0.1, spread = std::sqrt(1e-12 * bandwidth);
  const double x[] = {0.2, 0.9, 0.5}, w[] = {-0.7, 0.3, 1.0};
  const Stream stream({.seed = 13, .purpose = Purpose::test});
  constexpr int samples = 20000;
  double square = 0, y = 0, whole = 0;
  for (int j = 0; j < 3; ++j) {
    y += x[j] * w[j];
    whole += x[j];
  }
  for (std::uint64_t k = 0; k < samples; ++k) {
    double plus = 0, minus = 0;
    for (int j = 0; j < 3; ++j) {
      plus += x[j] * (1 + w[j]) / 2 * (1 + spread * stream.normal(k));
      minus += x[j] * (1 - w[j]) / 2 * (1 + spread * stream.normal(k));
    }
    square += std::pow((1 + r) * plus - (1 - r) * minus - (y + r * whole), 2) / samples;
  }
  const ReadoutNoise noise = intensity_readout({laser, detector}, 1, bandwidth);
  const double law = std::pow(noise.relative * (y + noise.leak * whole), 2);
  EXPECT_NEAR(square, law, 4 * law * std::sqrt(2.0 / samples));
  detector.rejection_db = perfect_rejection_db;
  EXPECT_EQ(intensity_readout({laser, detector}, 1, bandwidth).leak, 0);
  EXPECT_LT(link_budget(detector_card("mrr-bank",
                                      {"detector.rejection_db=10", "laser.rin_dBc_per_Hz=-120"}))
                .enob_uniform,
            link_budget(detector_card("mrr-bank", {"laser.rin_dBc_per_Hz=-120"})).enob_uniform);
}

TEST(Detection, ACodeZeroThatIsNotDarkShrinksTheSignalAndAddsItsShotNoise) {
  // Counts of modulators of 6 dB: light 1/E + (1 - 1/E) x of each input on a pair with weight w, in
  // units of the current that full scale adds to a code 0.
  LaserCard laser{.rin_dBc_per_Hz = -400};
  const DetectorCard detector{.dark_current_nA = 0, .tia_noise_pA_per_rtHz = 0};
  const ModulatorCard modulator{.extinction_db = 6};
  const double bandwidth = 5e9, power_mW = 0.002, q = 1.602176634e-19;
  const double full = power_mW * 1e-3 / (2 * q * bandwidth), rest = std::pow(10.0, -0.6);
  const double x[] = {0.2, 0.9, 0.5}, w[] = {-0.7, 0.3, 1.0};
  double plus_mean = 0, minus_mean = 0, y = 0, light = 0;
  const ReadoutNoise noise = intensity_readout({laser, detector, modulator}, power_mW, bandwidth);
  for (int j = 0; j < 3; ++j) {
    const double count = full * (rest + (1 - rest) * x[j]);
    plus_mean += count * (1 + w[j]) / 2;
    minus_mean += count * (1 - w[j]) / 2;
    y += w[j] * (x[j] + noise.dark);
    light += x[j] + noise.dark;
  }
  const Stream stream({.seed = 17, .purpose = Purpose::test});
  constexpr int samples = 20000;
  double mean = 0, square = 0;
  for (std::uint64_t k = 0; k < samples; ++k) {
    const double read = (plus_mean + std::sqrt(plus_mean) * stream.normal(k, 0) - minus_mean -
                         std::sqrt(minus_mean) * stream.normal(k, 1)) /
                        (full * (1 - rest));
    mean += read / samples;
    square += read * read / samples;
  }
  const double law = noise.shot * noise.shot * light;
  EXPECT_NEAR(mean, y, 4 * std::sqrt(law / samples));
  EXPECT_NEAR(square - mean * mean, law, 4 * law * std::sqrt(2.0 / samples));
  const CoreCard poor = detector_card("mrr-bank", {"modulator.extinction_db=6"}),
                 good = detector_card("mrr-bank");
  EXPECT_EQ(readout_noise(good).dark, 0);
  EXPECT_LT(link_budget(poor).enob_uniform, link_budget(good).enob_uniform);
  // One product at weight 1: its own light and that of a code 0.
  const ReadoutNoise n = readout_noise(poor);
  EXPECT_NEAR(std::pow(link_budget(poor).noise, 2),
              n.additive * n.additive + n.shot * n.shot * (1 + n.dark) +
                  std::pow(n.relative * (1 + n.dark), 2),
              1e-15);
}

TEST(Detection, LightAndConverterShareTheBitsByTheirVariances) {
  const CoreCard card =
      detector_card("mrr-bank", {"output_adc.bits=5", "output_adc.noise_lsb=0.4"});
  const LinkBudget link = link_budget(card);
  const double step = 2.0 / 32;
  EXPECT_NEAR(link.adc_noise, step * std::sqrt(1.0 / 12 + 0.16), 1e-12);
  EXPECT_NEAR(std::exp2(-2 * link.enob_converted),
              std::exp2(-2 * link.enob_uniform) + std::exp2(-2 * card.output_adc.enob()), 1e-12);
  const LinkBudget light = link_budget(detector_card("mrr-bank", {"output_adc.bits=0"}));
  EXPECT_EQ(light.enob_converted, light.enob_uniform);
}

TEST(Detection, BalancedNoiseMatchesADrawnPhotocurrent) {
  // Inputs x_j on a pair with weights w_j: counts n x (1 + w)/2 and n x (1 - w)/2; variance n sum
  // x, whatever the weights.
  LaserCard laser{.rin_dBc_per_Hz = -400};
  DetectorCard detector{.dark_current_nA = 0, .tia_noise_pA_per_rtHz = 0};
  const double bandwidth = 5e9, power_mW = 0.002, q = 1.602176634e-19;
  const double full = power_mW * 1e-3 / (2 * q * bandwidth);
  const double x[] = {0.2, 0.9, 0.5}, w[] = {-0.7, 0.3, 1.0};
  double plus_mean = 0, minus_mean = 0, sum_x = 0;
  for (int j = 0; j < 3; ++j) {
    plus_mean += full * x[j] * (1 + w[j]) / 2;
    minus_mean += full * x[j] * (1 - w[j]) / 2;
    sum_x += x[j];
  }
  const Stream stream({.seed = 7, .purpose = Purpose::test});
  constexpr int samples = 20000;
  double mean = 0, square = 0;
  for (std::uint64_t k = 0; k < samples; ++k) {
    const double y = (plus_mean + std::sqrt(plus_mean) * stream.normal(k, 0) - minus_mean -
                      std::sqrt(minus_mean) * stream.normal(k, 1)) /
                     full;
    mean += y / samples;
    square += y * y / samples;
  }
  const ReadoutNoise noise = intensity_readout({laser, detector}, power_mW, bandwidth);
  const double law = noise.shot * noise.shot * sum_x;
  EXPECT_NEAR(mean, -0.14 + 0.27 + 0.5, 4 * std::sqrt(law / samples));
  EXPECT_NEAR(square - mean * mean, law, 4 * law * std::sqrt(2.0 / samples));
}

}  // namespace
}  // namespace lightloom::photonic
