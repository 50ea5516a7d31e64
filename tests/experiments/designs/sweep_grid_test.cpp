#include "experiments/designs/sweep_grid.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "core/error.hpp"
#include "experiments/designs/draws.hpp"

namespace lightloom::experiments {
namespace {

Tree card_of(const std::string& text) { return parse_yaml(text, "test.yaml"); }

SweepGrid grid_of(const std::string& sweep) { return read_grid(card_of("sweep: " + sweep)); }

std::vector<std::string> points_of(const SweepGrid& grid) {
  std::vector<std::string> found;
  for (std::size_t point = 0; point < grid.points(); ++point) found.push_back(grid.describe(point));
  return found;
}

/// The problem with a section.
std::string refusal(const std::string& sweep) {
  try {
    (void)grid_of(sweep);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

std::string drawn(const std::string& design, int count, const std::string& axes) {
  return fmt::format("{{design: {}, count: {}, axes: {{{}}}}}", design, count, axes);
}

constexpr const char* two_ranges =
    "core.rows: {from: 1, to: 64, scale: log, integer: true}, core.loss_db: {from: -1, to: 3}";

TEST(ConditionalAxes, ExistOnlyWhereAnotherHasItsValue) {
  const SweepGrid grid = grid_of(
      "{weights.source: [dense, multilevel], weights.rank: {values: [1, 2], when: {weights.source: "
      "multilevel}}, core.rows: [8, 16]}");
  EXPECT_EQ(points_of(grid), (std::vector<std::string>{
                                 "weights_source=dense, rows=8", "weights_source=dense, rows=16",
                                 "weights_source=multilevel, rank=1, rows=8",
                                 "weights_source=multilevel, rank=1, rows=16",
                                 "weights_source=multilevel, rank=2, rows=8",
                                 "weights_source=multilevel, rank=2, rows=16"}));
  const Tree point = grid.card_at(card_of("weights: {rank: 7}\nsweep: {}"), 0);
  EXPECT_EQ(point.find("weights")->find("rank")->scalar, "7") << "left as the card has it";
  EXPECT_EQ(grid.settings(0), "--set 'weights.source=dense' --set 'core.rows=8'");
}

TEST(ConditionalAxes, GoThroughAxesThatMayNotExistThemselvesInAnyOrder) {
  const SweepGrid grid = grid_of(
      "{c: {values: [x, y], when: {b: [2, 3]}}, b: {values: [1, 2, 3], when: {a: yes}}, a: [no, "
      "yes]}");
  EXPECT_EQ(points_of(grid),
            (std::vector<std::string>{"a=no", "b=1, a=yes", "c=x, b=2, a=yes", "c=y, b=2, a=yes",
                                      "c=x, b=3, a=yes", "c=y, b=3, a=yes"}));
}

TEST(ConditionalAxes, CostWhatTheirPointsAreAndNotTheirProduct) {
  std::string axes = "kind: [k0, k1, k2, k3, k4, k5, k6, k7]";
  for (int i = 0; i < 8; ++i)
    axes += fmt::format(", a{0}: {{values: [1, 2, 3, 4, 5, 6, 7, 8, 9], when: {{kind: k{0}}}}}", i);
  EXPECT_EQ(grid_of("{" + axes + "}").points(), 8u * 9);  // of 8 * 9^8
}

TEST(ListedPoints, HaveTheKeysThatTheyName) {
  const SweepGrid grid = grid_of(
      "{design: list, points: [{core.rows: 8}, {batch: 4, core.rows: 16}, {}, {core: {kind: "
      "ideal}}]}");
  EXPECT_EQ(points_of(grid), (std::vector<std::string>{"rows=8", "rows=16, batch=4",
                                                       "the card as it is", "core={kind: ideal}"}));
  const std::vector<Variable> places = grid.coordinates();
  ASSERT_EQ(places.size(), 3u);
  EXPECT_EQ(places[2].values, Values(std::vector<std::string>{"", "", "", "{kind: ideal}"}));
  const auto& rows = std::get<std::vector<double>>(places[0].values);
  EXPECT_EQ(rows[0], 8);
  EXPECT_TRUE(std::isnan(rows[2]));
  EXPECT_EQ(places[0].long_name, "core.rows");
  EXPECT_EQ(grid.front_axes()[0].values, Values(std::vector<std::int64_t>{1, 2, 3, 4}));
}

TEST(DrawnPoints, AreTheSameForOneSeedAndOthersForAnother) {
  const std::string axes = two_ranges;
  for (const char* design : {"random", "latin-hypercube"}) {
    const auto with = [&](int count, int seed) {
      return points_of(grid_of(fmt::format("{{design: {}, count: {}, seed: {}, axes: {{{}}}}}",
                                           design, count, seed, axes)));
    };
    EXPECT_EQ(with(33, 5), with(33, 5));
    EXPECT_NE(with(33, 5), with(33, 6));
    EXPECT_EQ(with(33, 0), points_of(grid_of(drawn(design, 33, axes))));
  }
}

TEST(DrawnPoints, OfARandomDesignStayWhenMoreAreDrawn) {
  std::vector<std::string> few = points_of(grid_of(drawn("random", 20, two_ranges))),
                           many = points_of(grid_of(drawn("random", 50, two_ranges)));
  many.resize(few.size());
  EXPECT_EQ(few, many);
}

TEST(DrawnPoints, OfALatinHypercubeHaveOneInEveryStratumOfEveryAxis) {
  const SweepGrid grid =
      grid_of(drawn("latin-hypercube", 33,
                    "a: {from: -1, to: 3}, b: {from: 0.001, to: 10, scale: log}, "
                    "c: [x, y, z]"));
  ASSERT_EQ(grid.points(), 33u);
  std::set<int> linear, logarithmic;
  std::map<double, int> chosen;
  for (std::size_t point = 0; point < 33; ++point) {
    linear.insert(static_cast<int>(33 * (grid.cell(point, 0) + 1) / 4));
    logarithmic.insert(
        static_cast<int>(33 * std::log(grid.cell(point, 1) / 0.001) / std::log(1e4)));
    ++chosen[grid.cell(point, 2)];
  }
  EXPECT_EQ(linear.size(), 33u);
  EXPECT_EQ(logarithmic.size(), 33u);
  EXPECT_EQ(chosen, (std::map<double, int>{{0, 11}, {1, 11}, {2, 11}}));
}

TEST(DrawnPoints, OfTwoAxesDoNotGoTogether) {
  const SweepGrid grid =
      grid_of(drawn("latin-hypercube", 1000, "a: {from: 0, to: 1}, b: {from: 0, to: 1}"));
  double together = 0;
  for (std::size_t point = 0; point < 1000; ++point)
    together += (grid.cell(point, 0) - 0.5) * (grid.cell(point, 1) - 0.5) * 12 / 1000;
  EXPECT_LT(std::abs(together), 4 / std::sqrt(1000));  // four standard errors of a correlation of 0
}

TEST(DrawnPoints, TakeEveryIntegerAndEveryChoiceEquallyOften) {
  const SweepAxis linear{.key = "a",
                         .name = "a",
                         .unit = {},
                         .values = {},
                         .labels = {},
                         .range = AxisRange{.from = -2, .to = 4, .whole = true}};
  SweepAxis choice{.key = "c", .name = "c", .unit = {}, .values = {}, .labels = {}};
  choice.values.resize(7);
  std::map<double, int> of_linear, of_choice;
  for (int i = 0; i < 700; ++i) {
    ++of_linear[cell_at(linear, (i + 0.5) / 700)];
    ++of_choice[cell_at(choice, (i + 0.5) / 700)];
  }
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(of_linear[i - 2], 100) << i;
    EXPECT_EQ(of_choice[i], 100) << i;
  }
}

TEST(DrawnPoints, TakeIntegersOfALogarithmicAxisByTheirShareOfTheLogarithm) {
  const SweepAxis axis{.key = "a",
                       .name = "a",
                       .unit = {},
                       .values = {},
                       .labels = {},
                       .range = AxisRange{.from = 1, .to = 4, .logarithmic = true, .whole = true}};
  std::map<double, int> found;
  for (int i = 0; i < 10'000; ++i) ++found[cell_at(axis, (i + 0.5) / 10'000)];
  for (int n = 1; n <= 4; ++n)  // from n - 1/2 to n + 1/2 of 1/2 to 9/2
    EXPECT_NEAR(found[n], 10'000 * std::log((n + 0.5) / (n - 0.5)) / std::log(9), 1.01) << n;
}

TEST(DrawnPoints, StayInsideTheirRangeAndKeepDigitsEnough) {
  const SweepAxis narrow{.key = "a",
                         .name = "a",
                         .unit = {},
                         .values = {},
                         .labels = {},
                         .range = AxisRange{.from = 1550.00001, .to = 1550.00003}};
  std::set<double> found;
  for (int i = 0; i <= 1000; ++i) found.insert(cell_at(narrow, i / 1000.0));
  EXPECT_GE(*found.begin(), 1550.00001);
  EXPECT_LE(*found.rbegin(), 1550.00003);
  EXPECT_GT(found.size(), 990u);
  const SweepAxis wide{.key = "a",
                       .name = "a",
                       .unit = {},
                       .values = {},
                       .labels = {},
                       .range = AxisRange{.from = 0.001, .to = 1}};
  EXPECT_EQ(fmt::format("{}", cell_at(wide, 1 / 3.0)), "0.334");
  EXPECT_EQ(fmt::format("{}", cell_at(wide, 1 / 7.0)), "0.143714");
}

TEST(DrawnPoints, AreDifferentAndAHypercubeSaysHowManyRepeat) {
  const SweepGrid all = grid_of(drawn("random", 6, "a: [1, 2, 3], b: [x, y]"));
  const std::vector<std::string> points = points_of(all);
  EXPECT_EQ(std::set<std::string>(points.begin(), points.end()).size(), 6u);
  const SweepGrid cube = grid_of(drawn("latin-hypercube", 40, "a: [1, 2, 3], b: [x, y]"));
  EXPECT_EQ(cube.points(), 6u);
  EXPECT_EQ(cube.list->drawn, 40u);
}

TEST(DrawnPoints, HaveConditionalAxesWhereTheseExist) {
  const SweepGrid grid = grid_of(drawn(
      "random", 50,
      "kind: [a, b], size: {from: 0, to: 1, when: {kind: b}}, n: {from: 1, to: 1000, integer: "
      "true}"));
  int with = 0;
  for (std::size_t point = 0; point < 50; ++point) {
    EXPECT_EQ(std::isnan(grid.cell(point, 1)), grid.cell(point, 0) == 0) << point;
    with += std::isnan(grid.cell(point, 1)) ? 0 : 1;
  }
  EXPECT_GT(with, 10);
  EXPECT_LT(with, 40);
}

/// What is refused, and words of the sentence that says so.
TEST(SweepSection, SaysWhatIsWrongWithADesign) {
  std::string thirty_axes;
  for (int i = 0; i < 30; ++i) thirty_axes += fmt::format("a{}: {{from: 0, to: 1}}, ", i);
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"{design: grids, axes: {a: [1]}}", "must be list, random, latin-hypercube"},
      {"{design: rnadom, count: 2, axes: {a: [1]}}", "did you mean random"},
      {"{design: random, axes: {a: [1]}}", "'sweep.count' is not there"},
      {drawn("random", 0, "a: [1, 2]"), "'sweep.count' is 0"},
      {"{design: random, count: -3, axes: {a: [1]}}", "'sweep.count' is -3"},
      {"{design: random, count: 1e3, axes: {a: [1]}}", "'sweep.count' is 1e3"},
      {"{design: random, count: 1000001, axes: {a: [1]}}", "1 to 10^6"},
      {"{design: random, count: 900000, axes: {" + thirty_axes + "}}", "899999 points of 30 axes"},
      {"{design: random, count: 2, seed: one, axes: {a: [1]}}", "'sweep.seed' is one"},
      {"{design: random, count: 2}", "'sweep.axes' must name"},
      {"{design: random, count: 2, axes: {}}", "no axes"},
      {"{design: random, count: 2, axis: {a: [1]}}", "did you mean 'axes'"},
      {drawn("random", 2, "a: {from: 1}"), "has no 'to'"},
      {drawn("random", 2, "a: {from: x, to: 3}"), "'from' is x"},
      {drawn("random", 2, "a: {from: .inf, to: 3}"), "'from' is .inf"},
      {drawn("random", 2, "a: {from: 3, to: 3}"), "the first must be the smaller"},
      {drawn("random", 2, "a: {from: 0, to: 3, scale: log}"), "needs numbers above 0"},
      {drawn("random", 2, "a: {from: 1, to: 3, scale: ln}"), "must be linear or log"},
      {drawn("random", 2, "a: {from: 1.5, to: 3, integer: true}"), "must be whole numbers"},
      {drawn("random", 2, "a: {from: 1, to: 3, integer: maybe}"), "must be true or false"},
      {drawn("random", 2, "a: {from: 1, to: 3, form: 2}"), "did you mean 'from'"},
      {drawn("random", 2, "a: {from: 1, to: 3, values: [1]}"), "'sweep.a.from' is not a known key"},
      {drawn("random", 7, "a: [1, 2, 3], b: [x, y]"), "gave 6 different points"},
      {"{a: {from: 1, to: 3}}", "a range of numbers, of which a grid takes none"},
      {"{a: {values: [], when: {b: 1}}, b: [1]}", "must be a list of values"},
      {"{a: {values: [1], when: {}}, b: [1]}", "'when' must name another axis"},
      {"{a: {values: [1], when: {c: 1}}, b: [1]}", "names 'c', which is no axis"},
      {"{a: {values: [1], when: {b: 2}}, b: [1, 3]}", "to be 2, which it never is (it is 1, 3)"},
      {"{a: {values: [1], when: {b: []}}, b: [1, 3]}", "asks for no value"},
      {"{a: {values: [1], when: {a: 1}}}", "names the axis itself"},
      {"{a: {values: [1], when: {b: 1}}, b: {values: [1], when: {a: 1}}}", "in a circle (a, b"},
      {"{a: [1, 2], b: {values: [1], when: {a: 1}}, c: {values: [1], when: {a: 2, b: 1}}}",
       "'sweep.c' exists at no point"},
      {drawn("random", 2, "a: {from: 1, to: 3}, b: {values: [1], when: {a: 2}}"),
       "which is a range of numbers"},
      {"{design: list}", "must be a list of points"},
      {"{design: list, points: []}", "must be a list of points"},
      {"{design: list, points: [1]}", "point 1 of the sweep is 1"},
      {"{design: list, points: [{}]}", "name no keys"},
      {"{design: list, points: [{a: 1}, {b: 2}, {a: 1}]}", "point 3 of the sweep is point 1 again"},
      {"{design: list, count: 3, points: [{a: 1}]}", "'sweep.count' is not a known key"},
  };
  for (const auto& [sweep, words] : wrong) {
    const std::string said = refusal(sweep);
    EXPECT_NE(said.find(words), std::string::npos) << sweep << "\n  " << said;
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
  }
}

}  // namespace
}  // namespace lightloom::experiments
