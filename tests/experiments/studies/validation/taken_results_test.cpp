// Numbers that `validate` takes from results files instead of computing them.
#include "experiments/studies/validation/taken_results.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "experiments/results/files/provenance.hpp"
#include "experiments/studies/validation/validation.hpp"
#include "experiments/studies/validation/validation_output.hpp"
#include "tests/experiments/example_results.hpp"
#include "tests/experiments/studies/validation/made_up_chip.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

/// The made-up chip, the accuracy of which stands in r.h5.
std::string chip_with_results(const std::string& more = "") {
  return changed_chip(
      "    needs: {files: [no/such/weights.h5], command: lightloom train made-up.yaml}\n",
      "    with: {weights.bits: 4, weights.source: integer, weights.file: w.h5}\n" + more +
          "    needs: {files: [no/such/weights.h5], command: lightloom train made-up.yaml, "
          "results: r.h5}\n");
}

struct Made {
  std::string chip;     // path of its card
  std::string folder;   // of its results
  std::string results;  // their file
};

/// A chip, and results as a run of its model would have written them, changed by `change` first.
Made made(const std::function<void(Labelled&, Tree&)>& change = {},
          const std::string& text = chip_with_results()) {
  Made result{.chip = written_chip(text), .folder = scratch_folder("taken"), .results = ""};
  const ChipCard chip = read_chip(result.chip);
  Tree card = experiment_of(chip, chip.predictions.at(4)).resolved;
  Labelled data;
  data.add({"accuracy_chips_mean", {}, std::vector<double>{0.875}, "1", "on chips"});
  data.add({"accuracy_source", {}, std::vector<double>{0.9375}, "1", "digital"});
  data.attributes["kind"] = std::string("run");
  data.attributes["command"] = std::string("lightloom run made-up.yaml");
  if (change) change(data, card);
  data.attributes["card"] = to_yaml(card);
  result.results = result.folder + "/r.h5";
  write_labelled(result.results, data);
  return result;
}

/// The only entry of the precision table of a chip's core, as its resolved card has it.
std::string made_entry(const std::string& text) {
  const ChipCard chip = read_chip(written_chip(text));
  Tree card = experiment_of(chip, chip.predictions.at(4)).resolved;
  std::string entry;
  for (const auto& [key, value] : find_at(card, "core.precision.table")->items.at(0).pairs)
    entry += fmt::format("{}{}: {}", entry.empty() ? "{" : ", ", key, value.scalar);
  return entry + "}";
}

Compared accuracy_of(const Made& made) {
  return validate({made.chip}, {.results = made.folder}).chips.at(0).predictions.at(4);
}

