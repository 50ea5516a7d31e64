#include "experiments/sweep/merge.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numeric>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/sweep/sweep.hpp"
#include "experiments/sweep/sweep_table.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

const std::string parts_card =
    "name: t\na: {x: 1, y: 2}\nsweep: {a.x: [1, 2, 3, 4, 5], a.y: [10, 20]}";

double card_number(const Tree& card, const char* key) {
  return std::stod(card.find("a")->find(key)->scalar);
}

Labelled measured(const Tree& card) {
  Labelled values;
  values.add_axis({"chip", std::vector<std::int64_t>{0, 1}, "1", "chip"});
  const double x = card_number(card, "x"), y = card_number(card, "y");
  values.add({"sum", {}, std::vector<double>{x + y}, "ns", "sum"});
  values.add({"each", {"chip"}, std::vector<double>{x / y, std::nan("")}, "1", "each"});
  values.attributes["images_chose"] = x > 2 ? "late" : "early";
  return values;
}

class Parts : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_folder("parts");
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string computed(const std::string& name, SweepPart part,
                       const std::string& text = parts_card,
                       const PointFunction& point = measured) const {
    const Tree card = parse_yaml(text, "test.yaml");
    std::string path = folder_ + "/" + name;
    const SweepOutcome outcome =
        run_sweep({.card = card,
                   .grid = read_grid(card),
                   .point = point,
                   .part = part,
                   .origin = {.kind = "sweep", .card = card, .command = "test"},
                   .output = path});
    write_labelled(path, outcome.table);  // a part without points too, as the command does
    return path;
  }
  static std::string refused(const std::vector<std::string>& files) {
    try {
      merge_sweeps(files);
    } catch (const Error& error) {
      return error.what();
    }
    return "taken";
  }

  std::string folder_;
};

// The first points have an axis without values, and later ones give it some.
TEST_F(Parts, AnAxisMayBeginEmpty) {
  const auto growing = [](const Tree& card) {
    Labelled values;
    const auto chips = static_cast<std::int64_t>(card_number(card, "x")) - 1;
    std::vector<std::int64_t> numbers(static_cast<std::size_t>(chips));
    std::iota(numbers.begin(), numbers.end(), 0);
    values.add({"sum", {}, std::vector<double>{1.0}, "ns", "sum"});
    values.add_axis({"chip", numbers, "1", "chip"});
    values.add(
        {"each", {"chip"}, std::vector<double>(numbers.begin(), numbers.end()), "1", "each"});
    return values;
  };
  const std::string one = computed("1.h5", {1, 2}, parts_card, growing),
                    two = computed("2.h5", {2, 2}, parts_card, growing);
  const Labelled merged = merge_sweeps({one, two}).table;
  ASSERT_EQ(size_of(merged.axis("chip")->values), 4u);
  const auto& each = std::get<std::vector<double>>(merged.variable("each")->values);
  ASSERT_EQ(each.size(), 10u * 4u);
  for (std::size_t point = 0; point < 10; ++point)
    for (std::size_t chip = 0; chip < 4; ++chip)
      if (chip < point / 2)
        EXPECT_EQ(each[point * 4 + chip], static_cast<double>(chip)) << point;
      else
        EXPECT_TRUE(std::isnan(each[point * 4 + chip])) << point;
}

// A file of the same points whose array lies along other axes, or fewer than the grid has.
TEST_F(Parts, AlongOtherAxesAreRefused) {
  const std::string whole = computed("whole.h5", {}), other = folder_ + "/other.h5";
  const auto edited = [&](const auto& edit) {
    Labelled table = read_labelled(whole);
    for (Variable& variable : table.variables)
      if (variable.name == "each" || variable.name == "sum") edit(table, variable);
    write_labelled(other, table);
    return refused({whole, other});
  };
  const auto fit = [](const Labelled& table, Variable& variable) {
    std::size_t size = 1;
    for (const std::string& name : variable.axes) size *= size_of(table.axis(name)->values);
    std::get<std::vector<double>>(variable.values).resize(size);
  };
  EXPECT_NE(edited([&](const Labelled& table, Variable& variable) {
              variable.axes.emplace_back("chip");
              fit(table, variable);
            }).find("holds another"),
            std::string::npos);
  Labelled renamed = read_labelled(whole);  // the same numbers along an axis of another name
  renamed.add_axis({"other", std::vector<std::int64_t>{0, 1}, "1", "other"});
  for (Variable& variable : renamed.variables)
    if (variable.name == "each") variable.axes.back() = "other";
  write_labelled(other, renamed);
  EXPECT_NE(refused({whole, other}).find("holds another 'each'"), std::string::npos);
  EXPECT_NE(edited([&](const Labelled& table, Variable& variable) {
              variable.axes = {"chip"};
              fit(table, variable);
            }).find("fewer axes than its grid"),
            std::string::npos);
}

