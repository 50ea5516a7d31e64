#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/random/random.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/devices/pcm.hpp"

namespace lightloom::photonic {
namespace {

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

TEST(PcmCore, ContinuousQuietCellsRealiseTheTargets) {
  const PcmRun run = run_pcm({"pcm.level_bits=0"});
  for (std::size_t k = 0; k < run.targets.size(); ++k)
    EXPECT_NEAR(run.realised[k], run.targets[k], 2e-7);
}

TEST(PcmCore, LinearLevelsGiveTheQuantisationNoiseOfTheirStep) {
  const PcmRun run = run_pcm({"pcm.levels=linear", "pcm.level_bits=6"});
  const double step = 1.0 / 63, n = static_cast<double>(run.targets.size());
  // Weights are uniform, so each active cell's error is uniform over a step: variance step^2/12,
  // fourth moment step^4/80.
  const double law = step * step / 12, error = std::sqrt((std::pow(step, 4) / 80 - law * law) / n);
  EXPECT_NEAR(run.report.squared_error / n, law, 4 * error + 0.01 * law);
}

TEST(PcmCore, DriftFollowsItsPowerLawAndIsCompensated) {
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

TEST(PcmCore, ProgrammingNoiseHasItsPolynomialVariance) {
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

TEST(PcmCore, ReadingNoiseIsThatOfBothCellsAndNotPartOfWhatIsWritten) {
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

TEST(PcmCore, ScaleStandsForWhatIsLeftAfterDrift) {
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

TEST(PcmCore, DriftExponentsHaveTheirMeanAndSpread) {
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

TEST(PcmCore, StuckCellsStandAtTheEndTheyAreStuckAt) {
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

TEST(PcmCore, StuckCellsAreCountedAndStayWithTheChip) {
  const PcmRun run = run_pcm({"pcm.stuck_low_fraction=0.03", "pcm.stuck_high_fraction=0.02"});
  // Four tiles on the same 2048 cells: a binomial count, four times over.
  const double cells = 2048, p = 0.05;
  EXPECT_EQ(run.report.unreachable_devices % 4, 0);
  EXPECT_NEAR(static_cast<double>(run.report.unreachable_devices) / 4, cells * p,
              4 * std::sqrt(cells * p * (1 - p)));
}

}  // namespace
}  // namespace lightloom::photonic
