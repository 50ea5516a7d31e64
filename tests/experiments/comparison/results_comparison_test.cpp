// What differs between two results, beyond noise.
#include "experiments/comparison/results_comparison.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/files/atomic_file.hpp"
#include "experiments/statistics/accuracy_intervals.hpp"
#include "experiments/statistics/outcomes.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

using Numbers = std::vector<double>;
using Names = std::vector<std::string>;

Outcomes right(std::size_t from, std::size_t to, std::size_t images) {
  Outcomes outcomes{.images = images, .words = {}};
  outcomes.words.resize((images + Outcomes::images_per_word - 1) / Outcomes::images_per_word);
  for (std::size_t i = from; i < to; ++i)
    outcomes.words[i / Outcomes::images_per_word] |= std::uint64_t{1}
                                                     << (i % Outcomes::images_per_word);
  return outcomes;
}

/// A file of one network's outcomes, its test images known by `fingerprint`.
Labelled digital(const Outcomes& outcomes, double fingerprint) {
  Labelled file;
  std::vector<std::int64_t> firsts(outcomes.words.size());
  std::iota(firsts.begin(), firsts.end(), std::int64_t{0});
  file.add_axis({"image_word", firsts, "1", ""});
  file.add({"outcomes_source",
            {"image_word"},
            Numbers(outcomes.words.begin(), outcomes.words.end()),
            "",
            ""});
  file.add({"accuracy_source", {}, Numbers{accuracy_of(outcomes)}, "1", ""});
  file.add({"test_images", {}, Numbers{static_cast<double>(outcomes.images)}, "1", ""});
  file.add({"test_fingerprint", {}, Numbers{fingerprint}, "1", ""});
  return file;
}

ResultsComparison compared(const Labelled& first, const Labelled& second, double tolerance = 1e-9) {
  return compare_results({first, second}, tolerance);
}

TEST(ResultsComparison, SameImagesArePaired) {
  // 100 images; ten that the first alone has right, none that the second alone has: exact
  // McNemar, p = 2 / 2^10.
  const auto found = compared(digital(right(0, 90, 100), 7), digital(right(0, 80, 100), 7));
  ASSERT_EQ(found.measured.size(), 1u);
  const MeasuredQuantity& one = found.measured[0];
  EXPECT_EQ(one.name, "accuracy_source");
  EXPECT_EQ(one.elements, 1u);
  EXPECT_EQ(one.differing, 1u);
  EXPECT_EQ(one.clearest.at, "");
  EXPECT_NEAR(one.clearest.first, 0.9, 1e-12);
  EXPECT_NEAR(one.clearest.second, 0.8, 1e-12);
  EXPECT_NEAR(one.clearest.value, 0.1, 1e-12);
  EXPECT_NEAR(one.clearest.p, 2 * std::pow(0.5, 10), 1e-12);
  EXPECT_EQ(one.clearest.method, "same images: McNemar, exact");
  EXPECT_TRUE(found.computed.empty()) << "the accuracy is not compared twice";
  EXPECT_EQ(found.equal, Names{"test_images"});
}

TEST(ResultsComparison, OtherImagesAreIndependent) {
  // Newcombe, Stat. Med. 17, 873 (1998), table II: 56/70 - 48/80 has 0.0524 to 0.3339.
  const auto found = compared(digital(right(0, 56, 70), 7), digital(right(0, 48, 80), 8));
  ASSERT_EQ(found.measured.size(), 1u);
  EXPECT_NEAR(found.measured[0].clearest.interval.low, 0.0524, 5e-5);
  EXPECT_NEAR(found.measured[0].clearest.interval.high, 0.3339, 5e-5);
  EXPECT_EQ(found.measured[0].clearest.method, "independent images");
  // Not even where another number of images has the same mark.
  const auto marked = compared(digital(right(0, 56, 70), 7), digital(right(0, 48, 80), 7));
  EXPECT_EQ(marked.measured[0].clearest.method, "independent images");
  // The same images, but one file was tested on other ones of the same number.
  const auto other = compared(digital(right(0, 56, 70), 7), digital(right(0, 56, 70), 8));
  EXPECT_EQ(other.measured[0].clearest.method, "independent images");
  EXPECT_EQ(other.measured[0].differing, 0u);
}

