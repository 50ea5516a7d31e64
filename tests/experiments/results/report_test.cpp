#include "experiments/results/report.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/random/random.hpp"
#include "experiments/results/page_data.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

constexpr int skipped = 77;
const std::string scripts = LIGHTLOOM_SOURCE_DIR "/tests/experiments/results/";

void expect_drawn(const Labelled& data, int least_charts) {
  const std::string page = scratch_folder("page") + "/report.html";
  write_file(page, report_page(data));
  const Ran ran = run_shell(
      fmt::format("/usr/bin/python3 {}render_page.py {} {}", scripts, page, least_charts));
  std::filesystem::remove_all(std::filesystem::path(page).parent_path());
  if (ran.code == skipped) GTEST_SKIP() << ran.output;
  EXPECT_EQ(ran.code, 0) << ran.output << ran.errors;
}

TEST(Report, ChromiumDrawsEveryChartOfARunWithoutAnError) { expect_drawn(example_run(16), 8); }

// As on pages of a thousand points, whose largest arrays are those by layer.
TEST(Report, PanelsWithoutTheirArraysAreLeftOutAndTheOthersDrawn) {
  const Labelled whole = example_run(16);
  const auto without = [&](const std::string& word) {
    Labelled data = whole;
    const std::size_t left_out = std::erase_if(
        data.variables, [&](const Variable& one) { return one.name.starts_with(word); });
    EXPECT_GT(left_out, 0u) << word;
    return data;
  };
  for (const char* word : {"layer_", "energy_parts", "time_parts", "time_by_", "energy_by_"})
    expect_drawn(without(word), 5);
}

TEST(Report, SaysWhatTheAccuraciesAllowAndWarnsOfImagesThatChose) {
  Labelled data = example_run(3);
  data.attributes["images_chose"] = std::string("weights: 3 of 9\nconverter ranges");
  const std::string page = scratch_folder("said") + "/report.html";
  write_file(page, report_page(data));
  const Ran ran = run_shell(fmt::format("/usr/bin/python3 {}page_text.py {}", scripts, page));
  std::filesystem::remove_all(std::filesystem::path(page).parent_path());
  if (ran.code == skipped) GTEST_SKIP() << ran.output;
  for (const char* said : {"the test images chose weights: 3 of 9; converter ranges.",
                           "these chips, other images", "other chips, other images",
                           "between chips", "chips − regenerated", "multilevel − integer 8"})
    EXPECT_NE(ran.output.find(said), std::string::npos) << said << "\n" << ran.output;
  EXPECT_EQ(ran.output.find("between trainings"), std::string::npos);  // not known
}

TEST(Report, ChromiumDrawsEveryChartOfASweepWithoutAnError) { expect_drawn(example_sweep(), 8); }

/// A sweep of costs, 3 x 2 designs of two sources; four of the first source's are on the front of
/// energy and time.
Labelled sweep_of_costs() {
  Labelled data;
  data.add_axis({"a", std::vector<std::int64_t>{1, 10, 100}, "1", "a"});
  data.add_axis({"b", std::vector<std::int64_t>{1, 2}, "1", "b"});
  data.add_axis({"source", std::vector<std::string>{"own", "int8"}, "", "weights"});
  const std::vector<std::string> axes{"a", "b", "source"};
  const auto beside = [](const std::vector<double>& own, const std::vector<double>& ratio) {
    std::vector<double> values;
    for (std::size_t i = 0; i < own.size(); ++i) {
      values.push_back(own[i]);
      values.push_back(own[i] * ratio[i]);
    }
    return values;
  };
  const std::vector<double> one(6, 1), twice(6, 2), gain{1, 1, 0.5, 0.5, 3, 3};
  data.add({"time", axes, beside({4, 3, 6, 3, 5, 2}, twice), "s", "time"});
  data.add({"energy", axes, beside({1, 2, 0.5, 3, 0.5, 9}, gain), "J", "energy"});
  data.add({"speedup", axes, beside(one, twice), "1", "speed-up"});
  data.add({"energy_gain", axes, beside(one, gain), "1", "energy gain"});
  data.add({"images", {"a", "b"}, std::vector<double>{1, 2, 3, 4, 5, 6}, "1", "images"});
  data.attributes = {{"kind", "sweep"}, {"title", "costs"}, {"sweep_axes", "a,b"}};
  return data;
}

TEST(Report, ASweepOfCostsOpensOnTimeEnergyAndGainWithItsFrontAndItsMap) {
  const std::string page = scratch_folder("costs") + "/report.html";
  write_file(page, report_page(sweep_of_costs()));
  const Ran ran = run_shell(fmt::format("/usr/bin/python3 {}sweep_page.py {}", scripts, page));
  std::filesystem::remove_all(std::filesystem::path(page).parent_path());
  if (ran.code == skipped) GTEST_SKIP() << ran.output;
  EXPECT_EQ(ran.code, 0) << ran.output << ran.errors;
}

