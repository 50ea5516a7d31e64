#include "experiments/sweep/sweep_ledger.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <random>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/sweep/merge.hpp"
#include "experiments/sweep/sweep_table.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

/// A point: every third brings an array of its own, every fourth an axis more, the third other
/// images than the rest; networks and numbers of chips differ.
PointResult irregular(std::size_t point) {
  Labelled values;
  const auto x = static_cast<double>(point);
  const std::vector<std::vector<std::string>> networks{
      {"conv", "fc"}, {"stem", "conv", "fc"}, {"fc", "conv", "head"}};
  const std::vector<std::string>& layers = networks[(point + 2) % 3];
  std::vector<std::int64_t> chips(1 + (5 - point % 5));
  std::iota(chips.begin(), chips.end(), 0);
  values.add_axis({"layer", layers, "", "layer"});
  values.add_axis({"chip", chips, "1", "chip"});
  std::vector<double> each;
  for (std::size_t i = 0; i < layers.size() * chips.size(); ++i)
    each.push_back(100 * x + static_cast<double>(i));
  values.add({"each", {"layer", "chip"}, each, "s", "each"});
  if (point % 3 == 1) values.add({"third", {}, std::vector<double>{-x}, "J", "by third"});
  values.add({"all", {}, std::vector<double>{x}, "s", "all"});
  if (point % 4 == 2) {
    values.add_axis({"ring", std::vector<std::int64_t>{0, 1}, "1", "ring"});
    values.add({"fourth", {"ring"}, std::vector<double>{x, std::nan("")}, "1", "by fourth"});
  }
  values.add_axis({"image_word", std::vector<std::int64_t>(point == 3 ? 2 : 1), "", ""});
  values.add({"outcomes", {"image_word"}, std::vector<double>(point == 3 ? 2 : 1, x), "", ""});
  return {.values = values, .error = {}};
}

class AnyOrder : public testing::Test {
 protected:
  void SetUp() override { folder_ = scratch_folder("ledger"); }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] SweepTask task(const std::string& name) const {
    const Tree card = parse_yaml("name: t\nsweep: {x: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}", "t");
    return {.card = card,
            .grid = read_grid(card),
            .point = {},
            .origin = {.kind = "sweep", .card = card, .command = "test"},
            .output = folder_ + "/" + name};
  }
  /// The file when the points come in this order, and a process ends after `ends` of them.
  std::string bytes_of(const std::string& name, const std::vector<std::size_t>& order,
                       std::size_t ends) const {
    const SweepTask whole = task(name);
    for (int call = 0; call < 2; ++call) {
      SweepLedger ledger(whole, no_progress());
      for (std::size_t i = 0; i < order.size() && (call == 1 || i < ends); ++i)
        if (ledger.wants(order[i]))
          ledger.take(order[i], from_answer(to_answer(irregular(order[i]))));
      ledger.save();
    }
    return read_file(whole.output, "file", 1 << 24);
  }

  std::string folder_;
};