TEST(ResultsComparison, OfAFileWithItselfIsEqualAndNothingDiffers) {
  const Labelled run = example_run(7), sweep = example_sweep();
  for (const Labelled* file : {&run, &sweep}) {
    const auto found = compared(*file, *file, 0);
    EXPECT_TRUE(found.computed.empty());
    EXPECT_TRUE(found.apart.empty() && found.only_first.empty() && found.only_second.empty());
    for (const MeasuredQuantity& one : found.measured) EXPECT_EQ(one.differing, 0u) << one.name;
    EXPECT_GT(found.equal.size(), 10u);
  }
}

/// Student's hours of sleep (Biometrika 6, 1 (1908)) along `chip`, for the second of two layers.
Labelled sleep(bool second_drug, const std::string& seed) {
  const Numbers first{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4},
      second{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
  Labelled file;
  std::vector<std::int64_t> chips(10);
  std::iota(chips.begin(), chips.end(), std::int64_t{0});
  file.add_axis({"chip", chips, "1", ""});
  file.add_axis({"layer", Names{"a", "b"}, "", ""});
  Numbers values;
  for (std::size_t c = 0; c < 10; ++c) {
    values.push_back(static_cast<double>(c));
    values.push_back(second_drug ? second[c] : first[c]);
  }
  file.add({"effective_bits", {"chip", "layer"}, values, "bit", ""});
  file.attributes["seed"] = seed;
  return file;
}

TEST(ResultsComparison, ChipsOfOneSeedArePairedAndOthersAreNot) {
  const auto paired = compared(sleep(false, "3"), sleep(true, "3"));
  ASSERT_EQ(paired.measured.size(), 1u);
  EXPECT_EQ(paired.measured[0].elements, 1u) << "layer a is equal";
  EXPECT_EQ(paired.measured[0].clearest.at, "layer=b");
  EXPECT_NEAR(paired.measured[0].clearest.p, 0.002833, 5e-7);
  EXPECT_NEAR(paired.measured[0].clearest.first, 2.33, 1e-12);
  EXPECT_EQ(paired.measured[0].clearest.method, "same chips: Student");
  const auto apart = compared(sleep(false, "3"), sleep(true, "4"));
  ASSERT_EQ(apart.measured.size(), 1u);
  EXPECT_EQ(apart.measured[0].clearest.method, "independent chips: Student");
  EXPECT_EQ(apart.measured[0].differing, 0u);
  // Means +- t(9) s / sqrt(10), the halves added as independent ones: 2.262157 times the root of
  // 2.0022^2 / 10 + 1.7890^2 / 10 on both sides of 1.58.
  EXPECT_NEAR(apart.measured[0].clearest.interval.low, 1.58 - 2.262157 * 0.849091, 1e-4);
}

/// `value` over x, at these coordinates.
Labelled over_x(const Values& x, const Numbers& values) {
  Labelled file;
  file.add_axis({"x", x, "1", ""});
  file.add({"value", {"x"}, values, "s", ""});
  return file;
}

TEST(ResultsComparison, ComparesAtCoordinatesThatBothFilesKnow) {
  const auto found = compared(over_x(std::vector<std::int64_t>{1, 2, 3}, {5, 20, 30}),
                              over_x(Numbers{4, 3, 2}, {7, 33, 20}));
  ASSERT_EQ(found.computed.size(), 1u);
  const ComputedQuantity& one = found.computed[0];
  EXPECT_EQ(one.elements, 2u);
  EXPECT_EQ(one.differing, 1u);
  EXPECT_EQ(one.at, "x=3");
  EXPECT_EQ(one.first, 30);
  EXPECT_EQ(one.second, 33);
  EXPECT_NEAR(one.largest, 3.0 / 33, 1e-12);
  EXPECT_EQ(compared(over_x(Numbers{1}, {5}), over_x(Numbers{2}, {5})).apart, Names{"value"});
}

/// `value` over y and x, counted from `first` in that order; `turned` lies along x and y.
Labelled over_y_and_x(const Numbers& x, const Numbers& values, bool turned = false) {
  Labelled file;
  file.add_axis({"y", Numbers{1, 2}, "1", ""});
  file.add_axis({"x", x, "1", ""});
  file.add({"value", turned ? Names{"x", "y"} : Names{"y", "x"}, values, "s", ""});
  file.add({"value_low", {}, Numbers{values[0]}, "s", "follows from others"});
  return file;
}

TEST(ResultsComparison, FindsTheLargestDifferenceInTablesOfOtherSizes) {
  const Labelled first = over_y_and_x({1, 2, 3}, {1, 2, 3, 40, 50, 60});
  const auto found = compared(first, over_y_and_x({3, 2}, {3, 2, 90, 55}));
  ASSERT_EQ(found.computed.size(), 1u);
  EXPECT_EQ(found.computed[0].differing, 2u);
  EXPECT_EQ(found.computed[0].at, "y=2, x=3");
  EXPECT_EQ(found.computed[0].second, 90);
  const auto other = compared(first, over_y_and_x({3, 2}, {3, 2, 61, 70}));
  EXPECT_EQ(other.computed[0].at, "y=2, x=2") << "the largest is not the last";
  EXPECT_TRUE(found.equal.empty()) << "what follows from others is left out";
  const Labelled square = over_y_and_x({1, 2}, {1, 2, 3, 4});
  EXPECT_EQ(compared(square, over_y_and_x({1, 2}, {1, 2, 3, 4}, true)).apart, Names{"value"});
}

TEST(ResultsComparison, EveryPointOfASweepIsJudgedByItsOwnImages) {
  // Two points of 120 and of 100 images, the same in both files; the second point alone differs, by
  // ten images that the first file alone has right.
  const auto file = [](std::size_t right_of_second) {
    Labelled data;
    data.add_axis({"x", Numbers{1, 2}, "1", ""});
    data.add_axis({"image_word", Numbers{0, 48, 96}, "1", ""});
    Numbers words;
    for (const Outcomes& one : {right(0, 50, 120), right(0, right_of_second, 100)})
      words.insert(words.end(), one.words.begin(), one.words.end());
    data.add({"outcomes_source", {"x", "image_word"}, words, "", ""});
    data.add({"test_images", {"x"}, Numbers{120, 100}, "1", ""});
    data.add({"test_fingerprint", {"x"}, Numbers{7, 8}, "1", ""});
    return data;
  };
  const auto found = compared(file(90), file(80));
  ASSERT_EQ(found.measured.size(), 1u);
  EXPECT_EQ(found.measured[0].elements, 2u);
  EXPECT_EQ(found.measured[0].differing, 1u);
  EXPECT_EQ(found.measured[0].clearest.at, "x=2");
  EXPECT_NEAR(found.measured[0].clearest.value, 0.1, 1e-12);
  EXPECT_NEAR(found.measured[0].clearest.p, 2 * std::pow(0.5, 10), 1e-12);
}

TEST(ResultsComparison, ChipsOnOtherImagesHaveTheSpreadOfChipsInTheirInterval) {
  const auto file = [](const std::vector<std::size_t>& right_of_chip, double fingerprint) {
    Labelled data;
    data.add_axis({"chip", Numbers{0, 1, 2}, "1", ""});
    data.add_axis({"image_word", Numbers{0}, "1", ""});
    Numbers words;
    for (const std::size_t count : right_of_chip)
      words.push_back(static_cast<double>(right(0, count, 40).words[0]));
    data.add({"outcomes_chip", {"chip", "image_word"}, words, "", ""});
    data.add({"test_images", {}, Numbers{40}, "1", ""});
    data.add({"test_fingerprint", {}, Numbers{fingerprint}, "1", ""});
    return data;
  };
  const auto interval = [&](const std::vector<std::size_t>& right_of_chip) {
    std::vector<std::vector<Outcomes>> chips(1);
    for (const std::size_t count : right_of_chip) chips[0].push_back(right(0, count, 40));
    return accuracy_intervals(chips);
  };
  const auto found = compared(file({40, 34, 20}, 7), file({30, 26, 14}, 8));
  const AccuracyIntervals a = interval({40, 34, 20}), b = interval({30, 26, 14});
  ASSERT_EQ(found.measured.size(), 1u);
  const MeasuredDifference& one = found.measured[0].clearest;
  EXPECT_NEAR(one.interval.low,
              a.mean - b.mean - std::hypot(a.mean - a.together.low, b.together.high - b.mean),
              1e-12);
  EXPECT_NEAR(one.interval.high,
              a.mean - b.mean + std::hypot(a.together.high - a.mean, b.mean - b.together.low),
              1e-12);
}

TEST(ResultsComparison, DifferencesUpToTheToleranceAreNone) {
  const auto of = [](double first, double second, double tolerance) {
    return compared(over_x(Numbers{1}, {first}), over_x(Numbers{1}, {second}), tolerance)
        .computed.size();
  };
  EXPECT_EQ(of(1, 0.75, 0.25), 0u);
  EXPECT_EQ(of(1, 0.75, 0.2499), 1u);
  EXPECT_EQ(of(-1, 1, 1.9), 1u);
  EXPECT_EQ(of(std::nan(""), std::nan(""), 0), 0u);
  EXPECT_EQ(of(std::nan(""), 1, 1e9), 1u);
  EXPECT_EQ(of(0, 0, 0), 0u);
}

TEST(ResultsComparison, AccuraciesWithoutOutcomesAreSharesOfTheTestImages) {
  const auto file = [](double accuracy, double images) {
    Labelled data;
    data.add_axis({"source", Names{"int8", "dense"}, "", ""});
    data.add({"accuracy_by_source", {"source"}, Numbers{0.5, accuracy}, "1", ""});
    data.add({"test_images", {}, Numbers{images}, "1", ""});
    return data;
  };
  const auto found = compared(file(0.8, 70), file(0.6, 80));
  ASSERT_EQ(found.measured.size(), 1u);
  EXPECT_EQ(found.measured[0].clearest.at, "source=dense");
  EXPECT_NEAR(found.measured[0].clearest.interval.low, 0.0524, 5e-5);  // Newcombe's, as above
  EXPECT_EQ(found.measured[0].elements, 1u);
}

TEST(ResultsComparison, NamesArraysOfOneFileAlone) {
  Labelled first = over_x(Numbers{1}, {5}), second = first;
  first.add({"extra", {}, Numbers{1}, "1", ""});
  second.add({"other", {}, Numbers{1}, "1", ""});
  second.add({"value_low", {}, Numbers{1}, "1", ""});
  const auto found = compared(first, second);
  EXPECT_EQ(found.only_first, Names{"extra"});
  EXPECT_EQ(found.only_second, (Names{"other", "value_low"}));
  EXPECT_EQ(found.equal, Names{"value"});
}

TEST(ResultsComparison, OfTheProgramSaysWhichKeysAndWhichNumbersDiffer) {
  const std::string folder = scratch_folder("compare");
  write_file(folder + "/a.yaml", "name: a\nmeasure: [cost]\n");
  const auto run = [&](const std::string& arguments) {
    return run_shell(fmt::format("cd {} && {} {}", folder, program(), arguments));
  };
  ASSERT_EQ(run("run a.yaml --quiet --report none -o a.h5").code, 0);
  ASSERT_EQ(run("run a.yaml --set core.rows=32 --quiet --report none -o b.h5").code, 0);
  const Ran same = run("compare a.h5 a.h5 --json"), other = run("compare a.h5 b.h5 --json");
  const auto equal = nlohmann::json::parse(same.output),
             found = nlohmann::json::parse(other.output);
  EXPECT_TRUE(equal["card"].empty() && equal["computed"].empty() && equal["measured"].empty());
  ASSERT_EQ(found["card"].size(), 1u) << found["card"].dump();
  EXPECT_EQ(found["card"][0]["key"], "core.rows");
  EXPECT_FALSE(found["computed"].empty());
  EXPECT_EQ(run("compare a.h5").code, 2);
  EXPECT_EQ(run("compare a.h5 a.yaml").code, 2);
  EXPECT_EQ(run("compare a.h5 b.h5 --tolerance -1").code, 2);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lightloom::experiments
