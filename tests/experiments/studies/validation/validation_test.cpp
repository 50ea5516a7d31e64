#include "experiments/studies/validation/validation.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/studies/validation/validation_output.hpp"
#include "experiments/studies/validation/validation_pages.hpp"
#include "tests/experiments/example_results.hpp"
#include "tests/experiments/studies/validation/made_up_chip.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> cards_of_the_tree() {
  std::vector<std::string> cards;
  for (const auto& entry : fs::directory_iterator(LIGHTLOOM_SOURCE_DIR "/data/chips"))
    if (entry.path().extension() == ".yaml") cards.push_back(entry.path().string());
  std::sort(cards.begin(), cards.end());
  return cards;
}

Validation made_up(const std::vector<std::string>& settings = {}) {
  return validate({written_chip(made_up_chip)}, {.settings = settings});
}

TEST(Validation, TheTableOfAMadeUpChipByHand) {
  const Validation found = made_up();
  const Cells summary = summary_cells(found);
  ASSERT_EQ(summary.size(), 2U);
  EXPECT_EQ(summary[0],
            (std::vector<std::string>{"chip", "throughput", "power", "precision", "accuracy"}));
  EXPECT_EQ(summary[1][0], "Made up");
  EXPECT_EQ(summary[1][1], "0.384 / 0.400 TOPS, 0.960");  // 2 x 8 x 4 x 2 GHz x 3
  // Power 3 x 204 mW over 0.306 W; converters 3 x 72 mW over 0.2 W.
  EXPECT_EQ(summary[1][2], "2 numbers, 1.08 to 2.00");
  EXPECT_TRUE(summary[1][3].ends_with("(fit)")) << summary[1][3];
  EXPECT_EQ(summary[1][4], "skipped");
  const Cells rows = prediction_cells(found.chips[0]);
  EXPECT_EQ(rows[1], (std::vector<std::string>{"operations", "0.384 TOPS", "0.400 TOPS", "0.960",
                                               "rounded"}));
  EXPECT_EQ(rows[3][3], "1.08");
  EXPECT_EQ(rows[5][1], "-");
  EXPECT_EQ(rows[5][4], "needs files: `lightloom train made-up.yaml`, then --networks");
  EXPECT_EQ(consequence_cells(found.chips[0])[1][1], "0.768 TOPS");
}

TEST(Validation, AgreementCountsWhatWasNotFitted) {
  const Agreement sum = made_up().agreement();
  EXPECT_EQ(sum.compared, 3);  // ratios 0.96, 2.00 and 1.08
  EXPECT_EQ(sum.within_10_percent, 2);
  EXPECT_EQ(sum.within_factor_2, 3);
  EXPECT_EQ(sum.fitted, 1);
  EXPECT_EQ(sum.skipped, 1);
}

TEST(Validation, AFitIsInNoRangeOfRatios) {
  const std::string more =
      "  loss:\n    quantity: insertion_loss_dB\n    published: {value: 1.49, unit: dB, source: "
      "made "
      "up, mark: published}\n  accuracy:\n";
  const std::string path = written_chip(changed_chip("  accuracy:\n", more));
  const Cells summary = summary_cells(validate({path}, {}));
  EXPECT_EQ(summary[1][3], "10.0 (and a fit)");  // 0.7 + 1.2 + 1 + 12.04 dB over 1.49 dB
}

TEST(Validation, ChecksOfWhatInputsWereDerivedFromAreNotCounted) {
  const std::string path =
      written_chip(changed_chip("    reason: rounded", "    consistency: true"));
  const Validation found = validate({path}, {});
  EXPECT_EQ(found.agreement().consistent, 1);
  EXPECT_EQ(found.agreement().compared, 2);
  EXPECT_NE(prediction_cells(found.chips[0])[1][4].find("not counted"), std::string::npos);
}

TEST(Validation, AnotherInputGivesAnotherPrediction) {
  const auto predicted = [](const Validation& found, std::size_t row) {
    return found.chips.at(0).predictions.at(row).predicted.value();
  };
  const Validation as_it_is = made_up(), faster = made_up({"inputs.rate.value=4"}),
                   more = made_up({"inputs.ADC.value=40"});
  EXPECT_DOUBLE_EQ(predicted(faster, 0), 2 * predicted(as_it_is, 0));
  EXPECT_NEAR(predicted(more, 2) - predicted(as_it_is, 2), 3e-3 * 32, 1e-12);
  EXPECT_EQ(predicted(more, 0), predicted(as_it_is, 0));
}