TEST(Report, YieldIsTheShareOfChipsThatAreAtLeastAsGood) {
  Labelled data;
  data.add_axis({"chip", std::vector<std::int64_t>{0, 1, 2, 3}, "1", "chip"});
  data.add({"accuracy_chip", {"chip"}, std::vector<double>{0.9, 0.8, 0.9, 0.7}, "1", "accuracy"});
  data.attributes = {{"kind", "run"}, {"title", "yield"}};
  const std::string page = scratch_folder("yield") + "/report.html";
  write_file(page, report_page(data));
  const Ran ran =
      run_shell(fmt::format("/usr/bin/python3 {}page_text.py {} '#tables'", scripts, page));
  std::filesystem::remove_all(std::filesystem::path(page).parent_path());
  if (ran.code == skipped) GTEST_SKIP() << ran.output;
  EXPECT_NE(ran.output.find("test accuracy share of chips 0.7 1 0.8 0.75 0.9 0.5 0.9 0.5 "),
            std::string::npos)
      << ran.output;
}

TEST(Report, EmbedsWhatIsDrawnAndSaysWhatIsLeftOut) {
  Labelled data;
  data.add_axis({"x", std::vector<std::int64_t>{1, 2, 3}, "1", "x"});
  data.add_axis({"image_word", std::vector<std::int64_t>{0}, "1", "images"});
  data.add({"large", {"x"}, std::vector<double>{1, 2, 3}, "1", "large"});
  data.add({"small", {}, std::vector<double>{1.0 / 3}, "1", "small"});
  data.add({"time", {"x"}, std::vector<double>{4, 5, 6}, "s", "time"});
  data.add({"outcomes_source", {"image_word"}, std::vector<double>{7}, "", "outcomes"});
  const auto names = [](const Labelled& page) {
    std::vector<std::string> all;
    for (const Variable& one : page.variables) all.push_back(one.name);
    return all;
  };
  const Labelled all = page_data(data), few = page_data(data, 45);  // ten bytes a number
  EXPECT_EQ(names(all), (std::vector<std::string>{"large", "small", "time"}));
  EXPECT_EQ(all.attributes.count("left_out"), 0u);
  EXPECT_EQ(std::get<std::vector<double>>(all.variable("small")->values)[0], 0.3333333);
  EXPECT_EQ(all.axis("image_word"), nullptr);
  EXPECT_EQ(names(few), (std::vector<std::string>{"small", "time"}));
  EXPECT_EQ(std::get<std::string>(few.attributes.at("left_out")), "large");
  data.attributes["coordinates"] = std::string("large");  // where points are comes before all else
  EXPECT_EQ(names(page_data(data, 45)), (std::vector<std::string>{"large", "small"}));
}

/// A design of `points` points: three keys, and three quantities of five sources.
Labelled large_design(std::int64_t points) {
  Labelled data;
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(points));
  std::iota(numbers.begin(), numbers.end(), std::int64_t{1});
  data.add_axis({"point", numbers, "1", "point"});
  data.add_axis({"source", std::vector<std::string>{"own", "a", "b", "c", "d"}, "", "weights"});
  const Stream draws({.seed = 20, .purpose = Purpose::design});
  const auto drawn = [&](std::size_t each, std::uint64_t from, double scale) {
    std::vector<double> values(each * numbers.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = scale * (1 + draws.uniform(from + i));
    return values;
  };
  data.add({"done", {"point"}, std::vector<std::int64_t>(numbers.size(), 1), "1", "done"});
  data.add({"width", {"point"}, drawn(1, 1 << 24, 0.5), "1", "width"});
  data.add({"settling", {"point"}, drawn(1, 2 << 24, 1e-7), "s", "settling"});
  std::vector<double> batch = drawn(1, 3 << 24, 32);
  for (double& one : batch) one = std::floor(one);
  data.add({"batch", {"point"}, batch, "1", "batch"});
  data.add({"time", {"point", "source"}, drawn(5, 4 << 24, 1e-5), "s", "time"});
  data.add({"energy", {"point", "source"}, drawn(5, 5 << 24, 1e-6), "J", "energy"});
  data.add({"speedup", {"point", "source"}, drawn(5, 6 << 24, 1), "1", "speed-up"});
  data.attributes = {{"kind", "sweep"},
                     {"title", "large"},
                     {"sweep_axes", "point"},
                     {"coordinates", "width settling batch"}};
  return data;
}

