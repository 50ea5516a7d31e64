// How many chips a card asks for: a number, or until when.
#include "experiments/cards/chips_card.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "experiments/studies/run_experiment.hpp"

namespace lightloom::experiments {
namespace {

Experiment card_with(const std::string& more) {
  return read_experiment(parse_yaml(
      "dataset: {name: glyphs, train_limit: 200, test_limit: 60}\nmodel: mlp\nteacher: {epochs: "
      "1}\ntrain: {epochs: 0}\nweights: {source: integer, bits: 6}\nmeasure: [accuracy]\n"
      "core: {kind: mrr-bank, rows: 16, columns: 16, phase_sigma_rad: 0.02}\n" +
          more,
      "test.yaml"));
}

std::string refusal(const std::string& more) {
  try {
    card_with(more);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ChipsCard, IsANumberOrSaysUntilWhen) {
  EXPECT_EQ(card_with("chips: 3").chips, 3);
  EXPECT_FALSE(card_with("chips: 3").chips_until);
  for (const char* width : {"0.3 %", "0.3%", "0.003"}) {
    const Experiment card =
        card_with(fmt::format("chips: {{until: {}, least: 4, most: 9}}", width));
    ASSERT_TRUE(card.chips_until) << width;
    EXPECT_DOUBLE_EQ(card.chips_until->half_width, 0.003) << width;
    EXPECT_EQ(card.chips_until->least, 4);
    EXPECT_EQ(card.chips, 9);
  }
  const Experiment first = card_with("chips: {until: 1 %}");
  EXPECT_EQ(first.chips_until->least, 8);
  EXPECT_EQ(first.chips, 16);
  const Experiment again = read_experiment(first.resolved);
  EXPECT_EQ(to_yaml(again.resolved), to_yaml(first.resolved));
}

TEST(ChipsCard, RefusesWhatSaysNothing) {
  for (const auto& [more, said] : std::initializer_list<std::pair<const char*, const char*>>{
           {"chips: {least: 4}", "needs the key 'until'"},
           {"chips: {until: 0}", "a share above 0"},
           {"chips: {until: 60 %}", "up to 0.5"},
           {"chips: {until: few}", "is 'few'"},
           {"chips: {until: 1 %, least: 1}", "least"},
           {"chips: {until: 1 %, least: 9, most: 8}", "most"},
           {"chips: {until: 1 %, unit: 2}", "unit"},
           {"chips: {until: 1 %}\nseeds: 2", "do not go with seeds"},
           {"chips: many", "chips"}})
    EXPECT_NE(refusal(more).find(said), std::string::npos) << more << ": " << refusal(more);
}

std::vector<double> accuracies(const std::string& chips) {
  Workbench bench;
  const RunResult result = run_experiment(card_with(chips), bench);
  return accuracies_of(result.accuracy->own.chips);
}

TEST(ChipsCard, ARunEndsWithTheFirstChipsThatAreEnough) {
  const std::vector<double> all = accuracies("chips: 6");
  ASSERT_NE(all[0], all[1]) << "chips that are alike are never enough";
  const std::vector<double> some = accuracies("chips: {until: 50 %, least: 3, most: 6}");
  EXPECT_EQ(some, std::vector<double>(all.begin(), all.begin() + 3));
  EXPECT_EQ(accuracies("chips: {until: 0.000001, least: 2, most: 4}"),
            std::vector<double>(all.begin(), all.begin() + 4));
}

}  // namespace
}  // namespace lightloom::experiments
