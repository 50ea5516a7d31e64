#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <numbers>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/cores/mrr_core.hpp"
#include "photonic/devices/pcm.hpp"
#include "photonic/devices/ring.hpp"
#include "photonic/meshes/fabrication.hpp"

namespace lightloom::photonic {
namespace {

constexpr double pi = std::numbers::pi;

TEST(Ring, PowersAreThoseOfTheFieldFormulas) {
  const Ring ring{0.93, 0.97, 0.98};
  using C = std::complex<double>;
  for (double phase = -3; phase < 3; phase += 0.37) {
    const C turn = std::polar(1.0, phase);
    const double t1 = 0.93, t2 = 0.97, a = 0.98;
    const C below = 1.0 - t1 * t2 * a * turn;
    const C through = (t1 - t2 * a * turn) / below;
    const C drop =
        -std::sqrt((1 - t1 * t1) * (1 - t2 * t2) * a) * std::polar(1.0, phase / 2) / below;
    EXPECT_NEAR(ring_power(ring, phase).through, std::norm(through), 1e-14);
    EXPECT_NEAR(ring_power(ring, phase).drop, std::norm(drop), 1e-14);
  }
}

TEST(Ring, LosslessRingKeepsEnergy) {
  const Ring ring{0.9, 0.95, 1.0};
  for (double phase = 0; phase < 6; phase += 0.31) {
    const RingPower power = ring_power(ring, phase);
    EXPECT_NEAR(power.through + power.drop, 1, 1e-14);
  }
}

TEST(Ring, PhaseForAWeightGivesTheWeight) {
  const Ring ring;
  const double low = ring_weight(ring, pi), high = ring_weight(ring, 0);
  for (double w = low + 1e-6; w < high; w += 0.05)
    EXPECT_NEAR(ring_weight(ring, ring_phase_for(ring, w)), w, 1e-12);
  EXPECT_EQ(ring_phase_for(ring, 1.0), 0);
}

TEST(Ring, FinesseIsSeenInASweptSpectrum) {
  const Ring ring;
  const double half = ring_power(ring, 0).drop / 2;
  double width = 0;
  constexpr int steps = 2000000;
  for (int i = 0; i < steps; ++i)
    width += ring_power(ring, 2 * pi * (i + 0.5) / steps).drop > half ? 1.0 / steps : 0;
  EXPECT_NEAR(ring_finesse(ring) * width, 1, 1e-4);
}

TEST(Ring, QualityIsThatOfTheReferencesPresets) {
  // All-pass presets as an add-drop ring with t2 = 1: a, t0 of TorchONN, n_g = 2.353, radius 5 um,
  // 1550 nm.
  const double around = 2 * pi * 5;
  EXPECT_NEAR(ring_quality({0.99, 1, 0.987}, 2.353, around, 1550), 6480, 30);
  EXPECT_NEAR(ring_quality({0.93, 1, 0.925}, 2.353, around, 1550), 1000, 10);
  // FSR over quality's line width is the finesse, to the order in which the Lorentzian is the Airy
  // function.
  const Ring ring;
  const double finesse =
      ring_fsr_nm(4.2, around, 1550) * ring_quality(ring, 4.2, around, 1550) / 1550;
  EXPECT_NEAR(finesse / ring_finesse(ring), 1, 2e-3);
}

TEST(RingBus, IsTheProductOfItsRings) {
  const Ring ring{0.94, 0.96, 0.99};
  constexpr int channels = 5;
  const RingBus bus(ring, channels);
  const std::vector<double> phases{0.0, 0.1, 0.02, 0.3, 0.05};
  std::vector<double> weights(channels);
  bus.weights(phases, weights);
  for (int k = 0; k < channels; ++k) {
    double through = 1, drop = 0;
    for (int j = 0; j < channels; ++j) {
      const RingPower power =
          ring_power(ring, phases[static_cast<std::size_t>(j)] + 2 * pi * (k - j) / channels);
      drop += through * power.drop;
      through *= power.through;
    }
    EXPECT_NEAR(weights[static_cast<std::size_t>(k)], drop - through, 1e-13);
  }
}

TEST(Pcm, GeometricLevelsAreThoseOfElight) {
  const PcmCard card{.level_bits = 3, .ratio = 0.872};
  const std::vector<double> levels = pcm_levels(card);
  ASSERT_EQ(levels.size(), 8U);
  for (int i = 0; i < 8; ++i)
    EXPECT_NEAR(levels[static_cast<std::size_t>(7 - i)], std::pow(0.872, i), 1e-14);
  EXPECT_TRUE(std::is_sorted(levels.begin(), levels.end()));
}

TEST(Pcm, QuantisesToTheNearestLevelNotTheNearestIndex) {
  const std::vector<double> levels{0.1, 0.2, 0.4, 0.8};
  EXPECT_EQ(nearest_level(levels, 0.29), 0.2);
  EXPECT_EQ(nearest_level(levels, 0.31), 0.4);
  EXPECT_EQ(nearest_level(levels, 0.57), 0.4);  // geometric rounding would say 0.8
  EXPECT_EQ(nearest_level(levels, -1), 0.1);
  EXPECT_EQ(nearest_level(levels, 2), 0.8);
}

struct PcmRun {
  std::vector<float> targets, realised;
  RealisationReport report;
};
PcmRun run_pcm(const std::vector<std::string>& settings) {
  std::vector<std::string> all{"rows=32", "columns=32", "pcm.programming_scale=0",
                               "pcm.read_scale=0", "pcm.elapsed_s=0"};
  all.insert(all.end(), settings.begin(), settings.end());
  const auto core = make_core(read_card<CoreCard>(
      load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/pcm-crossbar.yaml", all)));
  PcmRun run{std::vector<float>(4 * 1024), std::vector<float>(4 * 1024), {}};
  const Stream stream({.seed = 2, .purpose = Purpose::test});
  for (std::size_t k = 0; k < run.targets.size(); ++k)
    run.targets[k] = static_cast<float>(2 * stream.uniform(k) - 1);
  std::vector<float> scales(4);
  run.report = core->realise(run.targets, {.seed = 9}, run.realised, scales);
  return run;
}

TEST(Pcm, ContinuousQuietCellsRealiseTheTargets) {
  const PcmRun run = run_pcm({"pcm.level_bits=0"});
  for (std::size_t k = 0; k < run.targets.size(); ++k)
    EXPECT_NEAR(run.realised[k], run.targets[k], 2e-7);
}

TEST(Pcm, LinearLevelsGiveTheQuantisationNoiseOfTheirStep) {
  const PcmRun run = run_pcm({"pcm.levels=linear", "pcm.level_bits=6"});
  const double step = 1.0 / 63, n = static_cast<double>(run.targets.size());
  // Weights are uniform, so each active cell's error is uniform over a step: variance step^2/12,
  // fourth moment step^4/80.
  const double law = step * step / 12, error = std::sqrt((std::pow(step, 4) / 80 - law * law) / n);
  EXPECT_NEAR(run.report.squared_error / n, law, 4 * error + 0.01 * law);
}

TEST(Pcm, DriftFollowsItsPowerLawAndIsCompensated) {
  const auto ratio = [](const PcmRun& run) {
    double up = 0, down = 0;
    for (std::size_t k = 0; k < run.targets.size(); ++k) {
      up += static_cast<double>(run.realised[k]) * run.targets[k];
      down += static_cast<double>(run.targets[k]) * run.targets[k];
    }
    return up / down;
  };
  const std::vector<std::string> drifted{"pcm.level_bits=0", "pcm.elapsed_s=19980",
                                         "pcm.drift_scale=1"};
  auto raw = drifted;
  raw.push_back("pcm.compensate_drift=false");
  // (t + t0)/t0 = 1000; mean exponents lie between 0.049 and 0.1.
  EXPECT_LT(ratio(run_pcm(raw)), std::pow(1000.0, -0.04));
  EXPECT_GT(ratio(run_pcm(raw)), std::pow(1000.0, -0.1));
  EXPECT_NEAR(ratio(run_pcm(drifted)), 1, 0.1);
}

TEST(Pcm, ProgrammingNoiseHasItsPolynomialVariance) {
  const PcmRun quiet = run_pcm({"pcm.level_bits=0"}),
               noisy = run_pcm({"pcm.level_bits=0", "pcm.programming_scale=0.2"});
  const PcmCard card{.level_bits = 0, .programming_scale = 0.2};
  double law = 0, got = 0;
  for (std::size_t k = 0; k < quiet.targets.size(); ++k) {
    const double x = std::abs(quiet.targets[k]);
    law += std::pow(pcm_programming_sigma(card, x), 2) +
           std::pow(pcm_programming_sigma(card, 0), 2) / 2;  // max(0, .)
    got += std::pow(noisy.realised[k] - quiet.realised[k], 2);
  }
  EXPECT_NEAR(got / law, 1, 4 * std::sqrt(2.0 / 4096) + 0.02);
}

TEST(Pcm, ReadingNoiseIsThatOfBothCellsAndNotPartOfWhatIsWritten) {
  const std::vector<std::string> settings{
      "rows=32",           "columns=32",         "pcm.level_bits=0", "pcm.programming_scale=0",
      "pcm.drift_scale=0", "pcm.read_scale=0.5", "pcm.lowest=0.1"};
  const CoreCard card = read_card<CoreCard>(
      load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/pcm-crossbar.yaml", settings));
  const auto core = make_core(card);
  EXPECT_TRUE(core->description().noisy_cells);
  std::vector<float> targets(1024), realised(1024), scales(1), variance(1024), light(1024);
  const Stream stream({.seed = 2, .purpose = Purpose::test});
  for (std::size_t k = 0; k < 1024; ++k) targets[k] = static_cast<float>(stream.uniform(k)) - 0.5F;
  core->realise(targets, {}, realised, scales);
  core->cell_noise(targets, {}, {variance, light});
  const double largest = *std::max_element(
      targets.begin(), targets.end(), [](float a, float b) { return std::abs(a) < std::abs(b); });
  for (std::size_t k = 0; k < 1024; ++k) {
    EXPECT_NEAR(realised[k], targets[k], 1e-7);
    const double x = 0.1 + 0.9 * std::abs(targets[k] / largest);
    // Q sqrt(ln((t + t_r) / (2 t_r))), t = 3620 s after the reference time, t_r = 250 ns.
    const double spread = 0.5 * std::sqrt(std::log(3620.00000025 / 5e-7));
    const double up = x * spread * std::min(0.0088 / std::pow(x, 0.65), 0.2),
                 down = 0.1 * spread * std::min(0.0088 / std::pow(0.1, 0.65), 0.2);
    const double law = (up * up + down * down) * std::pow(largest / 0.9, 2);
    EXPECT_NEAR(variance[k], law, 1e-6 * law);
    EXPECT_NEAR(light[k], x + 0.1, 1e-6);
  }
}

TEST(Pcm, ScaleStandsForWhatIsLeftAfterDrift) {
  // Compensated outputs are scaled up, and with them the read-out noise: a physical weight of 1
  // stands for more than it did when written.
  const auto scale = [](const char* elapsed) {
    const CoreCard card = read_card<CoreCard>(
        load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/pcm-crossbar.yaml",
                  {"rows=4", "columns=4", "pcm.programming_scale=0", "pcm.drift_scale=1",
                   "pcm.lowest=0.02", std::string("pcm.elapsed_s=") + elapsed}));
    std::vector<float> targets(16, 0.5F), realised(16), scales(1);
    make_core(card)->realise(targets, {}, realised, scales);
    return scales[0];
  };
  EXPECT_NEAR(scale("0"), 0.5 / 0.98, 1e-6);
  EXPECT_GT(scale("19980"), 0.5 / 0.98 * std::pow(1000.0, 0.04));
}

/// What continuous cells without programming noise make of 4096 equal weights after one of full
/// scale.
std::vector<float> realise_equal(float weight, std::vector<std::string> settings) {
  settings.insert(settings.end(), {"rows=64", "columns=64", "pcm.level_bits=0",
                                   "pcm.programming_scale=0", "pcm.compensate_drift=false"});
  const auto core = make_core(read_card<CoreCard>(
      load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/pcm-crossbar.yaml", settings)));
  std::vector<float> targets(4096, weight), realised(4096), scales(1);
  targets[0] = 1;
  core->realise(targets, {.seed = 6}, realised, scales);
  return realised;
}

TEST(Pcm, DriftExponentsHaveTheirMeanAndSpread) {
  // At x = 0.3 both laws are away from their bounds: mean 0.0244 - 0.0155 ln x, with the lower
  // bound 0.049 for the mean, spread -0.0059 - 0.0125 ln x.
  constexpr double x = 0.3, n = 4095;
  const auto realised =
      realise_equal(0.3F, {"pcm.drift_scale=1", "pcm.elapsed_s=19980", "pcm.reference_s=20"});
  double mean = 0, square = 0;
  for (std::size_t k = 1; k < 4096; ++k) {
    const double exponent = -std::log(realised[k] / x) / std::log(1000.0);
    mean += exponent / n;
    square += exponent * exponent / n;
  }
  const double law = 0.049, spread = -0.0059 - 0.0125 * std::log(x);
  EXPECT_NEAR(mean, law, 4 * spread / std::sqrt(n));
  EXPECT_NEAR(square - mean * mean, spread * spread, 4 * spread * spread * std::sqrt(2 / n));
}

TEST(Pcm, StuckCellsStandAtTheEndTheyAreStuckAt) {
  // A plus cell stuck low takes the weight away, stuck high makes it whole; a minus cell stuck high
  // takes a whole one off.
  const auto realised = realise_equal(
      0.5F, {"pcm.drift_scale=0", "pcm.stuck_low_fraction=0.3", "pcm.stuck_high_fraction=0.1"});
  std::map<double, int> counts;
  for (std::size_t k = 1; k < 4096; ++k) ++counts[std::round(2 * realised[k]) / 2];
  const auto check = [&](double weight, double p) {
    EXPECT_NEAR(counts[weight], 4095 * p, 4 * std::sqrt(4095 * p * (1 - p))) << weight;
  };
  check(0, 0.3 * 0.9 + 0.1 * 0.1);  // or both high
  check(1, 0.1 * 0.9);
  check(0.5, 0.6 * 0.9);
  check(-0.5, 0.6 * 0.1);
  check(-1, 0.3 * 0.1);
}

TEST(Pcm, StuckCellsAreCountedAndStayWithTheChip) {
  const PcmRun run = run_pcm({"pcm.stuck_low_fraction=0.03", "pcm.stuck_high_fraction=0.02"});
  // Four tiles on the same 2048 cells: a binomial count, four times over.
  const double cells = 2048, p = 0.05;
  EXPECT_EQ(run.report.unreachable_devices % 4, 0);
  EXPECT_NEAR(static_cast<double>(run.report.unreachable_devices) / 4, cells * p,
              4 * std::sqrt(cells * p * (1 - p)));
}

/// Keys of the numbers of a section, and of all in it, that have no source: a `source` is a text
/// for the whole section or has an entry for each key. Zeros (an effect left out) and what counts
/// or sizes need none.
void find_unsourced(const Tree& section, const std::string& where, std::vector<std::string>& keys) {
  const std::vector<std::string> structure{"rows", "columns", "bits", "reference_bits"};
  const Tree* source = section.find("source");
  for (const auto& [key, value] : section.pairs) {
    if (key == "source") continue;
    if (value.kind == Tree::Kind::mapping) find_unsourced(value, where + key + ".", keys);
    if (value.kind != Tree::Kind::scalar || value.scalar == "0") continue;
    if (std::find(structure.begin(), structure.end(), key) != structure.end()) continue;
    if (value.scalar.find_first_not_of("0123456789.-+e") != std::string::npos) continue;
    const Tree* own = source == nullptr                    ? nullptr
                      : source->kind == Tree::Kind::scalar ? source
                                                           : source->find(key);
    if (own == nullptr || own->scalar.find_first_not_of(' ') == std::string::npos)
      keys.push_back(where + key);
  }
}

TEST(Cards, EveryPhysicalDefaultOfEveryDeviceCardHasASource) {
  int cards = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices")) {
    if (file.path().extension() != ".yaml") continue;
    ++cards;
    std::vector<std::string> keys;
    find_unsourced(load_yaml(file.path().string()), "", keys);
    EXPECT_EQ(keys, std::vector<std::string>{}) << file.path();
  }
  EXPECT_GE(cards, 5);
}

TEST(Cards, AMissingOrEmptySourceIsFound) {
  const auto unsourced = [](const std::string& text) {
    std::vector<std::string> keys;
    find_unsourced(parse_yaml(text, "test"), "", keys);
    return keys;
  };
  using Keys = std::vector<std::string>;
  EXPECT_EQ(unsourced("laser: {wall_plug: 0.2, rin: 0, source: {rin: paper}}"),
            Keys{"laser.wall_plug"});
  EXPECT_EQ(unsourced("laser: {wall_plug: 0.2, source: \" \"}"), Keys{"laser.wall_plug"});
  EXPECT_EQ(unsourced("laser: {wall_plug: 0.2, source: paper}"), Keys{});
}

RingBankCard bank_of(const std::vector<std::string>& settings) {
  return read_card<CoreCard>(
             load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/mrr-bank.yaml", settings))
      .bank;
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

TEST(Fabrication, AWaferGradientIsAPlaneOfRandomDirectionAndKnownSize) {
  const Topology topology = clements_topology(9);
  const Pitch pitch{.mode_um = 30, .column_um = 400};
  const FabricationCard card{.gradient_sigma_rad = 0.02};
  const int chips = 400;
  double corner = 0;
  for (std::uint32_t chip = 0; chip < chips; ++chip) {
    const Fabrication cells = draw_fabrication(card, topology, {5, chip, 0, pitch});
    // Every error follows from three cells that span the plane: (0, 0), (0, 2) and (2, 0).
    const auto at = [&](int column, int top) {
      for (std::size_t k = 0; k < cells.size(); ++k)
        if (topology.cells[k].column == column && topology.cells[k].top == top)
          return cells[k].alpha_rad;
      return std::numeric_limits<double>::quiet_NaN();
    };
    const double origin = at(0, 0), by_mode = (at(0, 2) - origin) / 2,
                 by_column = (at(2, 0) - origin) / 2;
    for (std::size_t k = 0; k < cells.size(); ++k) {
      const Cell& cell = topology.cells[k];
      EXPECT_NEAR(cells[k].alpha_rad, origin + by_mode * cell.top + by_column * cell.column, 1e-15);
      EXPECT_EQ(cells[k].alpha_rad, cells[k].beta_rad);
    }
    // The chip's corner is half a column and half a mode before the first cell.
    corner += std::pow(origin - by_mode / 2 - by_column / 2, 2) / chips;
  }
  // A variance of 400 draws is good to sqrt(2 / 400).
  EXPECT_NEAR(corner / 4e-4, 1, 4 * std::sqrt(2.0 / chips));
}

}  // namespace
}  // namespace lightloom::photonic
