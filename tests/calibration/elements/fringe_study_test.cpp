#include "calibration/elements/fringe_study.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "core/random/random.hpp"

namespace lightloom::calibration {
namespace {

using std::numbers::pi;

/// 0.42 + 0.4 cos(phase(V)) at equal steps of V, with noise.
FringeSweepData swept(int points, double greatest_V, const std::function<double(double)>& phase,
                      std::uint64_t draw = 0, double noise = 0.002) {
  const Stream stream({.seed = 41, .purpose = Purpose::test});
  FringeSweepData data;
  for (int i = 0; i < points; ++i) {
    const double v = greatest_V * i / (points - 1);
    data.volts.push_back(v);
    data.readings.push_back(0.42 + 0.4 * std::cos(phase(v)) +
                            noise * stream.normal(static_cast<std::uint64_t>(i), draw));
  }
  return data;
}
constexpr double study_gamma = 0.65;
double plain_phase(double v) { return 0.7 + study_gamma * v * v; }

bool names(const FringeStudy& study, const std::string& what) {
  for (const std::string& problem : study.fit.problems)
    if (problem.find(what) != std::string::npos) return true;
  return false;
}

TEST(LongFringeStudy, NamesWhatTheNoiseDoesNotExplainAndNothingElse) {
  EXPECT_TRUE(study_fringe(swept(101, 5, plain_phase)).fit.good());

  FringeSweepData fading = swept(101, 5, plain_phase);
  for (std::size_t i = 0; i < 101; ++i)
    fading.readings[i] *= 1 - 0.2 * static_cast<double>(i) / 100;
  const FringeStudy faded = study_fringe(fading);
  EXPECT_TRUE(names(faded, "fading power: the readings fall by"));
  EXPECT_NEAR(faded.fit.gamma, study_gamma, 4 * faded.fit.gamma_sigma);

  const FringeStudy heated =
      study_fringe(swept(101, 5, [](double v) { return plain_phase(v) - 0.008 * std::pow(v, 4); }));
  EXPECT_TRUE(names(heated, "self-heating"));

  FringeSweepData clipped = swept(101, 5, plain_phase);
  for (double& y : clipped.readings) y = std::min(y, 0.6);
  const FringeStudy saturated = study_fringe(clipped);
  EXPECT_TRUE(names(saturated, "saturated"));
  EXPECT_NEAR(saturated.fit.gamma, study_gamma, 4 * saturated.fit.gamma_sigma);

  FringeSweepData compressed = swept(101, 5, plain_phase);
  for (double& y : compressed.readings) y -= 0.15 * y * y;
  EXPECT_TRUE(names(study_fringe(compressed), "second harmonic"));

  FringeSweepData shifted = swept(101, 5, plain_phase);
  for (double& y : shifted.readings) y -= 0.42;
  EXPECT_TRUE(names(study_fringe(shifted), "signed"));
}

TEST(FringeStudy, LeavesOutASingleOutlierAndKeepsTheRest) {
  FringeSweepData data = swept(101, 5, plain_phase);
  data.readings[30] = 3.9;
  const FringeStudy study = study_fringe(data);
  EXPECT_EQ(study.left_out, (std::vector<std::size_t>{30}));
  EXPECT_TRUE(study.fit.good());
  EXPECT_NEAR(study.fit.gamma, study_gamma, 4 * study.fit.gamma_sigma);
}

TEST(FringeStudy, ReadingsAtAnEndOfTheInstrumentDoNotStandAlone) {
  for (const bool top : {true, false}) {
    FringeSweepData data = swept(101, 5, plain_phase);
    for (double& y : data.readings) y = top ? std::min(y, 0.6) : std::max(y, 0.1);
    data.readings[6] = top ? 0.1 : 2;  // 0.72 by the law
    const FringeStudy study = study_fringe(data);
    EXPECT_TRUE(names(study, top ? "saturated" : "a floor"));
    EXPECT_EQ(study.left_out, (std::vector<std::size_t>{6})) << (top ? "saturated" : "a floor");
  }
}

TEST(LongFringeStudy, EachLawNamesTheOther) {
  const auto heats = [](double v) { return plain_phase(v) - 0.008 * std::pow(v, 4); };
  const auto bends = [](double v) { return 0.7 + v * (0.6 + v * (0.3 + v * 0.05)); };
  const FringeStudy cubic = study_fringe(swept(101, 5, heats), {.law = FringeLaw::cubic});
  EXPECT_TRUE(names(cubic, "wrong law: gamma_2 of -0.00799"));
  const FringeStudy heating = study_fringe(swept(101, 5, bends), {.law = FringeLaw::self_heating});
  EXPECT_TRUE(names(heating, "--law cubic"));
  for (std::uint64_t draw = 0; draw < 3; ++draw) {
    EXPECT_TRUE(study_fringe(swept(60, 5, bends, draw), {.law = FringeLaw::cubic}).fit.good());
    EXPECT_TRUE(
        study_fringe(swept(60, 5, heats, draw), {.law = FringeLaw::self_heating}).fit.good());
  }
}

TEST(LongFringeStudy, AnElectroOpticModulatorIsNamedAsOne) {
  for (const double least : {0.0, -5.0}) {
    FringeSweepData data = swept(101, 10, [](double v) { return 0.3 + pi * v / 4.2; });
    for (double& v : data.volts) v += least;
    const FringeStudy study = study_fringe(data);
    EXPECT_TRUE(names(study, "--law linear gives V_pi 4.2") ||
                names(study, "--law linear gives V_pi 4.199"))
        << least;
    EXPECT_TRUE(study.gamma.low > 0 || std::isinf(study.pi_V_interval.high)) << least;
  }
  EXPECT_FALSE(names(study_fringe(swept(101, 5, plain_phase)), "linear"));
}

TEST(FringeStudy, NamesAWayDownThatDiffersFromTheWayUp) {
  FringeSweepData there = swept(101, 5, plain_phase);
  const FringeSweepData back = swept(
                            101, 5, [](double v) { return plain_phase(1.03 * v); }, 1),
                        same = swept(101, 5, plain_phase, 1);
  FringeSweepData both = there;
  for (std::size_t i = 101; i-- > 0;) {
    there.volts.push_back(back.volts[i]);
    there.readings.push_back(back.readings[i]);
    both.volts.push_back(same.volts[i]);
    both.readings.push_back(same.readings[i]);
  }
  EXPECT_TRUE(names(study_fringe(there), "the way up and the way down differ"));
  EXPECT_TRUE(study_fringe(both).fit.good());
}

TEST(LongFringeStudy, FindsVPiWhereTheLawReachesPi) {
  // 0.02 V + 0.5 V^2 + 0.01 V^3 = pi.
  const FringeStudy cubic =
      study_fringe(swept(101, 5, [](double v) { return 0.7 + v * (0.02 + v * (0.5 + v * 0.01)); }),
                   {.law = FringeLaw::cubic});
  const double v = cubic.pi_V;
  EXPECT_NEAR(v * (0.02 + v * (0.5 + v * 0.01)), pi, 0.02);
  EXPECT_LT(cubic.pi_V_interval.low, v);
  const FringeStudy plain = study_fringe(swept(101, 5, plain_phase));
  EXPECT_NEAR(plain.pi_V, std::sqrt(pi / study_gamma), 4e-4);
}

TEST(LongFringeStudy, IntervalsOfGammaHoldTheTruthAsOftenAsTheySayEvenOverHalfAFringe) {
  for (const double greatest : {1.9, 3.0, 5.0}) {  // 2.3, 5.9 and 16 rad
    int inside = 0;
    const int draws = 200;
    for (int draw = 0; draw < draws; ++draw) {
      const FringeStudy study =
          study_fringe(swept(60, greatest, plain_phase, static_cast<std::uint64_t>(draw), 0.004));
      inside += study.gamma.low <= study_gamma && study_gamma <= study.gamma.high ? 1 : 0;
    }
    const double share = inside / static_cast<double>(draws);
    EXPECT_NEAR(share, 0.955, 4 * std::sqrt(0.95 * 0.05 / draws)) << greatest;
  }
}

TEST(FringeStudy, StaysWithinTheRangeAskedForAndSaysWhenItIsAtItsEnd) {
  const FringeStudy study =
      study_fringe(swept(101, 5, plain_phase), {.gamma_low = 0.70, .gamma_high = 0.75});
  EXPECT_GE(study.fit.gamma, 0.999 * 0.70);
  EXPECT_LE(study.fit.gamma, 1.001 * 0.75);
  EXPECT_FALSE(study.fit.good());
}

}  // namespace
}  // namespace lightloom::calibration
