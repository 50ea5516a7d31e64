#include "photonic/devices/cell_laws.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "photonic/devices/cell_card.hpp"
#include "photonic/devices/pcm.hpp"

namespace lightloom::photonic {
namespace {

CellCard shipped_laws(const std::string& name, const std::vector<std::string>& settings = {}) {
  const Tree tree =
      load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/" + name + ".yaml", settings);
  return read_card<CellCard>(*tree.find("cells"));
}

std::string cells_refusal(const std::string& text) {
  try {
    CellLaws laws(read_card<CellCard>(parse_yaml(text, "cells")));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(CellLaws, PiecesClampLogarithmsPolynomialsAndPowers) {
  const CellLaw law{
      {.below = 0.1, .polynomial = {-0.02}, .log = -0.04, .low = 0.08, .high = 0.13},
      {.below = 0.5, .polynomial = {0.07, -0.01, -0.04}},
      {.polynomial = {0.01}, .factor = 0.0088, .exponent = 0.65, .low = 0, .high = 0.2}};
  EXPECT_DOUBLE_EQ(law_at(law, 0.05), -0.02 - 0.04 * std::log(0.05));  // 0.0998
  EXPECT_EQ(law_at(law, 1e-9), 0.13);
  EXPECT_EQ(law_at(law, 0.0999), 0.08);  // not 0.0721
  EXPECT_DOUBLE_EQ(law_at(law, 0.1), 0.07 - 0.01 * 0.1 - 0.04 * 0.01);
  EXPECT_DOUBLE_EQ(law_at(law, 0.5), 0.01 + 0.0088 / std::pow(0.5, 0.65));
  EXPECT_EQ(law_at({}, 0.5), 0);
  EXPECT_EQ(law_at({{.polynomial = {-1}}}, 0.5), 0);  // no law is negative
  EXPECT_DOUBLE_EQ(law_at({{.log = -1}}, 0), std::log(1e6));
  EXPECT_DOUBLE_EQ(law_at({{.factor = 2, .exponent = 0.5}}, 1e-9), 2 / std::sqrt(1e-6));
}

TEST(CellLaws, ThoseOfPhaseChangeCellsAreOneCaseOfThem) {
  const PcmCard pcm{.elapsed_s = 3600, .reference_s = 20};
  const CellLaw nu{{.polynomial = {0.0244}, .log = -0.0155, .low = 0.049, .high = 0.1}};
  const CellLaw q{{.factor = 0.0088, .exponent = 0.65, .high = 0.2}};
  for (const double x : {1e-8, 0.003, 0.01, 0.2, 0.9, 1.0}) {
    EXPECT_DOUBLE_EQ(pcm_drift_exponent(pcm, x).mean, law_at(nu, x));
    EXPECT_DOUBLE_EQ(pcm_read_sigma(pcm, x), law_at(q, x) * reading_growth(3620, 250e-9));
    EXPECT_DOUBLE_EQ(pcm_programming_sigma(pcm, x),
                     polynomial_at({0.0105392, 0.0786, -0.046924}, x));
  }
}

TEST(CellLaws, DriftIsAPowerOfTimeAndReadingNoiseTheRootOfItsLogarithm) {
  EXPECT_DOUBLE_EQ(drifted_share(0, 300, 0.07), 1);
  EXPECT_DOUBLE_EQ(drifted_share(2700, 300, 0.07), std::pow(10, -0.07));
  EXPECT_DOUBLE_EQ(reading_growth(3900, 512e-9),
                   std::sqrt(std::log((3900 + 512e-9) / 1.024e-6)));  // 4.7
  EXPECT_EQ(reading_growth(1e-9, 512e-9), 0);
}

TEST(CellLaws, TheShippedFitsGiveTheirNumbersByHand) {
  // x = 1/2 of 40 uS, after a day: .701 + 22.086/2 - 50.773/4 + 47.095/8 - 16.458/16 uS.
  const CellLaws rram(shipped_laws("neurram-rram"));
  EXPECT_NEAR(rram.programming_sigma_uS(20), 0.701 + 11.043 - 12.69325 + 5.886875 - 1.028625,
              1e-12);
  EXPECT_FALSE(rram.drifts());
  EXPECT_FALSE(rram.reads_noisily());
  // x = 1/2 of 20.7 uS: .166 + 4.718/2 - 8.481/4 + 4.690/8 uS; nu of it.
  const CellLaws two(shipped_laws("hermes-pcm"));
  EXPECT_NEAR(two.programming_sigma_uS(10.35), 0.166 + 2.359 - 2.12025 + 0.58625, 1e-4);
  EXPECT_NEAR(two.drift_exponent(10.35).mean, -0.0436 / 4 - 0.0126 / 2 + 0.0736, 1e-12);
  EXPECT_NEAR(two.drift_exponent(10.35).sigma, -0.0118 / 4 + 0.0093 / 2 + 0.0073, 1e-12);
  EXPECT_NEAR(two.drift_exponent(0.05 * 20.7).mean, -0.0387 * std::log(0.05) - 0.0182, 1e-12);
  EXPECT_EQ(two.drift_exponent(0).mean, 0.13);
  EXPECT_DOUBLE_EQ(two.share_left(0.06), std::pow(3900.0 / 300, -0.06));
  EXPECT_NEAR(two.read_sigma(10.35),
              (0.0069 / 8 - 0.0280 / 4 + 0.0211 / 2 + 0.0123) *
                  std::sqrt(std::log((3900 + 512e-9) / 1.024e-6)),
              1e-12);
  const CellLaws worse(shipped_laws("hermes-pcm", {"cells.drift_scale=2", "cells.read_scale=3"}));
  EXPECT_DOUBLE_EQ(worse.drift_exponent(5).mean, 2 * two.drift_exponent(5).mean);
  EXPECT_DOUBLE_EQ(worse.drift_exponent(5).sigma, 2 * two.drift_exponent(5).sigma);
  EXPECT_DOUBLE_EQ(worse.read_sigma(5), 3 * two.read_sigma(5));
  const CellLaws one(shipped_laws("hermes-pcm", {"cells.devices_per_polarity=1"}));
  EXPECT_EQ(one.gmax_uS(), 10.35);
  EXPECT_DOUBLE_EQ(one.share_left(0.06), std::pow(3800.0 / 200, -0.06));
}

TEST(CellLaws, OnlyPublishedTimesAreTakenUnlessOthersAreAskedFor) {
  const std::string rows =
      "{fits: [{gmax_uS: 10, programming: [{after_s: 1, sigma_uS: [1]}, {after_s: 100, "
      "sigma_uS: [3]}]}], ";
  EXPECT_EQ(cells_refusal(rows + "elapsed_s: 1}"), "");
  EXPECT_NE(cells_refusal(rows + "elapsed_s: 10}").find("published for 1, 100 s"),
            std::string::npos);
  EXPECT_EQ(cells_refusal(rows + "elapsed_s: 10, programming_scale: 0}"), "");
  EXPECT_EQ(cells_refusal(rows + "elapsed_s: 1e6, other_times: nearest}"), "");
  EXPECT_NE(cells_refusal(rows + "elapsed_s: 101, other_times: interpolate}"), "");
  EXPECT_NE(cells_refusal(rows + "elapsed_s: 0.9, other_times: interpolate}"), "");
  const auto sigma = [&](const std::string& rest) {
    return CellLaws(read_card<CellCard>(parse_yaml(rows + rest, "cells"))).programming_sigma_uS(5);
  };
  EXPECT_DOUBLE_EQ(sigma("elapsed_s: 10, other_times: interpolate}"), 2);  // half of ln 100
  EXPECT_DOUBLE_EQ(sigma("elapsed_s: 9.9, other_times: nearest}"), 1);
  EXPECT_DOUBLE_EQ(sigma("elapsed_s: 10.1, other_times: nearest}"), 3);
  EXPECT_DOUBLE_EQ(sigma("elapsed_s: 0.1, other_times: nearest}"), 1);
  EXPECT_DOUBLE_EQ(sigma("elapsed_s: 1e6, other_times: nearest}"), 3);
  EXPECT_DOUBLE_EQ(sigma("elapsed_s: 100, programming_scale: 0.5}"), 1.5);
}

TEST(CellLaws, NoSpreadIsNegativeWhereItsPolynomialIs) {
  // 1 - 3 x and 4 x - 1, at half of gmax: -0.5 and 1; halfway in ln t, of 0 and 1.
  const std::string rows =
      "{fits: [{gmax_uS: 10, programming: [{after_s: 1, sigma_uS: [1, -3]}, {after_s: 100, "
      "sigma_uS: [-1, 4]}]}], ";
  const auto sigma = [&](const std::string& rest, double g_uS) {
    return CellLaws(read_card<CellCard>(parse_yaml(rows + rest, "cells")))
        .programming_sigma_uS(g_uS);
  };
  EXPECT_EQ(sigma("elapsed_s: 1}", 5), 0);
  EXPECT_DOUBLE_EQ(sigma("elapsed_s: 10, other_times: interpolate}", 5), 0.5);
  EXPECT_DOUBLE_EQ(sigma("elapsed_s: 10, other_times: interpolate}", 0), 0.5);
}

TEST(CellLaws, WhatCannotBeIsSaidInOneSentence) {
  EXPECT_NE(cells_refusal("{devices_per_polarity: 2}").find("no fit is for 2 devices"),
            std::string::npos);
  EXPECT_NE(cells_refusal("{slices: 2}").find("level_bits"), std::string::npos);
  EXPECT_NE(cells_refusal("{slices: 5, level_bits: 5}").find("24"), std::string::npos);
  EXPECT_EQ(cells_refusal("{slices: 4, level_bits: 6}"), "");
  EXPECT_NE(cells_refusal("{gmin_uS: 40}").find("not below"), std::string::npos);
  EXPECT_NE(
      cells_refusal("{stuck_low_fraction: 0.6, stuck_high_fraction: 0.5}").find("more than 1"),
      std::string::npos);
  EXPECT_NE(cells_refusal("{fits: [{devices: 1}]}").find("gmax_uS"), std::string::npos);
  EXPECT_NE(cells_refusal("{fits: [{gmax_uS: 1, drift: {exponent: [{polynomial: [0.1]}]}}]}")
                .find("reference_s"),
            std::string::npos);
  EXPECT_NE(
      cells_refusal("{fits: [{gmax_uS: 1, programming: [{after_s: 2, sigma_uS: [1]}, {after_s: 1, "
                    "sigma_uS: [1]}]}]}")
          .find("go by time"),
      std::string::npos);
  EXPECT_NE(
      cells_refusal("{fits: [{gmax_uS: 1, reading: {time_s: 1, relative: [{log: 1}, {log: 2}]}}]}")
          .find("holds to the end"),
      std::string::npos);
}

}  // namespace
}  // namespace lightloom::photonic
