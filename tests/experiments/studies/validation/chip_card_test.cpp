#include "experiments/studies/validation/chip_card.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "tests/experiments/studies/validation/made_up_chip.hpp"

namespace lightloom::experiments {
namespace {

std::string chip_refusal(const std::string& text) {
  try {
    read_chip(written_chip(text));
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was refused";
}

void expect_says(const std::string& refusal, const std::string& words) {
  EXPECT_NE(refusal.find(words), std::string::npos) << "said: " << refusal << "\nnot: " << words;
}

TEST(ChipCard, InputsFitAndDifferencesReachTheModel) {
  const ChipCard chip = read_chip(written_chip(made_up_chip));
  ASSERT_EQ(chip.inputs.size(), 14U);
  EXPECT_EQ(chip.inputs[3].number.mark, Mark::measured);
  const Experiment model = experiment_of(chip, chip.predictions.at(0));
  EXPECT_EQ(model.hardware.core.core_rows(), 8);
  EXPECT_EQ(model.hardware.core.core_columns(), 4);
  EXPECT_EQ(model.hardware.schedule.cores, 3);
  EXPECT_EQ(model.hardware.core.symbol_rate_GHz, 2);
  EXPECT_EQ(model.hardware.core.output_adc.rate_GHz, 10);             // the second key of an input
  EXPECT_EQ(model.hardware.core.detector.tia_noise_pA_per_rtHz, 12);  // the fit
  const Experiment faster = experiment_of(chip, chip.consequences.at(0));
  EXPECT_EQ(faster.hardware.core.symbol_rate_GHz, 4);
  EXPECT_TRUE(chip.fitted(chip.predictions.at(3)));
  EXPECT_FALSE(chip.fitted(chip.predictions.at(0)));
}

TEST(ChipCard, SettingsChangeAnInput) {
  const ChipCard chip = read_chip(written_chip(made_up_chip), {"inputs.rate.value=7"});
  EXPECT_EQ(experiment_of(chip, chip.predictions.at(0)).hardware.core.symbol_rate_GHz, 7);
}

TEST(ChipCard, WhatEveryNumberMustSayIsAskedFor) {
  expect_says(chip_refusal(changed_chip("source: made up, mark: measured", "mark: measured")),
              "'inputs.rate' needs the key 'source'");
  expect_says(
      chip_refusal(changed_chip("source: made up, mark: measured", "source: '', mark: measured")),
      "'inputs.rate.source' is empty");
  expect_says(chip_refusal(changed_chip("unit: GHz, ", "")), "'inputs.rate' needs the key 'unit'");
  expect_says(chip_refusal(changed_chip("value: 2, unit: GHz", "unit: GHz")),
              "'inputs.rate' needs the key 'value'");
  expect_says(chip_refusal(changed_chip(", mark: measured", "")),
              "'inputs.rate' needs the key 'mark'");
  expect_says(chip_refusal(changed_chip("mark: measured", "mark: guessed")),
              "'inputs.rate.mark' is 'guessed' but must be one of published, published_code");
  expect_says(chip_refusal(changed_chip("sets: [core.symbol_rate_GHz], ", "")),
              "'inputs.rate' needs the key 'sets'");
  expect_says(chip_refusal(changed_chip("value: 2, unit: GHz", "value: .inf, unit: GHz")),
              "'inputs.rate.value' is .inf but must be");
}

TEST(ChipCard, UnitsAreThoseOfKeysAndQuantities) {
  expect_says(chip_refusal(changed_chip("value: 2, unit: GHz", "value: 2000, unit: MHz")),
              "'inputs.rate.unit' is MHz, but the key core.symbol_rate_GHz takes GHz");
  expect_says(chip_refusal(changed_chip("unit: pA/rtHz", "unit: nA/rtHz")),
              "'fits.amplifier noise.unit' is nA/rtHz");
  expect_says(chip_refusal(changed_chip("value: 0.4, unit: TOPS", "value: 400, unit: GOPS")),
              "'predictions.operations.published' is in GOPS, but throughput_TOPS is in TOPS");
}

TEST(ChipCard, OneFitIsAllowedAndItMustBeOfAPrediction) {
  const std::string fit = "fits:\n";
  expect_says(
      chip_refusal(changed_chip(
          fit,
          fit + "  more: {value: 9, unit: um^2, sets: [core.output_adc.area_um2], to: power}\n")),
      "'fits' are 2 (more, amplifier noise), but a chip may have one");
  expect_says(chip_refusal(changed_chip("to: bits}", "to: nothing}")),
              "'fits' names 'nothing' under 'amplifier noise.to', which is no prediction");
}

TEST(ChipCard, PredictionsHaveAPublishedNumberAndConsequencesNone) {
  expect_says(
      chip_refusal(changed_chip(
          "    published: {value: 0.306, unit: W, source: made up, mark: published}\n", "")),
      "'predictions.power' has no published value");
  expect_says(chip_refusal(changed_chip("value: 0.306", "value: 0")),
              "'predictions.power.published.value' is 0 but must be above 0");
  expect_says(
      chip_refusal(made_up_chip +
                   "    published: {value: 1, unit: TOPS, source: made up, mark: published}\n"),
      "'consequences.twice the rate.published' stands under a consequence");
}

TEST(ChipCard, UnknownQuantitiesOptionsAndNumbersOfTheModelAreRefused) {
  expect_says(chip_refusal(changed_chip("quantity: throughput_TOPS", "quantity: throughput_TOP")),
              "did you mean 'throughput_TOPS'?");
  expect_says(chip_refusal(changed_chip("    reason: rounded", "    parts: [ADC]")),
              "'predictions.operations.parts' is not a known key");
  expect_says(chip_refusal(changed_chip("kind: pcm-crossbar", "kind: pcm-crossbar, rows: 8")),
              "'model' has a number at core.rows (8)");
  expect_says(chip_refusal(changed_chip("sets: [core.columns]", "sets: [core.rows]")),
              "'inputs' set core.rows twice (the second is 'inputs')");
  expect_says(
      chip_refusal(changed_chip(
          "    needs: {files: [no/such/weights.h5], command: lightloom train made-up.yaml}\n", "")),
      "'predictions.accuracy' needs the key 'needs'");
}

TEST(ChipCard, ATableIsTakenAsTheKeyTakesItAndHasASource) {
  const std::string table =
      "  readout: {sets: [core.precision.table], source: made up, mark: "
      "published, table: [{part: all, energy_pJ: 7, time_ns: 3}]}\n";
  const std::string text = changed_chip("fits:\n", table + "fits:\n");
  const ChipCard chip = read_chip(written_chip(text));
  const auto& entries = experiment_of(chip, chip.predictions.at(0)).hardware.core.precision.entries;
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].energy_pJ, 7);
  const auto without = [&](const std::string& part) {
    std::string less = text;
    return chip_refusal(less.replace(less.find(part), part.size(), ""));
  };
  expect_says(without("sets: [core.precision.table], source: made up, "),
              "'inputs.readout' needs the key 'source'");
  std::string scalar = text;
  const std::string list = "[{part: all, energy_pJ: 7, time_ns: 3}]";
  expect_says(chip_refusal(scalar.replace(scalar.find(list), list.size(), "7")),
              "'inputs.readout.table' must be a list");
}

TEST(ChipCard, AnExperimentTakesThePlaceOfModelAndInputs) {
  const std::string chosen = "    experiment: other.yaml\n    with: {core.columns: 5}\n";
  const std::string path = written_chip(changed_chip("    reason: rounded\n", chosen));
  std::ofstream(std::filesystem::path(path).parent_path() / "other.yaml")
      << "core: {kind: ideal, rows: 3, columns: 2, symbol_rate_GHz: 9}\nmodel: {name: lenet5}\n";
  const ChipCard chip = read_chip(path);
  const Experiment other = experiment_of(chip, chip.predictions.at(0)),
                   own = experiment_of(chip, chip.predictions.at(1));
  EXPECT_EQ(other.hardware.core.core_rows(), 3);
  EXPECT_EQ(other.hardware.core.core_columns(), 5) << "what differs goes on top";
  EXPECT_EQ(other.hardware.core.symbol_rate_GHz, 9);
  EXPECT_EQ(other.network.model, "lenet5");
  EXPECT_EQ(own.hardware.core.symbol_rate_GHz, 2);
  expect_says(chip_refusal(changed_chip("    reason: rounded\n", "    experiment: 7\n")),
              "'predictions.operations.experiment' must be the path of an experiment card");
}

TEST(ChipCard, ResultsAreNamedWhereTheyHoldTheNumberAndWhereNothingElseDoes) {
  const std::string reason = "    reason: rounded\n";
  expect_says(
      chip_refusal(changed_chip(reason, "    needs: {files: [x], command: y, results: r.h5}\n")),
      "'predictions.operations.needs.results' is named, but no results file holds "
      "throughput_TOPS");
  const std::string left = "quantity: product_residual\n    model: gains\n    needs: ";
  std::string text = made_up_chip + "  left:\n    " + left + "{files: [x], command: y}\n";
  expect_says(chip_refusal(text), "'consequences.left.needs' needs the key 'results'");
  text = made_up_chip + "  left:\n    quantity: drawn_product_residual\n";
  expect_says(chip_refusal(text), "'consequences.left' needs the key 'model'");
  text = made_up_chip + "  left:\n    quantity: drawn_product_residual\n    model: best\n";
  expect_says(chip_refusal(text), "'consequences.left.model' is 'best' but must be one of gains");
}

TEST(ChipCard, AllProblemsAreSaidAtOnce) {
  std::string text = changed_chip("unit: GHz, ", "");
  const std::string mark = "mark: from_memory}";
  text.replace(text.find(mark), mark.size(), "mark: nowhere}");
  text += "  another: {quantity: power}\n";
  const std::string refusal = chip_refusal(text);
  expect_says(refusal, "'inputs.rate' needs the key 'unit'");
  expect_says(refusal, "'inputs.DAC area.mark'");
  expect_says(refusal, "'consequences.another.quantity' is 'power'");
}

}  // namespace
}  // namespace lightloom::experiments