TEST(Report, OfAHundredThousandPointsHasTenMegabytesAndAllThatItDraws) {
  const Labelled data = large_design(100'000);
  EXPECT_EQ(page_data(data).attributes.count("left_out"), 0u);
  EXPECT_LT(report_page(data).size(), 10'000'000u);
  expect_drawn(data, 4);  // time, energy, speed-up, and the front of the first two
}

TEST(Report, LongArraysAreUnpackedToTheirNumbers) {
  Labelled data;
  std::vector<std::int64_t> numbers(3000);
  std::iota(numbers.begin(), numbers.end(), std::int64_t{7});
  std::vector<double> values, few;
  std::vector<std::string> words;
  for (const std::int64_t i : numbers) {
    const double digits = static_cast<double>(i * 2617 % 10'000'000) * (i % 2 == 0 ? 1 : -1);
    values.push_back(i % 11 == 0 ? std::nan("") : digits * std::pow(10.0, i % 40 - 20));
    few.push_back(i % 3 == 0 ? std::nan("") : static_cast<double>(i % 3) / 3);
    words.push_back(i % 2 == 0 ? "even \"<" : "odd");
  }
  values[5] = 0;
  values[6] = 9'999'999;
  data.add_axis({"point", numbers, "1", "point"});
  data.add({"value", {"point"}, values, "1", "value"});
  data.add({"few", {"point"}, few, "1", "few"});
  data.add({"word", {"point"}, words, "", "word"});
  const std::string page = scratch_folder("long") + "/report.html";
  write_file(page, report_page(data));
  const Ran ran = run_shell(
      fmt::format("/usr/bin/python3 {}page_arrays.py {} point value few word", scripts, page));
  std::filesystem::remove_all(std::filesystem::path(page).parent_path());
  if (ran.code == skipped) GTEST_SKIP() << ran.output;
  ASSERT_EQ(ran.code, 0) << ran.errors;
  const Json seen = Json::parse(ran.output), meant = Json::parse(to_json(page_data(data)).dump());
  EXPECT_EQ(seen[0], meant["axes"][0]["values"]);
  EXPECT_EQ(seen[2], meant["variables"][1]["values"]);
  EXPECT_EQ(seen[3], meant["variables"][2]["values"]);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Json& one = meant["variables"][0]["values"][i];
    ASSERT_EQ(seen[1][i].is_null(), std::isnan(values[i])) << i;
    if (std::isnan(values[i])) continue;
    // A power of ten past 10^22 is not exact, and so the last bit.
    ASSERT_NEAR(seen[1][i].get<double>(), one.get<double>(), 0x1p-52 * std::abs(values[i])) << i;
  }
}

/// A regression on three chips, trained in two epochs, as a run writes it.
Labelled example_errors() {
  Labelled data;
  const auto number = [&](const char* name, double value) {
    data.add({name, {}, std::vector<double>{value}, "1", name});
  };
  number("mse_float", 0.0625), number("r2_float", 0.875);
  number("mse_source", 0.125), number("r2_source", 0.75);
  number("mse_chips_mean", 0.5), number("mse_chips_std", 0.03125);
  data.add_axis({"chip", std::vector<std::int64_t>{0, 1, 2}, "1", "number of the chip"});
  data.add({"mse_chip", {"chip"}, std::vector<double>{0.46875, 0.5, 0.53125}, "1", "error"});
  data.add_axis({"epoch", std::vector<std::int64_t>{1, 2}, "1", "epoch"});
  data.add({"validation_r2", {"epoch"}, std::vector<double>{0.5, 0.7}, "1", "validation"});
  data.attributes["title"] = std::string("springs");
  return data;
}

TEST(Report, ChromiumDrawsTheErrorsOfARegression) { expect_drawn(example_errors(), 2); }

TEST(Report, SaysTheErrorsOfARegressionAndNoAccuracy) {
  const std::string page = scratch_folder("errors") + "/report.html";
  write_file(page, report_page(example_errors()));
  const Ran ran = run_shell(fmt::format("/usr/bin/python3 {}page_text.py {}", scripts, page));
  std::filesystem::remove_all(std::filesystem::path(page).parent_path());
  if (ran.code == skipped) GTEST_SKIP() << ran.output;
  for (const char* said :
       {"Float error", "0.0625", "R² 0.875", "Regenerated error", "R² 0.75",
        "Error on analog chips", "± 0.031 over 3 chips", "Mean squared error per chip"})
    EXPECT_NE(ran.output.find(said), std::string::npos) << said << "\n" << ran.output;
  EXPECT_EQ(ran.output.find("ccuracy"), std::string::npos) << ran.output;
}

TEST(Report, ATitleThatLooksLikeMarkupStaysText) {
  const std::string page = report_page(example_run(2));
  EXPECT_NE(page.find("example &lt;/script&gt; &amp; more"), std::string::npos);
  EXPECT_NE(page.find("example \\u003c/script> & more"), std::string::npos);
}

TEST(Report, AKeyThatLooksLikeMarkupStaysText) {
  const std::string page = report_page(example_run(16));
  EXPECT_EQ(page.find("<b>key</b>"), std::string::npos);
  EXPECT_NE(page.find("\\u003cb>key\\u003c/b>\\u003c/script>"), std::string::npos);
}

TEST(Report, NamesThePageAfterTheResults) {
  EXPECT_EQ(report_path("out/results.h5"), "out/report.html");
  EXPECT_EQ(report_path("out/basis-bits.h5"), "out/basis-bits.html");
}

TEST(Report, NotANumberBecomesNull) {
  Labelled data;
  data.add({"x", {}, std::vector<double>{std::nan("")}, "1", "x"});
  EXPECT_EQ(to_json(data)["variables"][0]["values"].dump(), "[null]");
}

}  // namespace
}  // namespace lightloom::experiments