TEST(Validation, RecordsStandInForNetworksUntilTheyAreAskedFor) {
  const std::string path =
      written_chip(changed_chip("    needs: {files", "    recorded: 88.5\n    needs: {files"));
  const Validation found = validate({path}, {});
  const Compared& accuracy = found.chips[0].predictions[4];
  EXPECT_TRUE(accuracy.recorded);
  EXPECT_EQ(accuracy.predicted, 88.5);
  const Validation run = validate({written_chip(made_up_chip)}, {.networks = Networks::run});
  EXPECT_EQ(run.chips[0].predictions[4].skipped,
            "no no/such/weights.h5 here: `lightloom train made-up.yaml` makes it");
}

TEST(Validation, ProblemsOfAllCardsAndNumbersAreSaidAtOnce) {
  const std::string folder = scratch_folder("chips");
  std::ofstream(folder + "/one.yaml") << changed_chip("unit: GHz, ", "");
  std::ofstream(folder + "/two.yaml") << changed_chip("mark: measured", "mark: guessed");
  const auto refusal = [&](const std::vector<std::string>& paths) -> std::string {
    try {
      validate(paths, {});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const std::string both = refusal({folder + "/one.yaml", folder + "/two.yaml"});
  EXPECT_NE(both.find("one.yaml"), std::string::npos) << both;
  EXPECT_NE(both.find("two.yaml"), std::string::npos) << both;
  std::string text = changed_chip("parts: [DAC, ADC]", "parts: [clock]");
  text += "  unknown key: {quantity: throughput_TOPS, with: {core.no_such_key: 1}}\n";
  std::ofstream(folder + "/three.yaml") << text;
  const std::string numbers = refusal({folder + "/three.yaml"});
  EXPECT_NE(numbers.find("'power of the converters': the core has no part 'clock'"),
            std::string::npos)
      << numbers;
  EXPECT_NE(numbers.find("no_such_key"), std::string::npos) << numbers;
  std::ofstream(folder + "/four.yaml") << changed_chip("kind: pcm-crossbar", "kind: unheard-of");
  const std::string model = refusal({folder + "/four.yaml"});
  const std::size_t first = model.find("unheard-of");
  EXPECT_NE(first, std::string::npos) << model;
  EXPECT_EQ(model.find("unheard-of", first + 1), std::string::npos) << "said twice: " << model;
}

TEST(Validation, JsonHasEveryNumberWithItsSource) {
  const Json json = to_json(made_up());
  const Json& chip = json["chips"][0];
  EXPECT_EQ(chip["inputs"].size(), 14U);
  EXPECT_EQ(chip["inputs"][3]["mark"], "measured");
  EXPECT_EQ(chip["fit"]["to"], "bits");
  EXPECT_NEAR(chip["predictions"][0]["ratio"].get<double>(), 0.96, 1e-12);
  EXPECT_TRUE(chip["predictions"][3]["fitted"].get<bool>());
  EXPECT_TRUE(chip["predictions"][4]["predicted"].is_null());
  EXPECT_FALSE(chip["consequences"][0].contains("published"));
  EXPECT_EQ(json["agreement"]["compared"], 3);
}

TEST(Validation, JsonHasTablesAndWhatDiffersAndWhatIsNeeded) {
  const std::string table =
      "{sets: [core.precision.table], table: [{part: all, energy_fJ_per_operation: 2.5, time_ns: "
      "40}], source: made up, mark: derived}";
  const Json json = to_json(validate(
      {written_chip(changed_chip("  DAC area:", fmt::format("  reads: {}\n  DAC area:", table)))},
      {}));
  const Json& chip = json["chips"][0];
  const Json& reads = chip["inputs"][12];
  EXPECT_EQ(reads["name"], "reads");
  EXPECT_EQ(reads["table"][0]["part"], "all");
  EXPECT_EQ(reads["table"][0]["energy_fJ_per_operation"], 2.5);
  EXPECT_EQ(reads["mark"], "derived");
  EXPECT_FALSE(reads.contains("value"));
  EXPECT_EQ(chip["consequences"][0]["with"]["core.symbol_rate_GHz"], 4);
  EXPECT_EQ(chip["predictions"][4]["needs"]["command"], "lightloom train made-up.yaml");
  EXPECT_EQ(chip["predictions"][0]["family"], "throughput");
}

TEST(Validation, WhatIsFarApartNamesItsReasonOrThatThereIsNone) {
  const auto remark = [](const std::string& published) {
    const Validation found =
        validate({written_chip(changed_chip("{value: 0.306,", published))}, {});
    return prediction_cells(found.chips[0])[2].back();
  };
  // 0.612 W predicted.
  EXPECT_EQ(remark("{value: 0.5,"), "");  // 1.22
  EXPECT_EQ(remark("{value: 0.75,"), "");
  EXPECT_EQ(remark("{value: 0.48,"), "the card gives no reason");  // 1.28
  EXPECT_EQ(remark("{value: 0.8,"), "the card gives no reason");   // 0.77
}

TEST(Validation, EveryShippedRatioFarFromOneHasItsReason) {
  for (const ValidatedChip& chip : validate(cards_of_the_tree(), {}).chips)
    for (const Compared& one : chip.predictions)
      if (const auto ratio = one.ratio(); ratio && !one.fitted && (*ratio < 0.8 || *ratio > 1.25)) {
        EXPECT_FALSE(one.metric.reason.empty())
            << chip.card.name << ": " << one.metric.name << ", " << *ratio;
      }
}

TEST(Validation, NumbersHaveThreeDigits) {
  EXPECT_EQ(three_digits(65.536), "65.5");
  EXPECT_EQ(three_digits(9.996), "10.0");
  EXPECT_EQ(three_digits(0.054), "0.0540");
  EXPECT_EQ(three_digits(1316.4), "1316");
  EXPECT_EQ(three_digits(0), "0");
  EXPECT_EQ(three_digits(1.234e-5), "1.23e-05");
  EXPECT_EQ(three_digits(0.00123), "0.00123");
  EXPECT_EQ(three_digits(-2.5), "-2.50");
}

TEST(Validation, ThePageIsOneFileAndSafe) {
  const std::string path = written_chip(changed_chip("name: Made up", "name: \"<b>Made</b>\""));
  const std::string page = validation_page(validate({path}, {}));
  EXPECT_NE(page.find("&lt;b&gt;Made"), std::string::npos);
  for (const char* fetched : {"<b>Made", "http://", "https://", "<script", "src="})
    EXPECT_EQ(page.find(fetched), std::string::npos) << fetched;
}

TEST(Validation, TheDocumentIsWhatTheCommandWrites) {
  const std::string document = validation_markdown(validate(cards_of_the_tree(), {}));
  EXPECT_EQ(document, read_file(LIGHTLOOM_SOURCE_DIR "/docs/evidence/published-chips.md", "page"))
      << "write it again: lightloom validate --markdown docs/evidence/published-chips.md";
}

TEST(Validation, ThroughputsOfPublishedChipsAreExact) {
  for (const auto& [card, tops] :
       {std::pair{"ahmed2025", 65.536}, {"pace", 8.192}, {"meyer2026", 0.054}}) {
    const Validation found =
        validate({fmt::format(LIGHTLOOM_SOURCE_DIR "/data/chips/{}.yaml", card)}, {});
    EXPECT_NEAR(found.chips[0].predictions[0].predicted.value(), tops, 1e-12) << card;
  }
}

TEST(ValidateCommand, WritesPageAndDocumentAndRefusesInASentence) {
  const std::string folder = scratch_folder("validate");
  std::ofstream(folder + "/chip.yaml") << made_up_chip;
  const auto run = [&](const std::string& arguments) {
    return run_shell(fmt::format("cd {} && {} validate {}", folder, program(), arguments));
  };
  const Ran good = run("chip.yaml -o page.html --markdown page.md --json --quiet");
  EXPECT_EQ(good.code, 0) << good.errors;
  EXPECT_EQ(nlohmann::json::parse(good.output)["page"], "page.html");
  EXPECT_TRUE(fs::exists(folder + "/page.html") && fs::exists(folder + "/page.md"));
  EXPECT_EQ(run("--set inputs.rate.value=3").code, 2);
  EXPECT_EQ(run("chip.yaml -o chip.yaml").code, 2);
  EXPECT_EQ(run("missing.yaml").code, 2);
  const Ran nowhere = run("chip.yaml --results nowhere");
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_NE(nowhere.errors.find("--results nowhere: there is no such folder"), std::string::npos)
      << nowhere.errors;
  EXPECT_NE(run("chip.yaml").output.find("0.384 / 0.400 TOPS, 0.960"), std::string::npos);
}

}  // namespace
}  // namespace lightloom::experiments