TEST_F(Parts, MergedAreTheBytesOfOneCall) {
  const std::string whole = read_file(computed("whole.h5", {}), "file", 1 << 24);
  for (const std::size_t of : {1u, 3u, 7u, 12u}) {
    std::vector<std::string> files;
    for (std::size_t number = of; number >= 1; --number)  // in any order
      files.push_back(computed(std::to_string(number) + "of" + std::to_string(of), {number, of}));
    const std::string merged = folder_ + "/merged.h5";
    write_labelled(merged, merge_sweeps(files).table);
    EXPECT_TRUE(read_file(merged, "file", 1 << 24) == whole) << of << " parts";
  }
}

TEST_F(Parts, HoldTheirOwnPointsAlone) {
  const Labelled table = read_labelled(computed("2of3", {2, 3}));
  EXPECT_EQ(count_done(table), 3u);  // points 1, 4, 7 of 10
  for (const std::size_t point : {1u, 4u, 7u}) EXPECT_TRUE(is_done(table, point));
  const auto& sums = std::get<std::vector<double>>(table.variable("sum")->values);
  EXPECT_EQ(sums[4], 13);
  EXPECT_TRUE(std::isnan(sums[5]));
}

TEST_F(Parts, ThatAreMissingLeaveTheirPointsOpenAndASweepGoesOnWithThem) {
  const std::string merged = folder_ + "/some.h5";
  const MergedSweep some = merge_sweeps({computed("1of3", {1, 3}), computed("3of3", {3, 3})});
  EXPECT_EQ(count_done(some.table), 7u);
  EXPECT_EQ(first_missing(some.table), 1u);
  write_labelled(merged, some.table);
  computed("some.h5", {});
  EXPECT_TRUE(read_file(merged, "file", 1 << 24) ==
              read_file(computed("whole.h5", {}), "file", 1 << 24));
}

TEST_F(Parts, ThatAreMissingMayHoldArraysThatComeBeforeThoseOfOthers) {
  // Point 3 alone has `second`, points 4 and on have `third`: without the first part, which holds
  // point 3, it is not known yet that there is a `second`.
  const auto uneven = [](const Tree& card) {
    Labelled values = measured(card);
    const double x = card_number(card, "x");
    if (x == 2 && card_number(card, "y") == 20)
      values.add({"second", {}, std::vector<double>{x}, "1", "second"});
    if (x > 2) values.add({"third", {}, std::vector<double>{x}, "1", "third"});
    return values;
  };
  const std::string some = folder_ + "/some.h5";
  write_labelled(some, merge_sweeps({computed("3of3", {3, 3}, parts_card, uneven),
                                     computed("2of3", {2, 3}, parts_card, uneven)})
                           .table);
  computed("some.h5", {}, parts_card, uneven);
  EXPECT_TRUE(read_file(some, "file", 1 << 24) ==
              read_file(computed("whole.h5", {}, parts_card, uneven), "file", 1 << 24));
}

TEST_F(Parts, OfAnotherPartIsNotGoneOnWith) {
  computed("part", {1, 3});
  try {
    computed("part", {2, 3});
    FAIL() << "points of two parts in one file";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what())
                  .find("holds part 1/3 of the sweep and this call computes "
                        "part 2/3"),
              std::string::npos)
        << error.what();
  }
}

TEST_F(Parts, ThatDoNotBelongTogetherAreRefused) {
  const std::string one = computed("1of2", {1, 2});
  const std::string other = computed("other", {2, 2}, "name: u\n" + parts_card.substr(8));
  EXPECT_NE(refused({one, other}).find("different cards"), std::string::npos);
  const auto wrong = [](const Tree& card) {
    Labelled values = measured(card);
    std::get<std::vector<double>>(values.variables[1].values)[0] += 1e-15;
    return values;
  };
  const std::string again = computed("again", {1, 2}, parts_card, wrong);
  EXPECT_NE(refused({one, again}).find("another 'each' at x=1, y=10"), std::string::npos)
      << refused({one, again});
  EXPECT_EQ(refused({one, one}), "taken");  // twice the same is no harm
  for (const auto& [attribute, said] :
       {std::pair{"input_files", "different contents of files that the card names"},
        std::pair{"program_version", "different versions of the program"},
        std::pair{"git_revision", "different revisions of the program"}}) {
    Labelled table = read_labelled(computed("2of2", {2, 2}));
    table.attributes[attribute] = std::string("other");
    write_labelled(folder_ + "/changed.h5", table);
    EXPECT_NE(refused({one, folder_ + "/changed.h5"}).find(said), std::string::npos) << attribute;
  }
  Labelled run = read_labelled(one);
  run.attributes["kind"] = std::string("run");
  write_labelled(folder_ + "/run.h5", run);
  EXPECT_NE(refused({one, folder_ + "/run.h5"}).find("no result of a sweep"), std::string::npos);
}

}  // namespace
}  // namespace lightloom::experiments
