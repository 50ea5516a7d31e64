#include "experiments/sweep/sweep.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/progress.hpp"
#include "experiments/sweep/sweep_table.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

Tree card_of(const std::string& text) { return parse_yaml(text, "test.yaml"); }

const std::string two_axes =
    "name: t\na: {x_ns: 1, y: 2}\nsweep: {a.x_ns: [1, 2, 3], a.y: [10, 20]}";

double number(const Tree& card, const char* key) {
  return std::stod(card.find("a")->find(key)->scalar);
}

/// x + y, and a small array.
Labelled measure(const Tree& card) {
  Labelled values;
  values.add_axis({"chip", std::vector<std::int64_t>{0, 1}, "1", "chip"});
  const double sum = number(card, "x_ns") + number(card, "y");
  values.add({"sum", {}, std::vector<double>{sum}, "ns", "sum"});
  values.add({"each", {"chip"}, std::vector<double>{sum, -sum}, "ns", "each"});
  return values;
}

SweepTask task_for(const std::string& text, const std::string& output, PointFunction point) {
  const Tree card = card_of(text);
  return {.card = card,
          .grid = read_grid(card),
          .point = std::move(point),
          .origin = {.kind = "sweep", .card = card, .command = "test"},
          .output = output};
}

/// A user who may press Ctrl-C.
class User : public ProgressSink {
 public:
  [[nodiscard]] bool cancelled() const override { return pressed; }
  bool pressed = false;
};

class SweepFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_folder("sweep");
    output_ = folder_ + "/sweep.h5";
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string folder_, output_;
};

TEST(SweepGrid, NamesAxesByTheirLastWordAndTakesUnitsFromIt) {
  const SweepGrid grid =
      read_grid(card_of("sweep: {weights.bits.basis: [2], core.phase_sigma_rad: [0.1], core.rows: "
                        "[4], generator.rows: [8],"
                        " memory: {channel: {bandwidth_GBps: [3]}}, train.seed: [1]}"));
  std::vector<std::string> names, units;
  for (const SweepAxis& axis : grid.axes) {
    names.push_back(axis.name);
    units.push_back(axis.unit);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"basis_bits", "phase_sigma_rad", "rows",
                                             "generator_rows", "bandwidth_GBps", "seed"}));
  EXPECT_EQ(units, (std::vector<std::string>{"bit", "rad", "1", "1", "GB/s", "1"}));
}

TEST(SweepGrid, TheLastKeyRunsFastest) {
  const SweepGrid grid = read_grid(card_of(two_axes));
  ASSERT_EQ(grid.points(), 6u);
  EXPECT_EQ(grid.describe(0), "x_ns=1, y=10");
  EXPECT_EQ(grid.describe(1), "x_ns=1, y=20");
  EXPECT_EQ(grid.describe(5), "x_ns=3, y=20");
  EXPECT_EQ(grid.settings(5), "--set 'a.x_ns=3' --set 'a.y=20'");
}

TEST(SweepGrid, APointsCardHasItsValuesAndNoSweep) {
  const Tree card = card_of(two_axes);
  const Tree point = read_grid(card).card_at(card, 4);
  EXPECT_EQ(number(point, "x_ns"), 3);
  EXPECT_EQ(number(point, "y"), 10);
  EXPECT_EQ(point.find("sweep"), nullptr);
}

TEST(SweepGrid, RefusesWhatIsNoGrid) {
  for (const char* text : {"name: x", "sweep: {}", "sweep: {a: 3}", "sweep: {a: []}",
                           "sweep: {a: [1, 2, 1]}", "sweep: {a.b: [1], a: {b: [2]}}"})
    EXPECT_THROW(read_grid(card_of(text)), Error) << text;
}

TEST(SweepGrid, CardsGoByTheNamesOfTheirFiles) {
  const auto mapping = [](const std::string& text, const std::string& origin) {
    return parse_yaml(text, origin);
  };
  Tree card = card_of("name: t\nsweep: {memory: [a, b, c]}");
  std::vector<Tree>& values = card.find("sweep")->find("memory")->items;
  values[0] = mapping("{dram: {clock_ns: 1}}", "data/memory/quick.yaml");
  values[1] = mapping("{dram: {clock_ns: 2}}", "own/slow.yaml");
  values[2] = mapping("{dram: {clock_ns: 3}}", "test.yaml");  // written out
  const SweepGrid grid = read_grid(card);
  EXPECT_EQ(std::get<std::vector<std::string>>(coordinate(grid.axes[0]).values),
            (std::vector<std::string>{"quick", "slow", "{dram: {clock_ns: 3}}"}));
  EXPECT_EQ(grid.settings(1), "--set 'memory={dram: {clock_ns: 2}}'");
  EXPECT_EQ(grid.settings(2), "--set 'memory={dram: {clock_ns: 3}}'");
  values[1] = mapping("{dram: {clock_ns: 2}}", "own/quick.yaml");
  EXPECT_EQ(read_grid(card).describe(0), "memory=data/memory/quick.yaml");
}

