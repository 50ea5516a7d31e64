#include "tests/oracles/ring_reading.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <random>

#include "core/cards/tree.hpp"
#include "core/statistics.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/cores/kinds/mrr_core.hpp"
#include "photonic/cores/kinds/ring_settings.hpp"
#include "photonic/cores/weight_targets.hpp"

namespace lightloom::photonic {
namespace {

constexpr int inputs = 20;
constexpr std::uint32_t chips = 200;
constexpr int symbols = 40;

/// One row of the shipped bank with much noise of every kind, and rings that lose no light: the
/// product counts shot noise as if all of it arrived.
CoreCard noisy_row(const std::vector<std::string>& more) {
  std::vector<std::string> settings{"rows=1", fmt::format("columns={}", inputs),
                                    "bank.turn_amplitude=1", "phase_bits=10",
                                    "laser.power_per_input_mW=0.02"};
  settings.insert(settings.end(), more.begin(), more.end());
  return read_card<CoreCard>(
      load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/mrr-bank.yaml", settings));
}

std::vector<double> random_inputs(std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform;
  std::vector<double> x(inputs);
  for (double& value : x) value = uniform(random);
  return x;
}

/// Per chip, the mean over symbols of the squared error of a reading, in units of the core.
struct SquaredErrors {
  std::vector<double> oracle, product;
};

SquaredErrors read_chips(const CoreCard& card) {
  const RingBankCard& bank = card.own.of<RingBankCard>();
  const auto core = make_core(card);
  const ReadoutNoise noise = core->description().noise;
  const std::vector<float> target = target_tiles({.law = WeightTargets::Law::uniform, .matrix = {}},
                                                 Stream({.seed = 4}), 1, inputs);
  std::vector<float> realised(inputs), scale(1);
  core->realise(target, {}, realised, scale);
  // Set points as the product finds them; codes, errors, light and currents by the oracle.
  const double limit = bank.weight_range * std::min(ring_weight(bank.ring, 0),
                                                    -ring_weight(bank.ring, std::numbers::pi));
  const RingBus bus = bank.bus();
  const RingSettingFinder finder(bus, Correction::local, limit);
  const RingSettings set = finder.find(target, inputs);
  const double code = finder.reach_rad() / 1023;
  const double power_mW =
      0.02 * std::pow(10.0, -(0.7 + 1.2 + bank.insertion_loss_db) / 10);  // one row: no split
  const DetectorCard& detector = card.detector;
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  SquaredErrors errors;
  for (std::uint32_t chip = 0; chip < chips; ++chip) {
    oracle::RingRow row{
        .rings = std::vector<Ring>(inputs, bank.ring),
        .phases = set.phases,
        .channels = bank.channels,
        .full_A = detector.responsivity_A_per_W * power_mW * 1e-3,
        .dark_A = detector.dark_current_nA * 1e-9,
        .diodes = 2 * (bank.pair_per_bus ? 3 : 1),
        .uneven = detector.rejection_db < 200 ? std::pow(10.0, -detector.rejection_db / 20) : 0,
        .amplifier_A2 =
            1e-24 * detector.tia_noise_pA_per_rtHz * detector.tia_noise_pA_per_rtHz * 2.5e9,
        .bandwidth_Hz = 2.5e9,
        .rin_per_Hz = std::pow(10.0, card.laser.rin_dBc_per_Hz / 10)};
    for (double& phase : row.phases)
      phase = code * std::round(phase / code) + card.phase_sigma_rad * normal(random) +
              card.programming_sigma_rad * normal(random);
    const oracle::RingRowReader reader(row);
    core->realise(target, {.seed = 1, .chip = chip}, realised, scale);
    double read = 0, predicted = 0;
    for (int symbol = 0; symbol < symbols; ++symbol) {
      const std::vector<double> x = random_inputs(random);
      double wanted = 0, made = 0, light = 0;
      for (std::size_t j = 0; j < inputs; ++j) {
        wanted += static_cast<double>(target[j]) / scale[0] * x[j];
        made += static_cast<double>(realised[j]) / scale[0] * x[j];
        light += x[j];
      }
      const double off = reader.read(x, random) - wanted;
      read += off * off / symbols;
      const double laser = noise.relative * (made + noise.leak * light);
      predicted += ((made - wanted) * (made - wanted) + noise.additive * noise.additive +
                    noise.shot * noise.shot * light + laser * laser) /
                   symbols;
    }
    errors.oracle.push_back(read);
    errors.product.push_back(predicted);
  }
  return errors;
}

TEST(RingReading, ErrorsOfAReadingAreThoseOfFieldsAndElectronsDrawnOneByOne) {
  // Each case makes one kind of noise large: phases, light's shot noise, amplifier, dark currents
  // of three pairs, laser, and the laser through an uneven pair.
  const std::vector<std::string> quiet{"detector.tia_noise_pA_per_rtHz=0.001",
                                       "detector.dark_current_nA=0", "laser.rin_dBc_per_Hz=-250",
                                       "phase_sigma_rad=0.0002"};
  const std::vector<std::vector<std::string>> cases{
      {"phase_sigma_rad=0.003", "programming_sigma_rad=0.002"},
      {"laser.power_per_input_mW=0.02"},
      {"detector.tia_noise_pA_per_rtHz=20"},
      {"detector.dark_current_nA=20000", "bank.pair_per_bus=true"},
      {"laser.rin_dBc_per_Hz=-115"},
      {"laser.rin_dBc_per_Hz=-115", "detector.rejection_db=10"}};
  // Tiles of one row each are too small for several threads.
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  for (const std::vector<std::string>& loud : cases) {
    std::vector<std::string> settings = quiet;
    settings.insert(settings.end(), loud.begin(), loud.end());
    const SquaredErrors errors = read_chips(noisy_row(settings));
    const Summary oracle = summarise(errors.oracle), product = summarise(errors.product);
    EXPECT_NEAR(oracle.mean, product.mean,
                4 * std::hypot(oracle.standard_error, product.standard_error))
        << loud[0];
    EXPECT_LT(oracle.standard_error, 0.1 * oracle.mean) << "too few chips to tell";
  }
  omp_set_num_threads(threads);
}

}  // namespace
}  // namespace lightloom::photonic
