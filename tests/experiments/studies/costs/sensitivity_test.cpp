#include "experiments/studies/costs/sensitivity.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "nn/models/models.hpp"

namespace lightloom::experiments {
namespace {

const std::string shipped = LIGHTLOOM_SOURCE_DIR "/data/experiments/";

SourceLayers layers_of_card(const Experiment& card) {
  return source_layers(nn::build_graph(card.network.model, card.network.dataset.name),
                       card.network);
}

Tree small_tree(const std::string& more = "") {
  return parse_yaml(
      "model: {name: lenet5}\n"
      "weights: {source: multilevel, intra: 2, cross: 4}\n"
      "core: {kind: mzi-mesh, mesh: {modes: 16}}\n"
      "generator: {kind: electronic}\n"
      "baselines: [{source: integer, bits: 8}, {source: dense}]\n" +
          more,
      "card.yaml");
}

Sensitivity studied(const Tree& card, const std::string& asked = "") {
  return study_sensitivity(card, sensitivity_question(asked), layers_of_card, no_progress());
}

Gains gains_with(Tree card, const std::string& setting) {
  apply_setting(card, setting, "card.yaml");
  const Experiment moved = read_experiment(card);
  return gains_of(study_cost(moved.network, moved.hardware, layers_of_card(moved)));
}

void expect_same(const Gains& a, const Gains& b) {
  for (const Verdict verdict : all_of_enum<Verdict>())
    for (std::size_t i = 0; i < a[verdict].size(); ++i)
      EXPECT_DOUBLE_EQ(a[verdict][i], b[verdict][i]) << verdict_name(verdict) << ' ' << i;
}

TEST(Sensitivity, GainsAreThoseOfTheCardWithTheOneNumberSet) {
  const Tree card = small_tree();
  const Sensitivity found = studied(card, "digital.operations_per_ns");
  ASSERT_EQ(found.numbers.size(), 1U);
  const SensitiveNumber& one = found.numbers[0];
  EXPECT_EQ(one.number.value, 64);
  EXPECT_EQ(one.to[0].value, 32);
  EXPECT_EQ(one.to[1].value, 128);
  expect_same(found.today, gains_with(card, "batch=1"));
  expect_same(one.to[0].gains, gains_with(card, "digital.operations_per_ns=32"));
  expect_same(one.to[1].gains, gains_with(card, "digital.operations_per_ns=128"));
  const Swing swing = swing_of(found, one);
  const auto at = [&](const Gains& gains) { return gains[swing.verdict][swing.source]; };
  const auto [low, high] = std::minmax({at(found.today), at(one.to[0].gains), at(one.to[1].gains)});
  EXPECT_NEAR(swing.ratio, high / low, 1e-12);
}

/// Every number below a mapping of a resolved card, found without knowing what reads it.
void numbers_below(const Tree& tree, const std::string& path, std::set<std::string>& found) {
  for (const auto& [key, value] : tree.pairs)
    if (key != "source")
      numbers_below(value, path.empty() ? key : fmt::format("{}.{}", path, key), found);
  double number = 0;
  const std::string& text = tree.scalar;
  const auto end = text.data() + text.size();
  if (tree.kind == Tree::Kind::scalar && !text.empty() &&
      std::from_chars(text.data(), end, number).ptr == end)
    found.insert(path);
}

// No list of keys is kept: what stands in the resolved card is moved, or it is said why not.
TEST(Sensitivity, AccountsForEveryNumberOfTheResolvedHardware) {
  const Tree card = load_card(shipped + "quickstart.yaml", {});
  const Tree resolved = read_experiment(card).resolved;
  std::set<std::string> expected;
  for (const char* section : {"core", "generator", "memory", "programming", "digital", "schedule",
                              "batch", "activation_bits"})
    numbers_below(*resolved.find(section), section, expected);
  ASSERT_GT(expected.size(), 200U);
  const Sensitivity found = studied(card, "all");
  std::set<std::string> said(found.without_effect.begin(), found.without_effect.end());
  for (const SensitiveNumber& one : found.numbers) said.insert(one.number.path);
  for (const auto& [key, why] : found.not_moved) said.insert(key);
  EXPECT_EQ(said, expected);
  EXPECT_EQ(found.published, 0U);
}

TEST(Sensitivity, LeavesOutWhatAPublishedSourceGivesAndCountsIt) {
  const Tree card = load_card(shipped + "quickstart.yaml", {});
  const Sensitivity assumed = studied(card), all = studied(card, "all");
  const auto count = [](const Sensitivity& study) {
    return study.numbers.size() + study.without_effect.size() + study.not_moved.size();
  };
  EXPECT_EQ(count(assumed) + assumed.published, count(all));
  EXPECT_GT(assumed.published, 50U);
  const auto has = [](const Sensitivity& study, const std::string& key) {
    return std::any_of(study.numbers.begin(), study.numbers.end(),
                       [&](const SensitiveNumber& one) { return one.number.path == key; });
  };
  EXPECT_TRUE(has(assumed, "digital.operations_per_ns"));       // a default without a source
  EXPECT_TRUE(has(assumed, "core.bank.trim_power_mW"));         // from memory
  EXPECT_FALSE(has(assumed, "memory.dram.access_pJ_per_bit"));  // Accelergy's
  EXPECT_TRUE(has(all, "memory.dram.access_pJ_per_bit"));
  EXPECT_TRUE(
      has(studied(load_card(shipped + "quickstart.yaml", {"memory.dram.access_pJ_per_bit=8"})),
          "memory.dram.access_pJ_per_bit"));  // given anew, and by nobody
}

TEST(Sensitivity, TheLargestSwingComesFirst) {
  const Sensitivity found = studied(small_tree());
  ASSERT_GT(found.numbers.size(), 5U);
  for (std::size_t i = 1; i < found.numbers.size(); ++i)
    EXPECT_GE(swing_of(found, found.numbers[i - 1]).ratio, swing_of(found, found.numbers[i]).ratio);
}

// The MZI card's verdict rests on an assumption: twice the digital operations nearly double it.
TEST(Sensitivity, FindsWhatTheVerdictOfTheMeshRestsOn) {
  const Sensitivity found =
      studied(load_card(shipped + "fashion-mnist-mzi.yaml", {}), "digital.operations_per_ns");
  ASSERT_EQ(found.numbers.size(), 1U);
  const double today = found.today[Verdict::speedup][1];
  EXPECT_GT(found.numbers[0].to[1].gains[Verdict::speedup][1] / today, 1.7);
  EXPECT_LT(found.numbers[0].to[0].gains[Verdict::speedup][1] / today, 0.6);
}

Sensitivity with_gains(double today, double less, double more) {
  const auto gains = [](double value) {
    Gains all;
    for (auto& list : all) list = {1, value};
    return all;
  };
  Sensitivity study{.labels = {"ours", "int8"}, .today = gains(today)};
  SensitiveNumber one{.number = {.path = "key", .value = 4}};
  one.to[0] = {.value = 2, .gains = gains(less)};
  one.to[1] = {.value = 8, .gains = gains(more)};
  study.numbers.push_back(one);
  return study;
}

TEST(Sensitivity, AFlipCrossesOneAndIsMoreThanEqualWithinTheTolerance) {
  const auto flips = [](double today, double less, double more) {
    const Sensitivity study = with_gains(today, less, more);
    return flips_of(study, study.numbers[0]);
  };
  EXPECT_EQ(flips(0.9, 0.8, 0.99).size(), 0U);
  EXPECT_EQ(flips(0.9, 0.8, 1.1).size(), 4U);  // in each of the four verdicts
  EXPECT_EQ(flips(0.9, 0.8, 1.1)[0].side, 1U);
  EXPECT_EQ(flips(1.2, 0.9, 1.3)[0].side, 0U);
  EXPECT_EQ(flips(0.998, 1.002, 0.997).size(),
            0U);  // equal within half a per cent before and after
  EXPECT_EQ(flips(0.998, 1.2, 0.997).size(), 4U);
  EXPECT_EQ(flips(0.9, std::nan(""), 0.8).size(), 0U);
}

std::array<double, 2> moved_to(const CardNumber& number) {
  const auto targets = targets_of(number);
  return {targets[0].value, targets[1].value};
}

TEST(Sensitivity, MovesBitsByOneLevelsByThreeDecibelsAndWholeNumbersToWholeOnes) {
  using Two = std::array<double, 2>;
  const auto kind = CardNumber::Kind::whole;
  EXPECT_EQ(moved_to({.path = "loss_db", .value = 3}), (Two{1.5, 6}));
  EXPECT_EQ(moved_to({.path = "shift", .value = -3}), (Two{-1.5, -6}));
  EXPECT_EQ(moved_to({.path = "a.bits", .kind = kind, .value = 8}), (Two{7, 9}));
  EXPECT_EQ(moved_to({.path = "setting_bits", .kind = kind, .value = 1}), (Two{1, 2}));
  EXPECT_EQ(moved_to({.path = "cores", .kind = kind, .value = 5}), (Two{3, 10}));
  EXPECT_EQ(moved_to({.path = "cores", .kind = kind, .value = 1}), (Two{1, 2}));
  EXPECT_NEAR(moved_to({.path = "rin_dBc_per_Hz", .value = -150})[0], -153.0103, 1e-4);
  EXPECT_NEAR(moved_to({.path = "rin_dBc_per_Hz", .value = -150})[1], -146.9897, 1e-4);
  const CardNumber share{.path = "wall_plug", .value = 0.8, .range = fraction};
  EXPECT_EQ(moved_to(share), (Two{0.4, 1}));
  EXPECT_EQ(targets_of(share)[1].limit, "must be at most 1");
  EXPECT_EQ(targets_of(share)[0].limit, "");
}

TEST(Sensitivity, AValueThatTheCardRefusesIsBroughtBackToWhatItAccepts) {
  const Tree card =
      load_card(shipped + "quickstart.yaml", {"generator.photonic.bits=6.5"});  // 7.01 at most
  const Sensitivity found = studied(card, "generator.photonic.bits");
  ASSERT_EQ(found.numbers.size(), 1U);
  const MovedNumber& more = found.numbers[0].to[1];
  EXPECT_NE(more.limit.find("out of reach"), std::string::npos);
  EXPECT_GT(more.value, 6.9);
  EXPECT_LT(more.value, 7.01);
  expect_same(more.gains, gains_with(card, "generator.photonic.bits=" + number_text(more.value)));
}

TEST(Sensitivity, KeysMayBePatternsOfTheWholeCardAndUnknownOnesAreRefused) {
  const Sensitivity found = studied(small_tree(), "weights.cross,programming.*");
  std::set<std::string> keys(found.without_effect.begin(), found.without_effect.end());
  for (const SensitiveNumber& one : found.numbers) keys.insert(one.number.path);
  EXPECT_TRUE(keys.count("weights.cross"));
  EXPECT_TRUE(keys.count("programming.rate_GHz"));
  EXPECT_FALSE(keys.count("digital.operations_per_ns"));
  const auto cross =
      std::find_if(found.numbers.begin(), found.numbers.end(),
                   [](const SensitiveNumber& one) { return one.number.path == "weights.cross"; });
  ASSERT_NE(cross, found.numbers.end());
  expect_same(cross->to[1].gains, gains_with(small_tree(), "weights.cross=8"));
  EXPECT_THROW(studied(small_tree(), "digital.operation_per_ns"), Error);
  EXPECT_THROW(studied(small_tree(), "digital.add_pJ,,batch"), Error);
  Tree alone = small_tree();
  alone.at_or_add("baselines") = Tree::list();
  EXPECT_THROW(studied(alone), Error);
}

TEST(Sensitivity, IsShownWithEveryGainInJsonAndResults) {
  const Sensitivity found = studied(small_tree());
  const Json json = sensitivity_json(found);
  ASSERT_EQ(json["numbers"].size(), found.numbers.size());
  const Json& first = json["numbers"][0];
  EXPECT_EQ(first["key"], found.numbers[0].number.path);
  EXPECT_DOUBLE_EQ(first["more"]["steady_energy_gain"]["int8"],
                   found.numbers[0].to[1].gains[Verdict::steady_energy_gain][1]);
  EXPECT_DOUBLE_EQ(json["today"]["speedup"]["dense"], found.today[Verdict::speedup][2]);
  Labelled data;
  data.add_axis({"source", found.labels, "", "source"});
  add_sensitivity(data, found);
  const auto& values =
      std::get<std::vector<double>>(data.variable("sensitivity_energy_gain")->values);
  ASSERT_EQ(values.size(), found.numbers.size() * 2 * 3);
  EXPECT_DOUBLE_EQ(values[3 + 2], found.numbers[0].to[1].gains[Verdict::energy_gain][2]);
  const std::string text = sensitivity_text(found);
  EXPECT_NE(text.find(found.numbers[0].number.path), std::string::npos);
  EXPECT_NE(text.find("no source"), std::string::npos);
}

TEST(Sensitivity, OfARunGoesToItsResultsJsonAndText) {
  const Experiment card = read_experiment(small_tree("measure: [cost]"));
  Workbench workbench;
  RunResult run = run_experiment(card, workbench);
  EXPECT_EQ(to_labelled(run, card).axis("moved_number"), nullptr);
  run.sensitivity = studied(small_tree("measure: [cost]"), "digital.*");
  const Labelled data = to_labelled(run, card);
  ASSERT_NE(data.variable("sensitivity_steady_speedup"), nullptr);
  EXPECT_EQ(size_of(data.axis("moved_number")->values), run.sensitivity->numbers.size());
  EXPECT_TRUE(to_json(run).contains("sensitivity"));
  EXPECT_NE(to_text(run).find(sensitivity_text(*run.sensitivity)), std::string::npos);
}

}  // namespace
}  // namespace lightloom::experiments