TEST(SweepGrid, CoordinatesAreWholeNumbersNumbersOrLabels) {
  const SweepGrid grid = read_grid(
      card_of("sweep: {a: [1, 2], b: [1, 2.5], c: [x, 1], d: [{name: ring, rows: 2}, mzi]}"));
  EXPECT_EQ(coordinate(grid.axes[0]).values, Values(std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(coordinate(grid.axes[1]).values, Values(std::vector<double>{1, 2.5}));
  EXPECT_EQ(coordinate(grid.axes[2]).values, Values(std::vector<std::string>{"x", "1"}));
  EXPECT_EQ(coordinate(grid.axes[3]).values, Values(std::vector<std::string>{"ring", "mzi"}));
}

TEST_F(SweepFile, HoldsEveryPointInItsPlace) {
  run_sweep(task_for(two_axes, output_, measure));
  const Labelled table = read_labelled(output_);
  EXPECT_EQ(table.variable("each")->axes, (std::vector<std::string>{"x_ns", "y", "chip"}));
  EXPECT_EQ(table.variable("sum")->values, Values(std::vector<double>{11, 21, 12, 22, 13, 23}));
  EXPECT_EQ(table.variable("each")->values,
            Values(std::vector<double>{11, -11, 21, -21, 12, -12, 22, -22, 13, -13, 23, -23}));
  EXPECT_EQ(table.axis("x_ns")->unit, "ns");
  EXPECT_EQ(count_done(table), 6u);
}

TEST_F(SweepFile, KeepsFinishedPointsWhenInterruptedAndComputesOnlyTheRestAfterwards) {
  int calls = 0;
  User user;
  const auto counted = [&](const Tree& card) {
    if (++calls == 2) user.pressed = true;  // during the second point
    return measure(card);
  };
  EXPECT_THROW(run_sweep(task_for(two_axes, output_, counted), user), Failure);
  EXPECT_EQ(count_done(read_labelled(output_)), 2u);
  const SweepOutcome outcome = run_sweep(task_for(two_axes, output_, counted));
  EXPECT_EQ(outcome.resumed, 2u);
  EXPECT_EQ(outcome.computed, 4u);
  EXPECT_EQ(calls, 6);
  const SweepOutcome at_once = run_sweep(task_for(two_axes, folder_ + "/at-once.h5", measure));
  EXPECT_EQ(outcome.table.attributes, at_once.table.attributes) << "pages show them";
  EXPECT_EQ(read_labelled(output_).variable("each")->values,
            read_labelled(folder_ + "/at-once.h5").variable("each")->values);
}

TEST_F(SweepFile, KeepsFinishedPointsWhenAPointFailsAndNamesThePoint) {
  int calls = 0;
  const auto failing = [&](const Tree& card) {
    require(++calls < 4, "no such ring");
    return measure(card);
  };
  try {
    run_sweep(task_for(two_axes, output_, failing));
    FAIL() << "the fourth point must fail";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("--set 'a.x_ns=2' --set 'a.y=20'"), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(count_done(read_labelled(output_)), 3u);
}

TEST_F(SweepFile, IsTheSameWhenPointsAreComputedAtOnce) {
  run_sweep(task_for(two_axes, output_, measure));
  SweepTask at_once = task_for(two_axes, folder_ + "/at-once.h5", measure);
  at_once.at_once = 3;
  const SweepOutcome outcome = run_sweep(at_once);
  EXPECT_EQ(outcome.computed, 6u);
  EXPECT_EQ(outcome.table.variable("each")->values,
            read_labelled(output_).variable("each")->values);
}

TEST_F(SweepFile, OfPointsComputedAtOnceTheFirstThatFailsSpeaksAndThoseBeforeItStay) {
  const auto failing = [](const Tree& card) {
    require(number(card, "x_ns") < 2, "no such ring");
    return measure(card);
  };
  SweepTask task = task_for(two_axes, output_, failing);
  task.at_once = 3;
  try {
    run_sweep(task);
    FAIL() << "the third point must fail";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("the sweep's point 3:"), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(count_done(read_labelled(output_)), 2u);
}

/// 60 points, several blocks of them side by side: one block is taken while the next is computed.
const std::string many_points =
    "name: t\na: {x_ns: 1, y: 2}\nsweep: {a.x_ns: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], a.y: [10, 20, "
    "30, 40, 50, 60]}";

TEST_F(SweepFile, IsTheSameWhenBlocksOfPointsFollowOneAnother) {
  run_sweep(task_for(many_points, output_, measure));
  SweepTask at_once = task_for(many_points, folder_ + "/at-once.h5", measure);
  at_once.at_once = 2;
  EXPECT_EQ(run_sweep(at_once).computed, 60u);
  EXPECT_EQ(read_file(folder_ + "/at-once.h5", "file", 1U << 20),
            read_file(output_, "file", 1U << 20));
}

TEST_F(SweepFile, HoldsNothingBehindAPointThatFailedInAnEarlierBlock) {
  const auto failing = [](const Tree& card) {
    require(number(card, "x_ns") != 4, "no such ring");  // points 19 to 24, in the second block
    return measure(card);
  };
  SweepTask task = task_for(many_points, output_, failing);
  task.at_once = 2;
  try {
    run_sweep(task);
    FAIL() << "the 19th point must fail";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("the sweep's point 19:"), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(count_done(read_labelled(output_)), 18u);
}

TEST_F(SweepFile, IsLeftToTheCallerAtTheEndWhereThatWritesIt) {
  SweepTask task = task_for(two_axes, output_, measure);
  task.writes_the_end = false;
  const SweepOutcome outcome = run_sweep(task);
  EXPECT_EQ(count_done(outcome.table), 6u);
  if (fs::exists(output_)) {
    EXPECT_LT(count_done(read_labelled(output_)), 6u);
  }
  write_labelled(folder_ + "/callers.h5", outcome.table);
  run_sweep(task_for(two_axes, folder_ + "/own.h5", measure));
  EXPECT_EQ(read_file(folder_ + "/callers.h5", "file", 1U << 20),
            read_file(folder_ + "/own.h5", "file", 1U << 20));

  const auto failing = [](const Tree& card) {
    require(number(card, "x_ns") < 3, "no such ring");
    return measure(card);
  };
  SweepTask with_gaps = task_for(two_axes, folder_ + "/gaps.h5", failing);
  with_gaps.writes_the_end = false;
  EXPECT_THROW(run_sweep(with_gaps), Error);
  EXPECT_EQ(count_done(read_labelled(folder_ + "/gaps.h5")), 4u);
}

TEST_F(SweepFile, OfAnotherCardIsRefusedAndLeftAlone) {
  run_sweep(task_for(two_axes, output_, measure));
  const auto before = fs::last_write_time(output_);
  EXPECT_THROW(run_sweep(task_for("name: u\n" + two_axes.substr(8), output_, measure)), Error);
  EXPECT_EQ(fs::last_write_time(output_), before);
}

TEST_F(SweepFile, IsNotGoneOnWithWhenAFileThatItsCardNamesHasChanged) {
  const std::string named = folder_ + "/weights.h5", text = two_axes + "\nfile: " + named;
  std::ofstream(named) << "one";
  run_sweep(task_for(text, output_, measure));
  EXPECT_EQ(run_sweep(task_for(text, output_, measure)).resumed, 6u);
  std::ofstream(named) << "two";
  try {
    run_sweep(task_for(text, output_, measure));
    FAIL() << "points of two inputs in one file";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("other contents"), std::string::npos) << error.what();
  }
  std::ofstream(named) << "one";
  EXPECT_EQ(run_sweep(task_for(text, output_, measure)).resumed, 6u);
}

TEST_F(SweepFile, OfAPlainRunIsRefused) {
  write_labelled(output_, example_run(2));
  EXPECT_THROW(run_sweep(task_for(two_axes, output_, measure)), Error);
}

TEST_F(SweepFile, RefusesPointsWhoseAxesDiffer) {
  const auto growing = [](const Tree& card) {
    Labelled values;
    values.add_axis({"chip",
                     std::vector<std::int64_t>(static_cast<std::size_t>(number(card, "x_ns"))), "1",
                     "chip"});
    return values;
  };
  EXPECT_THROW(run_sweep(task_for(two_axes, output_, growing)), Error);
}

TEST_F(SweepFile, OpensInXarrayWithLabelsAndUnits) {
  write_labelled(output_, example_sweep());
  const Ran ran =
      run_shell(fmt::format("/usr/bin/python3 {}/tests/experiments/sweep/read_sweep.py {}",
                            LIGHTLOOM_SOURCE_DIR, output_));
  if (ran.code == 77) GTEST_SKIP() << "python3-xarray is not installed";
  EXPECT_EQ(ran.code, 0) << ran.output << ran.errors;
}

}  // namespace
}  // namespace lightloom::experiments
