#include "photonic/cores/kinds/mrr_core.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/cores/core_cost.hpp"
#include "photonic/cores/weight_targets.hpp"
#include "photonic/devices/ring.hpp"

namespace lightloom::photonic {
namespace {

using std::numbers::pi;

RingBankCard bank_of(const std::vector<std::string>& settings) {
  return read_card<CoreCard>(
             load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/mrr-bank.yaml", settings))
      .own.of<RingBankCard>();
}

TEST(RingBank, TakesAsManyWavelengthsAsTheFinesseAllowsAndRefusesOneMore) {
  // Full width at half maximum of the drop peak by bisection of the spectrum itself.
  const Ring ring = bank_of({}).ring;
  double low = 0, high = 1;
  while (high - low > 1e-12) {
    const double middle = (low + high) / 2;
    (ring_power(ring, middle).drop > ring_power(ring, 0).drop / 2 ? low : high) = middle;
  }
  const int most = static_cast<int>(2 * std::numbers::pi / (2 * low));
  EXPECT_EQ(bank_of({"bank.channels=" + std::to_string(most)}).channels, most);
  try {
    bank_of({"bank.channels=" + std::to_string(most + 1)});
    FAIL() << "lines closer than their width";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(fmt::format("at most {} wavelengths", most)),
              std::string::npos)
        << error.what();
  }
}

TEST(RingBank, WarmingMovesEveryRingByItsShareOfTheFreeSpectralRange) {
  // One ring a bus: the weight at another temperature is that of the ring at another phase. Warmed
  // by a whole free spectral range, the bank is what it was; relocked, too.
  const RingBankCard bank = bank_of({});
  const auto realised = [](const std::vector<std::string>& more) {
    std::vector<std::string> settings{"rows=4",       "columns=4",         "bank.channels=1",
                                      "phase_bits=0", "phase_sigma_rad=0", "correction=none"};
    settings.insert(settings.end(), more.begin(), more.end());
    const auto core = make_core(read_card<CoreCard>(
        load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/mrr-bank.yaml", settings)));
    std::vector<float> target(16), weights(16), scale(1);
    for (std::size_t k = 0; k < 16; ++k) target[k] = static_cast<float>(k) / 15 * 2 - 1;
    core->realise(target, {}, weights, scale);
    return std::pair(weights, scale[0]);
  };
  const auto [cold, scale] = realised({});
  const auto [warm, same] = realised({"bank.temperature_K=0.7"});
  const double shift = 2 * std::numbers::pi * 0.7 * bank.thermal_shift_nm_per_K /
                       (1550 * 1550 / (bank.group_index * 2 * std::numbers::pi * 5e3));
  for (std::size_t k = 0; k < 16; ++k) {
    const double wanted = (static_cast<double>(k) / 15 * 2 - 1) / scale;
    EXPECT_NEAR(warm[k] / scale, ring_weight(bank.ring, ring_phase_for(bank.ring, wanted) + shift),
                1e-6);
  }
  EXPECT_EQ(realised({"bank.temperature_K=0.7", "bank.relock=true"}).first, cold);
  const auto turned =
      realised({fmt::format("bank.temperature_K={}", bank.fsr_nm() / bank.thermal_shift_nm_per_K)});
  for (std::size_t k = 0; k < 16; ++k) EXPECT_NEAR(turned.first[k], cold[k], 1e-6);
  // Lines that have moved down in wavelength are rings that have moved up, but for the share 0.07 /
  // 1550 of their 0.024 rad that 1 / lambda adds: 1.1e-6 rad. A Lorentzian of half width 0.104 rad
  // has weights no steeper than 1.3 / 0.104 a radian, times a scale of 1.4.
  const auto [moved, unit] = realised({"bank.laser_shift_nm=-0.07"});
  for (std::size_t k = 0; k < 16; ++k) EXPECT_NEAR(moved[k], warm[k], 2e-5);
  EXPECT_EQ(realised({"bank.laser_shift_nm=-0.07", "bank.relock=true"}).first, cold);
}

/// A shipped bank without errors of its phases, changed by `more`.
CoreCard perfect_bank(const std::vector<std::string>& more) {
  std::vector<std::string> settings{"rows=16", "columns=40", "phase_sigma_rad=0", "phase_bits=0"};
  settings.insert(settings.end(), more.begin(), more.end());
  return read_card<CoreCard>(
      load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/mrr-bank.yaml", settings));
}

struct RealisedTiles {
  std::vector<float> target, weights, scales;
  RealisationReport report;
  [[nodiscard]] double error() const {
    return std::sqrt(report.squared_error / report.squared_target);
  }
};

RealisedTiles realised(const CoreCard& card, const WeightTargets& targets) {
  const auto core = make_core(card);
  RealisedTiles tiles{
      .target = target_tiles(targets, Stream({.seed = 9}), card.core_rows(), card.core_columns()),
      .weights = {},
      .scales = std::vector<float>(1),
      .report = {}};
  tiles.weights.resize(tiles.target.size());
  tiles.report = core->realise(tiles.target, {.seed = 2}, tiles.weights, tiles.scales);
  return tiles;
}

WeightTargets levels(int count) {
  return {.law = WeightTargets::Law::levels, .levels = count, .matrix = {}};
}

TEST(RingBank, WeightsOfFewLevelsComeOutAsWellOnBusesAsWithOneRingABus) {
  for (const int count : {2, 3, 4, 16})
    for (const char* sigma : {"phase_sigma_rad=0", "phase_sigma_rad=0.001"}) {
      const RealisedTiles bus = realised(perfect_bank({sigma, "phase_bits=8"}), levels(count));
      const RealisedTiles alone =
          realised(perfect_bank({sigma, "phase_bits=8", "bank.channels=1"}), levels(count));
      EXPECT_LT(bus.error(), 1.5 * alone.error()) << count << sigma;
      EXPECT_EQ(bus.report.unreachable_devices, 0);
    }
}

TEST(RingBank, ATileIsBroughtToASmallerScaleOnlyWhereItMissesItsWeights) {
  // Full scale of the card: 0.8 of what a ring alone makes. Normal weights hardly ever ask a bus
  // for more than it has; ternary ones do in most buses, and then all come out.
  const Ring ring = bank_of({}).ring;
  const double limit = 0.8 * std::min(ring_weight(ring, 0), -ring_weight(ring, pi));
  const auto share = [&](const RealisedTiles& tiles) {
    float largest = 0;
    for (const float w : tiles.target) largest = std::max(largest, std::abs(w));
    return largest / tiles.scales[0];
  };
  const RealisedTiles normal =
      realised(perfect_bank({}), {.law = WeightTargets::Law::normal, .matrix = {}});
  EXPECT_NEAR(share(normal), limit, 1e-6);
  EXPECT_LT(normal.error(), 0.01);
  EXPECT_NEAR(normal.report.squared_miss, normal.report.squared_error, 1e-4);
  const RealisedTiles ternary = realised(perfect_bank({}), levels(3));
  EXPECT_LT(ternary.error(), 1e-6);
  EXPECT_LT(share(ternary), 0.9 * limit);
  EXPECT_NEAR(share(ternary), certain_range_for(RingBus(ring, 8), limit).weight, 1e-6);
  // Two rings a bus are so far apart that the full scale itself is certain.
  const RealisedTiles pairs = realised(perfect_bank({"bank.channels=2"}), levels(3));
  EXPECT_NEAR(share(pairs), limit, 1e-6);
  EXPECT_LT(pairs.error(), 1e-6);
}

TEST(RingBank, WhatNoSettingMakesIsCountedAndReported) {
  // Sixteen lines in the free spectral range stand two line widths apart.
  const RealisedTiles dense = realised(perfect_bank({"bank.channels=16", "columns=48"}), levels(3));
  EXPECT_GT(dense.error(), 0.01);
  // At full scale it would be ten times as much: a quarter of it is the least that is tried.
  EXPECT_LT(dense.error(), 0.2);
  // Without errors of the phases, what is missed is all that is wrong.
  EXPECT_NEAR(dense.report.squared_miss / dense.report.squared_error, 1, 1e-5);
  std::int64_t missed = 0;
  float largest = 0;
  for (const float w : dense.target) largest = std::max(largest, std::abs(w));
  for (std::size_t k = 0; k < dense.target.size(); ++k)
    missed += std::abs(dense.weights[k] - dense.target[k]) > 0.01F * largest ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(dense.report.unreachable_devices), static_cast<double>(missed),
              2);
  EXPECT_GT(missed, 10);
}

TEST(RingBank, GivesTheSameBitsOnAnyNumberOfThreads) {
  const auto core = make_core(perfect_bank({"phase_bits=8", "programming_sigma_rad=0.002"}));
  const std::vector<float> tile = target_tiles(levels(4), Stream({.seed = 3}), 16, 40);
  std::vector<float> targets;
  for (int i = 0; i < 7; ++i) targets.insert(targets.end(), tile.begin(), tile.end());
  const auto on = [&](int threads) {
    const int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    std::vector<float> weights(targets.size()), scales(7);
    core->realise(targets, {.seed = 2}, weights, scales);
    omp_set_num_threads(before);
    return weights;
  };
  const std::vector<float> one = on(1);
  EXPECT_EQ(on(2), one);
  EXPECT_EQ(on(4), one);
}

TEST(RingBank, EveryRingOfATileHasAProgrammingErrorOfItsOwn) {
  // Equal targets without correction: a ring differs from every other by its error alone, also from
  // the one at its place of another bus and another row.
  const auto core = make_core(perfect_bank(
      {"rows=3", "columns=8", "bank.channels=2", "correction=none", "programming_sigma_rad=0.01"}));
  std::vector<float> target(24, 0.3F), weights(24), scale(1);
  target[23] = 1;  // the scale
  core->realise(target, {.seed = 5}, weights, scale);
  std::sort(weights.begin(), weights.end());
  EXPECT_EQ(std::unique(weights.begin(), weights.end()), weights.end());
}

TEST(RingBank, SettingWorkIsThatOfTheRoundsOfAllBuses) {
  const auto operations = [](const std::vector<std::string>& more) {
    return core_cost(perfect_bank(more)).decompose_operations;
  };
  // A look-up a ring, and five rounds a bus of 8: 24 flop a ring and line for weights and slopes,
  // 2/3 8^3 + 2 8^2 for the step: 5 (24 64 + 341.33 + 128) = 10026.67 a bus, 80 buses.
  EXPECT_NEAR(operations({}), 640 + 80 * 10026.6667, 1);
  EXPECT_EQ(operations({"correction=none"}), 640);
  EXPECT_EQ(operations({"bank.channels=1"}), 640);
}

TEST(RingBank, SetPointsAllowForTheLightThatCarriersTake) {
  for (const char* channels : {"bank.channels=1", "bank.channels=4"}) {
    const std::vector<std::string> lossy{channels, "bank.carrier_loss_per_rad=0.1"};
    EXPECT_LT(realised(perfect_bank(lossy), levels(4)).error(), 1e-6) << channels;
    std::vector<std::string> unaware = lossy;
    unaware.emplace_back("correction=none");
    EXPECT_GT(realised(perfect_bank(unaware), levels(4)).error(), 5e-3) << channels;
  }
}

TEST(RingBank, HeatOfNeighboursIsSolvedForWhereItIsKnown) {
  const std::vector<std::string> warm{"bank.neighbour_heat=0.05", "columns=8", "rows=2"};
  EXPECT_LT(realised(perfect_bank(warm), levels(4)).error(), 1e-6);
  // Else every ring stands where its own heater and a twentieth of the next ones' bring it.
  std::vector<std::string> unaware = warm;
  unaware.emplace_back("correction=none");
  const RealisedTiles found = realised(perfect_bank(unaware), levels(4));
  EXPECT_GT(found.error(), 0.02);
  const Ring ring = bank_of({}).ring;
  for (std::size_t row = 0; row < 2; ++row) {
    std::vector<double> heaters, phases(8), weights(8);
    for (std::size_t k = 0; k < 8; ++k)
      heaters.push_back(
          ring_phase_for(ring, static_cast<double>(found.target[8 * row + k]) / found.scales[0]));
    for (std::size_t k = 0; k < 8; ++k)
      phases[k] = heaters[k] + 0.05 * ((k > 0 ? heaters[k - 1] : 0) + (k < 7 ? heaters[k + 1] : 0));
    RingBus(ring, 8).weights(phases, weights);
    for (std::size_t k = 0; k < 8; ++k)
      EXPECT_NEAR(found.weights[8 * row + k], found.scales[0] * weights[k], 1e-6);
  }
  // Codes of the heaters' phases: as fine as those of the rings' but for what the span grows by.
  std::vector<std::string> coded = warm, cold{"phase_bits=8", "columns=8", "rows=2"};
  coded.emplace_back("phase_bits=8");
  EXPECT_LT(realised(perfect_bank(coded), levels(4)).error(),
            1.5 * realised(perfect_bank(cold), levels(4)).error());
  EXPECT_EQ(core_cost(perfect_bank(warm)).decompose_operations -
                core_cost(perfect_bank(cold)).decompose_operations,
            5 * 16);
  EXPECT_THROW(perfect_bank({"bank.neighbour_heat=0.05", "bank.carrier_loss_per_rad=0.1"}), Error);
}

const CoreCost::Part* part_of(const CoreCost& cost, const std::string& name) {
  const auto found =
      std::find_if(cost.parts.begin(), cost.parts.end(),
                   [&](const CoreCost::Part& part) { return part.component == name; });
  return found == cost.parts.end() ? nullptr : &*found;
}

CoreCard shipped_bank(const std::vector<std::string>& settings) {
  return read_card<CoreCard>(
      load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/mrr-bank.yaml", settings));
}

TEST(RingBank, EnergyAndAreaAreThoseWorkedOutByHand) {
  // 64 inputs, 64 rows, 4096 rings, 5 GHz. DAC 50 mW / 14 GHz = 3.57142857 pJ, modulator 0.45 pJ;
  // ADC 14.8 / 10 = 1.48 pJ, amplifier 3 mW / 5 GHz = 0.6 pJ; laser 64 x 4 mW / 0.2 = 1280 mW, 256
  // pJ a symbol; a heater holds half a turn of the ring, pi of its pi_power's pi: 20 mW.
  const CoreCost cost = core_cost(shipped_bank({}));
  EXPECT_NEAR(cost.input_energy_pJ, 4.02142857, 1e-8);
  EXPECT_NEAR(cost.output_energy_pJ, 2.08, 1e-12);
  EXPECT_NEAR(cost.laser_power_mW, 1280, 1e-9);
  EXPECT_NEAR(cost.hold_power_mW, 20, 1e-9);
  EXPECT_EQ(cost.static_power_mW, 0);
  const std::vector<std::tuple<std::string, double, double>> parts{
      {"DAC", 228.571429, 0.704},  // 64 x 11000 um2
      {"ADC", 94.72, 0.1824},      // 64 x 2850
      {"laser", 256, 0},
      {"modulator", 28.8, 0.64},           // 64 x 10000
      {"receiver", 38.4, 0.00832},         // 64 x (50 + 2 x 40)
      {"phase shifters", 16384, 1.6384}};  // 4096 x 20 mW / 5 GHz; 4096 x 400 um2
  ASSERT_EQ(cost.parts.size(), parts.size());
  for (const auto& [name, energy_pJ, area_mm2] : parts) {
    const CoreCost::Part* part = part_of(cost, name);
    ASSERT_NE(part, nullptr) << name;
    EXPECT_NEAR(part->energy_pJ_per_symbol, energy_pJ, 1e-6) << name;
    EXPECT_NEAR(part->area_mm2, area_mm2, 1e-12) << name;
  }
  EXPECT_NEAR(cost.area_mm2, 3.17312, 1e-9);
  // At 25 GHz two DACs of 14 GS/s and three ADCs of 10 GS/s take turns.
  const CoreCost fast = core_cost(shipped_bank({"symbol_rate_GHz=25"}));
  EXPECT_NEAR(part_of(fast, "DAC")->area_mm2, 2 * 0.704, 1e-12);
  EXPECT_NEAR(part_of(fast, "ADC")->area_mm2, 3 * 0.1824, 1e-12);
}

TEST(RingBank, TrimmingAndLockingArePaidAsLongAsTheCoreIsOn) {
  const CoreCost cost =
      core_cost(shipped_bank({"bank.trim_power_mW=1.5", "bank.lock_power_mW=0.25"}));
  EXPECT_NEAR(cost.static_power_mW, 4096 * 1.75, 1e-9);
  const CoreCost::Part* part = part_of(cost, "ring trimming and locking");
  ASSERT_NE(part, nullptr);
  EXPECT_NEAR(part->energy_pJ_per_symbol, 4096 * 1.75 / 5, 1e-9);
}

TEST(RingBank, EveryBusMayHaveAPairOfItsOwn) {
  // 20 inputs on buses of 8: three pairs a row, six diodes.
  const std::vector<std::string> size{"rows=4",
                                      "columns=20",
                                      "detector.dark_current_nA=1000",
                                      "detector.diode_capacitance_fF=10",
                                      "detector.amplifier_capacitance_fF=40",
                                      "detector.amplifier_voltage_nV_per_rtHz=2"};
  std::vector<std::string> paired = size;
  paired.emplace_back("bank.pair_per_bus=true");
  EXPECT_NEAR(part_of(core_cost(shipped_bank(size)), "receiver")->area_mm2,
              4 * (50 + 2 * 40) * 1e-6, 1e-15);
  EXPECT_NEAR(part_of(core_cost(shipped_bank(paired)), "receiver")->area_mm2,
              4 * (50 + 6 * 40) * 1e-6, 1e-15);
  // B = 2.5 GHz, 10 pA/rtHz: 2.5e-13 A2. Dark: 2 q 6 uA B = 4.806530e-15. Voltage: C = 100 fF, 2 pi
  // C 2 nV = 1.256637e-21, squared times B^3 / 3 = 5.208333e27: 8.224670e-15. Full scale: 4 mW less
  // 2.4 dB and four rows.
  const double full_A = 1e-3 * std::pow(10.0, -0.24);
  EXPECT_NEAR(readout_noise(shipped_bank(paired)).additive * full_A,
              std::sqrt(2.5e-13 + 4.806530e-15 + 8.224670e-15), 1e-12);
  // One pair: 2 q 2 uA B = 1.602177e-15; C = 60 fF: 2.960881e-15.
  EXPECT_NEAR(readout_noise(shipped_bank(size)).additive * full_A,
              std::sqrt(2.5e-13 + 1.602177e-15 + 2.960881e-15), 1e-12);
}

TEST(RingBank, LightCrossesTheBranchesOfTheOtherBuses) {
  // Three rows, two buses: row r crosses r guides of 1 dB; the mean of 1, 10^0.1 and 10^0.2 must be
  // sent into the tree: 1.281276, 1.076428 dB.
  const std::vector<std::string> size{"rows=3", "columns=16"};
  std::vector<std::string> crossed = size;
  crossed.emplace_back("bank.crossing_loss_db=1");
  EXPECT_NEAR(insertion_loss_db(shipped_bank(crossed)) - insertion_loss_db(shipped_bank(size)),
              10 * std::log10((1 + 1.2589254118 + 1.5848931925) / 3), 1e-9);
  crossed.emplace_back("bank.channels=16");  // one bus: nothing to cross
  EXPECT_EQ(insertion_loss_db(shipped_bank(crossed)), insertion_loss_db(shipped_bank(size)));
}

}  // namespace
}  // namespace lightloom::photonic
