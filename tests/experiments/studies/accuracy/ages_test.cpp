#include "experiments/studies/accuracy/ages.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "nn/network/weights_file.hpp"
#include "photonic/devices/cell_card.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

/// A network on cells that drift a lot.
Experiment aging(const std::vector<std::string>& settings) {
  const std::string place = LIGHTLOOM_SOURCE_DIR "/aging.yaml";
  Tree card = parse_yaml(
      "{dataset: {name: glyphs, train_limit: 600, test_limit: 60}, model: cnn3, teacher: {epochs: "
      "5, rate: 0.003}, train: {epochs: 1}, weights: {source: integer, bits: 8}, core: {kind: "
      "cell-crossbar, "
      "rows: 32, columns: 32, cells: {compensate_drift: false, fits: [{gmax_uS: 10, drift: "
      "{reference_s: 60, exponent: [{polynomial: [0.02]}], exponent_sigma: [{polynomial: "
      "[0.07]}]}}]}}, chips: 2, seed: 5, measure: [accuracy], baselines: []}",
      place);
  for (const std::string& setting : settings) apply_setting(card, setting, place);
  return read_experiment(card);
}

TEST(Ages, EachIsTheRunOfACardOfThatAge) {
  const std::string folder = scratch_folder("ages");
  Workbench first;
  nn::save_weights(folder + "/w.h5", *first.student(aging({}))->network);
  const std::string weights = "weights.file=" + folder + "/w.h5";
  Workbench workbench;
  const Experiment card = aging({weights, "ages=[60, 1h, 30d]"});
  const RunResult result = run_experiment(card, workbench);
  ASSERT_EQ(result.ages.size(), 3U);
  for (const AgeResult& age : result.ages) {
    Workbench other;
    const RunResult alone = run_experiment(
        aging({weights, "core.age_s=" + std::to_string(static_cast<long>(age.age_s))}), other);
    ASSERT_EQ(alone.accuracy->chips.size(), 2U);
    for (std::size_t c = 0; c < 2; ++c)
      EXPECT_EQ(age.each[c], alone.accuracy->chips[c].accuracy) << age.age_s;
  }
  EXPECT_EQ(result.accuracy->chips[1].accuracy, result.ages[0].each[1]);
  EXPECT_GT(result.ages[0].each[0], result.ages[2].each[0]);
  const Json json = to_json(result);
  ASSERT_EQ(json["ages"].size(), 3U);
  EXPECT_EQ(json["ages"][2]["age_s"], 30 * 86400.0);
  EXPECT_EQ(json["ages"][2]["accuracy"]["each"][1], result.ages[2].each[1]);
  const Labelled data = to_labelled(result, card);
  const auto& all = std::get<std::vector<double>>(data.variable("accuracy_age_chip")->values);
  EXPECT_EQ(all, (std::vector<double>{result.ages[0].each[0], result.ages[0].each[1],
                                      result.ages[1].each[0], result.ages[1].each[1],
                                      result.ages[2].each[0], result.ages[2].each[1]}));
  EXPECT_NE(to_text(result).find("30 d"), std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST(Ages, MaintenanceBoundsWhatItRenews) {
  const std::string every = "maintenance={every: 1d, reprogram: ";
  EXPECT_EQ(core_state_s(aging({}), 3e6), 3e6);
  EXPECT_EQ(core_state_s(aging({every + "true}"}), 3e6), 86400);
  EXPECT_EQ(core_state_s(aging({every + "true}"}), 60), 60);
  EXPECT_EQ(core_state_s(aging({every + "false}"}), 3e6), 3e6);  // cells stay old
  const std::string rings = "core={kind: mrr-bank, drift: {sigma_rad: 0.01}}";
  EXPECT_EQ(core_state_s(aging({rings, every + "false}"}), 3e6), 86400);
  EXPECT_EQ(core_at(aging({rings, every + "false}"}), 3e6).drift.steps, 1440);
}

/// Two ages of two chips; the second is the state of a younger core.
const std::vector<AgeResult> two_ages{{.age_s = 60, .state_s = 60, .each = {0.5, 0.515625}},
                                      {.age_s = 7200, .state_s = 3600, .each = {0.25, 0.25}}};

TEST(Ages, MeansSpreadsAndIntervalsByHand) {
  // Student's t of one degree of freedom: 12.706 standard errors, 1/128 of two chips 1/64 apart.
  const double half = 12.7062 / 128;
  const Json json = ages_json(two_ages, "accuracy");
  ASSERT_EQ(json.size(), 2U);
  EXPECT_EQ(json[0]["accuracy"]["mean"], 0.5078125);
  EXPECT_NEAR(json[0]["accuracy"]["std"].get<double>(), 1 / 64.0 / std::sqrt(2.0), 1e-12);
  EXPECT_NEAR(json[0]["accuracy"]["interval"][0].get<double>(), 0.5078125 - half, 1e-4);
  EXPECT_NEAR(json[0]["accuracy"]["interval"][1].get<double>(), 0.5078125 + half, 1e-4);
  EXPECT_EQ(json[1]["age_s"], 7200);
  EXPECT_EQ(json[1]["state_s"], 3600);
  Labelled data;
  data.add_axis({"chip", std::vector<std::int64_t>{0, 1}, "1", "chip"});
  add_ages(data, two_ages, "accuracy");
  const auto values = [&](const char* name) {
    return std::get<std::vector<double>>(data.variable(name)->values);
  };
  EXPECT_EQ(std::get<std::vector<double>>(data.axis("age")->values),
            (std::vector<double>{60, 7200}));
  EXPECT_EQ(values("state_age"), (std::vector<double>{60, 3600}));
  EXPECT_EQ(values("accuracy_age_chip"), (std::vector<double>{0.5, 0.515625, 0.25, 0.25}));
  EXPECT_EQ(values("accuracy_age_mean"), (std::vector<double>{0.5078125, 0.25}));
  EXPECT_NEAR(values("accuracy_age_std")[0], 1 / 64.0 / std::sqrt(2.0), 1e-12);
  EXPECT_NEAR(values("accuracy_age_low")[0], 0.5078125 - half, 1e-4);
  EXPECT_NEAR(values("accuracy_age_high")[0], 0.5078125 + half, 1e-4);
}

TEST(Ages, TablesSayHowOldAndInWhatState) {
  const std::string shares = ages_text(two_ages, "accuracy"), errors = ages_text(two_ages, "mse");
  for (const char* part : {"50.78 %", "1.10 %", "2 h (as 1 h)", "1 min"})
    EXPECT_NE(shares.find(part), std::string::npos) << part << '\n' << shares;
  EXPECT_EQ(shares.find("1 min (as"), std::string::npos) << shares;
  for (const char* part : {"mean squared error", "0.5078", "0.01105"})
    EXPECT_NE(errors.find(part), std::string::npos) << part << '\n' << errors;
  const std::string one = ages_text({{.age_s = 60, .state_s = 60, .each = {0.5}}}, "accuracy");
  EXPECT_NE(one.find(" -"), std::string::npos) << one;
}

TEST(Ages, TheFirstAgeIsWhatTheRestOfARunIsMeasuredAt) {
  const Experiment card = aging({"ages=[2min, 1h]"});
  EXPECT_EQ(first_core(card).own.of<photonic::CellCard>().elapsed_s, 120);
  EXPECT_EQ(first_core(aging({})).own.of<photonic::CellCard>().elapsed_s,
            aging({}).hardware.core.own.of<photonic::CellCard>().elapsed_s);
}

TEST(Ages, WhatCannotBeIsOneSentence) {
  const auto refusal = [](const std::vector<std::string>& settings) -> std::string {
    try {
      aging(settings);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal({"ages=[1h]"}), "");
  EXPECT_NE(refusal({"ages=[1h]", "core={kind: ideal}"}).find("does not age"), std::string::npos);
  EXPECT_NE(refusal({"ages=[1x]"}).find("is no time"), std::string::npos);
  EXPECT_NE(refusal({"ages=[1h]", "chips=0"}).find("need chips"), std::string::npos);
  EXPECT_NE(refusal({"maintenance.every=0"}).find("leave `maintenance` out"), std::string::npos);
  EXPECT_NE(refusal({"maintenance.every=often"}).find("is no time"), std::string::npos);
  EXPECT_NE(refusal({"maintenance.load=0"}), "");
}

}  // namespace
}  // namespace lightloom::experiments