std::string refusal_of(const Made& made) {
  try {
    validate({made.chip}, {.results = made.folder});
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was refused";
}

void expect_refused(const Made& made, const std::string& words) {
  const std::string refusal = refusal_of(made);
  EXPECT_NE(refusal.find(words), std::string::npos) << "said: " << refusal << "\nnot: " << words;
  EXPECT_NE(refusal.find("r.h5"), std::string::npos) << refusal;
}

TEST(TakenResults, AnAccuracyIsThatOfTheFileInPercentAndSaysWhoMadeIt) {
  const Made results = made();
  const Compared accuracy = accuracy_of(results);
  EXPECT_EQ(accuracy.predicted, 87.5);
  EXPECT_EQ(accuracy.made_by, "lightloom run made-up.yaml");
  EXPECT_FALSE(accuracy.recorded);
  EXPECT_EQ(accuracy.skipped, "");
  const Validation found = validate({results.chip}, {.results = results.folder});
  EXPECT_EQ(found.agreement().skipped, 0);
  EXPECT_EQ(found.agreement().compared, 4);
  EXPECT_EQ(to_json(found)["chips"][0]["predictions"][4]["made_by"], "lightloom run made-up.yaml");
  EXPECT_NE(prediction_cells(found.chips[0])[5][4].find(
                "from r.h5, made by `lightloom run made-up.yaml`"),
            std::string::npos);
}

TEST(TakenResults, DigitalAccuraciesAndPointsLostAreThoseOfTheFile) {
  for (const auto& [quantity, expected] :
       {std::pair{"digital_accuracy_percent", 93.75}, {"accuracy_lost_percent", 6.25}}) {
    std::string text = chip_with_results();
    const std::string name = "quantity: accuracy_percent";
    text.replace(text.find(name), name.size(), fmt::format("quantity: {}", quantity));
    EXPECT_DOUBLE_EQ(accuracy_of(made({}, text)).predicted.value_or(-1), expected) << quantity;
  }
}

TEST(TakenResults, AccuraciesWithStatisticsTakenOnEachChipAreThoseOfCardsThatAskForThem) {
  std::string text = chip_with_results();
  const std::string bits = "weights.bits: 4, ";
  text.replace(text.find(bits), bits.size(), bits + "recalibrate_statistics: 100, ");
  const auto retaken = [](Labelled& data, Tree&) {
    data.add({"accuracy_chips_retaken_mean", {}, std::vector<double>{0.90625}, "1", "retaken"});
  };
  EXPECT_EQ(accuracy_of(made(retaken, text)).predicted, 90.625);
  const std::string name = "quantity: accuracy_percent";
  text.replace(text.find(name), name.size(), "quantity: accuracy_lost_percent");
  EXPECT_EQ(accuracy_of(made(retaken, text)).predicted, 3.125);
}

TEST(TakenResults, FilesComeBeforeRecordsAndRecordsStandInForFilesThatAreNotThere) {
  const std::string text = chip_with_results("    recorded: 12\n");
  EXPECT_EQ(accuracy_of(made({}, text)).predicted, 87.5);
  std::string other = text;
  const std::string number = "  bits:\n    quantity: enob_uniform\n";
  other.replace(other.find(number), number.size(),
                "  another:\n    quantity: digital_accuracy_percent\n    needs: {files: [x], "
                "command: nothing, results: other.h5}\n    published: {value: 90, unit: \"%\", "
                "source: made up, mark: published}\n" +
                    number);
  Made results = made({}, text);
  fs::rename(results.results, results.folder + "/other.h5");
  results.chip = written_chip(other);
  std::string same = other;
  const Validation found = validate({written_chip(same)}, {});
  EXPECT_EQ(found.chips[0].predictions[5].predicted, 12);
  EXPECT_TRUE(found.chips[0].predictions[5].recorded);
  EXPECT_EQ(found.chips[0].predictions[3].skipped,
            "needs files: `nothing`, then --networks or --results FOLDER");
}

TEST(TakenResults, ResultsOfAnotherCardAreRefusedWithTheKeyThatDiffers) {
  const auto set = [](const std::string& setting) {
    return [=](Labelled&, Tree& card) { apply_setting(card, setting, "test"); };
  };
  expect_refused(made(set("core.rows=16")), "has core.rows = 16, not 8");
  expect_refused(made(set("core.detector.tia_noise_pA_per_rtHz=11")),
                 "has core.detector.tia_noise_pA_per_rtHz = 11, not 12");
  expect_refused(made(set("model.name=lenet5")), "has model.name = lenet5, not cnn3");
  expect_refused(made(set("weights.bits=3")), "has weights.bits = 3, not 4");
  expect_refused(made(set("weights.activations=5")), "has weights.activations = 5, not 0");
  expect_refused(made(set("dataset.name=mnist")), "has dataset.name = mnist, not cifar10");
  expect_refused(made(set("dataset.test_limit=10")), "has dataset.test_limit = 10, not 0");
  expect_refused(made(set("core.more=1")), "has core.more besides");
  expect_refused(made(set("core=7")), "has another kind of value at core");
  const auto drop = [](Labelled&, Tree& card) {
    auto& pairs = find_at(card, "core")->pairs;
    std::erase_if(pairs, [](const TreeEntry& entry) { return entry.key == "rows"; });
  };
  expect_refused(made(drop), "has no core.rows");
}

TEST(TakenResults, ListsAreComparedItemByItem) {
  std::string text = chip_with_results();
  text.replace(text.find("fits:\n"), 6,
               "  readout: {sets: [core.precision.table], source: made up, mark: published, table: "
               "[{part: all, energy_pJ: 7, time_ns: 3}]}\nfits:\n");
  const auto set = [](const std::string& table) {
    return [=](Labelled&, Tree& card) {
      apply_setting(card, "core.precision.table=" + table, "test");
    };
  };
  EXPECT_EQ(accuracy_of(made({}, text)).predicted, 87.5);
  const std::string entry = made_entry(text);
  expect_refused(made(set("[" + entry + ", " + entry + "]"), text),
                 "has 2 values of core.precision.table, not 1");
  std::string other = entry;
  other.replace(other.find("time_ns: 3"), 10, "time_ns: 4");
  expect_refused(made(set("[" + other + "]"), text),
                 "has core.precision.table[0].time_ns = 4, not 3");
}

TEST(TakenResults, PlacesAndWaysOfWritingANumberMakeNoOtherCard) {
  const auto change = [](Labelled&, Tree& card) {
    for (const char* setting : {"weights.file=elsewhere/w.h5", "dataset.root=/data",
                                "core.rows=8.0", "seed=7", "teacher.epochs=3"})
      apply_setting(card, setting, "test");
  };
  EXPECT_EQ(accuracy_of(made(change)).predicted, 87.5);
  std::string files = chip_with_results();
  const std::string with = "weights.file: w.h5";
  files.insert(files.find(with) + with.size(),
               ", dataset.train: [a.bin], dataset.validate: [b.bin], dataset.test: [c.bin]");
  const auto moved = [](Labelled&, Tree& card) {
    for (const char* setting :
         {"dataset.train=[x/a.bin]", "dataset.validate=[x/b.bin]", "dataset.test=[x/c.bin]"})
      apply_setting(card, setting, "test");
  };
  EXPECT_EQ(accuracy_of(made(moved, files)).predicted, 87.5);
}

TEST(TakenResults, KeysThatThePredictionSetsMustAgreeToo) {
  const std::string text = chip_with_results();
  const std::string with = "weights.file: w.h5", more = ", chips: 1, teacher.weight_noise: 0";
  std::string set = text;
  set.insert(set.find(with) + with.size(), more);
  const auto noisy = [](Labelled&, Tree& card) {
    apply_setting(card, "teacher.weight_noise=0.1", "test");
  };
  EXPECT_EQ(accuracy_of(made({}, set)).predicted, 87.5);
  expect_refused(made(noisy, set), "has teacher.weight_noise = 0.1, not 0");
  const auto chips = [](Labelled&, Tree& card) { apply_setting(card, "chips=4", "test"); };
  expect_refused(made(chips, set), "has chips = 4, not 1");
}

TEST(TakenResults, FilesWithoutTheNumberAreRefused) {
  const auto kind = [](Labelled& data, Tree&) { data.attributes["kind"] = std::string("sweep"); };
  expect_refused(made(kind), "is of kind 'sweep', not 'run'");
  const auto none = [](Labelled& data, Tree&) { data.variables.erase(data.variables.begin()); };
  expect_refused(made(none), "holds no number 'accuracy_chips_mean'");
  const auto nan = [](Labelled& data, Tree&) {
    data.variables[0].values = std::vector<double>{NAN};
  };
  expect_refused(made(nan), "its 'accuracy_chips_mean' is no number");
}

TEST(TakenResults, FoldersWithoutAFileThatACardNamesAreRefused) {
  const Made results = made();
  const auto refusal = [&](const std::string& folder) -> std::string {
    try {
      validate({results.chip}, {.results = folder});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(refusal(results.folder + "/nowhere").find("there is no such folder"),
            std::string::npos);
  fs::rename(results.results, results.folder + "/x.h5");
  EXPECT_NE(refusal(results.folder).find("holds no file that the cards name (r.h5)"),
            std::string::npos);
}

TEST(TakenResults, WhatOnlyResultsHoldIsNotComputed) {
  const std::string path = written_chip(made_up_chip +
                                        "  left:\n    quantity: product_residual\n    model: "
                                        "gains\n    needs: {files: [made-up.yaml], "
                                        "command: calibrate, results: p.h5}\n");
  for (const Networks networks : {Networks::recorded, Networks::run}) {
    const Validation found = validate({path}, {.networks = networks});
    EXPECT_EQ(found.chips[0].consequences[1].skipped,
              "needs files: `calibrate`, then --results FOLDER");
  }
}

TEST(TakenResults, WhatIsLeftOfProductsIsThatOfTheModelAskedFor) {
  Labelled data;
  data.add_axis({"error_model", std::vector<std::string>{"gains", "periodic", "mixing"}, "", ""});
  data.add(
      {"residual_rms", {"error_model"}, std::vector<double>{1.5, 1.25, 1.125}, "expected", ""});
  data.add({"residual_kurtosis_within", {"error_model"}, std::vector<double>{3, 4, 5}, "1", ""});
  data.add({"residual_kurtosis_pooled", {"error_model"}, std::vector<double>{6, 7, 8}, "1", ""});
  const auto number = [&](const char* name, calibration::ErrorModel model) {
    return find_quantity(name)->in(data, {.model = model});
  };
  using calibration::ErrorModel;
  EXPECT_EQ(number("product_residual", ErrorModel::gains), 1.5);
  EXPECT_EQ(number("product_residual", ErrorModel::mixing), 1.125);
  EXPECT_EQ(number("product_kurtosis_within", ErrorModel::periodic), 4);
  EXPECT_EQ(number("product_kurtosis_pooled", ErrorModel::periodic), 7);
  try {
    number("product_residual", ErrorModel::both);
    ADD_FAILURE() << "nothing was refused";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "has no model 'both' (--model)");
  }
  EXPECT_THROW(find_quantity("product_residual")->in(Labelled{}, {}), Error);
}

}  // namespace
}  // namespace lightloom::experiments
