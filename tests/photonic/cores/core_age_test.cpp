#include "photonic/cores/core_age.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "photonic/devices/cell_card.hpp"
#include "photonic/devices/pcm.hpp"

namespace lightloom::photonic {
namespace {

CoreCard core_with(const std::string& text) {
  return read_card<CoreCard>(parse_yaml("{rows: 8, columns: 8, " + text + "}", "core_age_test"));
}

std::string age_refusal(const CoreCard& card, double age_s) {
  try {
    aged_core(card, age_s);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::vector<float> realised_by(const CoreCard& card) {
  const auto core = make_core(card);
  std::vector<float> targets(64), realised(64), scales(1);
  for (std::size_t k = 0; k < 64; ++k) targets[k] = static_cast<float>(static_cast<int>(k) - 31);
  core->realise(targets, {.seed = 4}, realised, scales);
  return realised;
}

TEST(CoreAge, IsTheKindsOwnClock) {
  EXPECT_EQ(aged_core(core_with("kind: pcm-crossbar"), 77).own.of<PcmCard>().elapsed_s, 77);
  const std::string drifting =
      "cells: {fits: [{gmax_uS: 9, drift: {reference_s: 1, exponent: [{polynomial: [0.1]}]}}]}";
  EXPECT_EQ(
      aged_core(core_with("kind: cell-crossbar, " + drifting), 77).own.of<CellCard>().elapsed_s,
      77);
  for (const char* kind : {"mrr-bank", "mzi-mesh"}) {
    const CoreCard card =
        core_with(std::string("kind: ") + kind + ", drift: {sigma_rad: 0.1, step_s: 30}");
    EXPECT_EQ(aged_core(card, 3600).drift.steps, 120) << kind;
    EXPECT_EQ(core_ageing(card), Ageing::calibration);
    EXPECT_NE(age_refusal(card, 31).find("whole number"), std::string::npos);
    EXPECT_NE(age_refusal(card, 30 * 1000001.0).find("longer drift.step_s"), std::string::npos);
  }
}

TEST(CoreAge, StepsOfADriftAreWholeToRoundOffAndAtMostAMillion) {
  const CoreCard card = core_with("kind: mrr-bank, drift: {sigma_rad: 0.1, step_s: 30}");
  EXPECT_EQ(aged_core(card, 0).drift.steps, 0) << "as programmed";
  EXPECT_EQ(aged_core(card, 3e7).drift.steps, 1000000);
  EXPECT_NE(age_refusal(card, 3e7 + 30), "");
  EXPECT_EQ(aged_core(card, 3600 * (1 - 5e-10)).drift.steps, 120) << "the nearest, not the last";
  for (const double apart : {-2e-9, 2e-9, 1.0 / 3600})
    EXPECT_NE(age_refusal(card, 3600 * (1 + apart)), "") << apart;
  const double thirds = 0.1 + 0.2;  // 0.30000000000000004
  EXPECT_EQ(aged_core(core_with("kind: mrr-bank, drift: {sigma_rad: 0.1, step_s: 0.1}"), thirds)
                .drift.steps,
            3);
  for (const double none : {-1e-9, std::nan(""), std::numeric_limits<double>::infinity()})
    EXPECT_NE(age_refusal(card, none).find("give seconds from 0 on"), std::string::npos) << none;
}

TEST(CoreAge, ADriftThatAllDevicesShareIsOneToo) {
  const CoreCard card = core_with("kind: mrr-bank, drift: {common_sigma_rad: 0.1, step_s: 30}");
  EXPECT_EQ(core_ageing(card), Ageing::calibration);
  EXPECT_EQ(aged_core(card, 60).drift.steps, 2);
}

TEST(CoreAge, ACardKeySetsItForEveryKind) {
  EXPECT_EQ(realised_by(core_with("kind: pcm-crossbar, age_s: 5000, pcm: {elapsed_s: 3}")),
            realised_by(core_with("kind: pcm-crossbar, pcm: {elapsed_s: 5000}")));
  EXPECT_EQ(realised_by(core_with("kind: mrr-bank, age_s: 120, drift: {sigma_rad: 0.1}")),
            realised_by(core_with("kind: mrr-bank, drift: {sigma_rad: 0.1, steps: 2}")));
  EXPECT_NE(realised_by(core_with("kind: mrr-bank, age_s: 120, drift: {sigma_rad: 0.1}")),
            realised_by(core_with("kind: mrr-bank, age_s: 180, drift: {sigma_rad: 0.1}")));
  EXPECT_THROW(core_with("kind: ideal, age_s: 1"), Error);
  EXPECT_THROW(core_with("kind: pcm-crossbar, age_s: -1"), Error);
}

TEST(CoreAge, WhatDoesNotAgeSaysSo) {
  EXPECT_NE(age_refusal(core_with("kind: ideal"), 1).find("the same at any time"),
            std::string::npos);
  for (const char* quiet :
       {"kind: mrr-bank", "kind: cell-crossbar",
        "kind: pcm-crossbar, pcm: {drift_scale: 0, read_scale: 0}",
        "kind: cell-crossbar, cells: {fits: [{gmax_uS: 9, programming: [{sigma_uS: [1]}]}]}"}) {
    EXPECT_NE(age_refusal(core_with(quiet), 1).find("leaves out"), std::string::npos) << quiet;
    EXPECT_EQ(core_ageing(core_with(quiet)), Ageing::none) << quiet;
  }
  EXPECT_EQ(core_ageing(core_with("kind: pcm-crossbar, pcm: {drift_scale: 0}")), Ageing::cells);
  EXPECT_EQ(core_ageing(core_with("kind: cell-crossbar, cells: {fits: [{gmax_uS: 9, reading: "
                                  "{time_s: 1, relative: [{polynomial: [0.1]}]}}]}")),
            Ageing::cells);
}

TEST(CoreAge, MeasuredErrorsStayAsTheyWereMeasured) {
  const std::string measured = "measured: {chip: drawn, mixing_share: 0.2, noise_sigma: 0.1}";
  EXPECT_NE(age_refusal(core_with("kind: incoherent-crossbar, " + measured), 1)
                .find("measured errors do not age"),
            std::string::npos);
  EXPECT_NE(age_refusal(core_with("kind: incoherent-crossbar"), 1).find("the same at any time"),
            std::string::npos);
  // The devices below them do.
  const CoreCard rings =
      core_with("kind: mrr-bank, drift: {sigma_rad: 0.1, step_s: 60}, " + measured);
  EXPECT_EQ(aged_core(rings, 120).drift.steps, 2);
  EXPECT_NE(realised_by(aged_core(rings, 60)), realised_by(aged_core(rings, 120)));
  const auto errors = [&](double age_s) {
    return make_core(aged_core(rings, age_s))->output_errors(4, 0);
  };
  EXPECT_EQ(errors(60).noise_sigma, errors(120).noise_sigma);
}

TEST(CoreAge, AgesThatNobodyPublishedAreRefused) {
  const CoreCard card = core_with(
      "kind: cell-crossbar, cells: {elapsed_s: 1, fits: [{gmax_uS: 9, programming: [{after_s: 1, "
      "sigma_uS: [1]}, {after_s: 9, sigma_uS: [2]}]}]}");
  EXPECT_EQ(core_ageing(card), Ageing::cells);
  EXPECT_EQ(age_refusal(card, 9), "");
  EXPECT_NE(age_refusal(card, 5).find("published for 1, 9 s"), std::string::npos);
  EXPECT_NE(age_refusal(card, -1), "");
}

}  // namespace
}  // namespace lightloom::photonic