TEST_F(AnyOrder, GivesTheSameBytes) {
  std::vector<std::size_t> order{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  const std::string wanted = bytes_of("in-order.h5", order, 11);
  std::mt19937 dice(7);
  for (int trial = 0; trial < 20; ++trial) {
    std::shuffle(order.begin(), order.end(), dice);
    EXPECT_TRUE(bytes_of(std::to_string(trial), order, dice() % 11) == wanted) << trial;
  }
  const Labelled table = read_labelled(folder_ + "/in-order.h5");
  EXPECT_EQ(table.attributes.count("brought_by"), 0u);
  EXPECT_EQ(std::get<std::vector<double>>(table.variable("fourth")->values)[2 * 6], 6);
  EXPECT_TRUE(std::isnan(std::get<std::vector<double>>(table.variable("outcomes")->values)[3]));
}

TEST_F(AnyOrder, HasTheLayersAndChipsOfAllPointsAndNoNumberElsewhere) {
  bytes_of("all.h5", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0);
  const Labelled table = read_labelled(folder_ + "/all.h5");
  EXPECT_EQ(table.axis("layer")->values,
            Values(std::vector<std::string>{"fc", "conv", "head", "stem"}));
  EXPECT_EQ(table.axis("chip")->values, Values(std::vector<std::int64_t>{0, 1, 2, 3, 4, 5}));
  const auto& each = std::get<std::vector<double>>(table.variable("each")->values);
  const auto at = [&](std::size_t point, std::size_t layer, std::size_t chip) {
    return each[(point * 4 + layer) * 6 + chip];
  };
  EXPECT_EQ(at(4, 1, 1), 401);  // its layers are conv and fc, its chips two
  EXPECT_EQ(at(4, 0, 1), 403);
  EXPECT_TRUE(std::isnan(at(4, 2, 0))) << "it has no head";
  EXPECT_TRUE(std::isnan(at(4, 1, 2))) << "and two chips";
}

TEST_F(AnyOrder, OfPartsMergesToTheSameBytes) {
  const std::string whole = bytes_of("whole.h5", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 4);
  for (const std::size_t of : {2u, 3u, 11u}) {
    std::vector<std::string> files;
    for (std::size_t number = of; number >= 1; --number) {
      SweepTask part = task(fmt::format("{}of{}.h5", number, of));
      part.part = {number, of};
      SweepLedger ledger(part, no_progress());
      for (std::size_t point = 11; point-- > 0;)
        if (ledger.wants(point)) ledger.take(point, irregular(point));
      ledger.save();
      files.push_back(part.output);
    }
    files.push_back(files.front());  // a part twice is no harm
    const std::string merged = folder_ + "/merged.h5";
    write_labelled(merged, merge_sweeps(files).table);
    EXPECT_TRUE(read_file(merged, "file", 1 << 24) == whole) << of << " parts";
  }
}

TEST_F(AnyOrder, KeepsTheFirstOfWrongPointsAndTheOthersValues) {
  const SweepTask whole = task("wrong.h5");
  SweepLedger ledger(whole, no_progress());
  const auto wrong = [](const char* text) {
    return PointResult{.values = {}, .error = std::make_exception_ptr(Error(text))};
  };
  ledger.take(0, irregular(0));
  ledger.take(7, wrong("seven"));
  ledger.take(4, from_answer(to_answer(wrong("four"))));
  EXPECT_EQ(ledger.first_wrong(), 4u);
  try {
    ledger.require_complete();
    FAIL() << "points are wrong";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "four");
  }
  ledger.save();
  EXPECT_EQ(count_done(read_labelled(whole.output)), 1u);
}

TEST_F(AnyOrder, IsRefusedWhileAnotherWritesTheFile) {
  const SweepTask whole = task("locked.h5");
  {
    const SweepLedger ledger(whole, no_progress());
    EXPECT_THROW(SweepLedger(whole, no_progress()), Error);
  }
  EXPECT_NO_THROW(SweepLedger(whole, no_progress()));
}

TEST(PointAnswer, BringsEveryNumberToTheBit) {
  Labelled values;
  values.add_axis({"layer", std::vector<std::string>{"conv", ""}, "", "layer"});
  values.add_axis({"empty", std::vector<std::int64_t>{}, "1", "none"});
  values.add({"double", {"layer"}, std::vector<double>{-0.0, std::nan("")}, "s", "d"});
  values.add({"float", {"layer"}, std::vector<float>{1e-45f, 0.1f}, "", ""});
  values.add({"whole", {}, std::vector<std::int64_t>{INT64_MIN}, "1", ""});
  values.add({"nothing", {"empty"}, std::vector<double>{}, "1", ""});
  values.attributes["images_chose"] = std::string("weights\nranges");
  const std::string answer = to_answer({.values = values, .error = {}});
  const PointResult again = from_answer(answer);
  EXPECT_EQ(to_answer(again), answer);
  EXPECT_TRUE(
      std::signbit(std::get<std::vector<double>>(again.values.variable("double")->values)[0]));
  EXPECT_EQ(again.values.axis("layer")->values, values.axis("layer")->values);
  EXPECT_EQ(again.values.attributes, values.attributes);
  EXPECT_THROW(from_answer(answer.substr(0, 40)), Failure);
  EXPECT_THROW(from_answer(""), Failure);
}

}  // namespace
}  // namespace lightloom::experiments
