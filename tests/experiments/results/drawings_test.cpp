// Drawings of the page that are no charts of numbers over an axis, in Chromium.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/files/atomic_file.hpp"
#include "experiments/results/report.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

void expect_as_it_should_be(const std::string& folder, const std::string& page) {
  const Ran ran =
      run_shell(fmt::format("/usr/bin/python3 {}/tests/experiments/results/drawings_page.py {}/{}",
                            LIGHTLOOM_SOURCE_DIR, folder, page));
  std::filesystem::remove_all(folder);
  if (ran.code == 77) GTEST_SKIP() << ran.output;
  EXPECT_EQ(ran.code, 0) << ran.output << ran.errors;
}

void expect_curves(const std::string& folder, const std::string& page, const std::string& panels) {
  const Ran ran =
      run_shell(fmt::format("/usr/bin/python3 {}/tests/experiments/results/curves_page.py {}/{} {}",
                            LIGHTLOOM_SOURCE_DIR, folder, page, panels));
  std::filesystem::remove_all(folder);
  if (ran.code == 77) GTEST_SKIP() << ran.output;
  EXPECT_EQ(ran.code, 0) << ran.output << ran.errors;
}

/// The costs of a card whose gains pass 1 as the DRAM becomes faster, and a sweep section.
std::string card_that_breaks_even(const std::string& sweep) {
  return fmt::format(
      "{}/data/experiments/quickstart.yaml --set 'measure=[cost]' --set 'weights={{source: "
      "multilevel, intra: 2, cross: 8}}' --set 'baselines=[{{source: integer, bits: 8}}, {{source: "
      "dense}}]' {} --quiet",
      LIGHTLOOM_SOURCE_DIR, sweep.empty() ? "" : "--set 'sweep=" + sweep + "'");
}

Ran run_in(const std::string& folder, const std::string& arguments) {
  return run_shell(fmt::format("cd {} && {} {}", folder, program(), arguments));
}

TEST(Drawings, TheRooflineHasWhatEveryLayerReachesAndMay) {
  const std::string folder = scratch_folder("roofline");
  write_file(folder + "/c.yaml", "name: c\nmeasure: [cost]\n");
  const Ran ran = run_in(folder, "run c.yaml --quiet -o c.h5 --report c.html");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  // A layer's roof is the least of core, DRAM and buffers.
  const Labelled data = read_labelled(folder + "/c.h5");
  const auto of = [&](const char* name) {
    return std::get<std::vector<double>>(data.variable(name)->values);
  };
  const std::vector<double> intensity = of("layer_intensity"), roof = of("layer_roof");
  const double peak = of("core_peak")[0], stream = of("dram_stream")[0];
  for (std::size_t i = 0; i < roof.size(); ++i) {
    EXPECT_LE(roof[i], peak * (1 + 1e-12)) << i;
    if (intensity[i] > 0) {
      EXPECT_LE(roof[i], intensity[i] * stream * (1 + 1e-12)) << i;
    }
  }
  expect_as_it_should_be(folder, "c.html");
}

TEST(Drawings, TilesAreShownInTheWindowThatOneLooksAt) {
  const std::string folder = scratch_folder("tiles");
  write_file(folder + "/c.yaml", "name: c\nmeasure: [cost]\nschedule: {cores: 2}\n");
  const Ran ran = run_in(folder, "cost c.yaml --quiet --timeline t.html");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  expect_as_it_should_be(folder, "t.html");
}

TEST(Drawings, GainsAreMarkedWhereTheyPassOneAlongASweep) {
  const std::string folder = scratch_folder("gains");
  const Ran ran = run_in(folder, "sweep " +
                                     card_that_breaks_even("{schedule.bandwidth_scale: [0.1, "
                                                           "0.3, 1, 3, 10], batch: [1, 4]}") +
                                     " -o c.h5 --report c.html");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  expect_curves(folder, "c.html", "break-even,memory");
}

TEST(Drawings, BreakEvenAndMemoryOfACostAreOnItsPage) {
  const std::string folder = scratch_folder("costs");
  const Ran ran = run_in(
      folder, "cost " + card_that_breaks_even("") + " --breakeven bandwidth --report c.html");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  expect_curves(folder, "c.html", "break-even,memory");
}

TEST(Drawings, PointsOfADesignStandWhereTheyAre) {
  const std::string folder = scratch_folder("points");
  const Ran ran = run_in(
      folder, "sweep " +
                  card_that_breaks_even("{design: random, count: 40, axes: {core.rows: "
                                        "{from: 4, to: 64, integer: true}, batch: [1, 2]}}") +
                  " -o c.h5 --report c.html");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  expect_curves(folder, "c.html", "points");
}

TEST(Drawings, SourcesOfARatioAreOnItsPage) {
  const std::string folder = scratch_folder("ratios");
  const Ran made = run_in(folder, "ratio " + card_that_breaks_even("") + " --report c.html");
  ASSERT_EQ(made.code, 0) << made.errors;
  const Ran ran = run_shell(
      fmt::format("/usr/bin/python3 {}/tests/experiments/results/render_page.py {}/c.html 2",
                  LIGHTLOOM_SOURCE_DIR, folder));
  std::filesystem::remove_all(folder);
  if (ran.code == 77) GTEST_SKIP() << ran.output;
  EXPECT_EQ(ran.code, 0) << ran.output << ran.errors;
}

TEST(Drawings, AMeshHasItsDevicesWhereTheySit) {
  const std::string folder = scratch_folder("mesh");
  std::string permutation;
  for (int row = 0; row < 9; ++row)
    for (int column = 0; column < 9; ++column)
      permutation +=
          fmt::format("{}{}", (5 * row + 3) % 9 == column ? 1 : 0, column < 8 ? "," : "\n");
  write_file(folder + "/m.csv", permutation);
  ASSERT_EQ(run_in(folder, "decompose m.csv -o s.h5").code, 0);
  ASSERT_EQ(run_in(folder, "report s.h5 -o s.html").code, 0);
  expect_as_it_should_be(folder, "s.html");
}

}  // namespace
}  // namespace lightloom::experiments
