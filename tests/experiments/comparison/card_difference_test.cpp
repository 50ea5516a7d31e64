#include "experiments/comparison/card_difference.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

std::vector<CardDifference> differences(const std::string& first, const std::string& second) {
  return differing_keys(read_whole(parse_yaml(first, "a.yaml")),
                        read_whole(parse_yaml(second, "b.yaml")));
}

/// "key: first [from] | second [from]" of each.
std::vector<std::string> lines(const std::vector<CardDifference>& found) {
  std::vector<std::string> all;
  for (const CardDifference& one : found)
    all.push_back(fmt::format("{}: {} [{}] | {} [{}]", one.key, one.first.text, one.first.from,
                              one.second.text, one.second.from));
  return all;
}

using Lines = std::vector<std::string>;

TEST(CardDifference, NamesKeyValuesAndWhereEachComesFrom) {
  EXPECT_EQ(lines(differences("batch: 4\nchips: 2\n", "\n\nbatch: 8\n")),
            (Lines{"batch: 4 [a.yaml:1] | 8 [b.yaml:3]", "chips: 2 [a.yaml:2] | 16 [default]"}));
}

TEST(CardDifference, OfEqualCardsIsNothingHoweverTheyAreWritten) {
  EXPECT_EQ(lines(differences("batch: 1\nmodel: cnn3\n", "model: {name: cnn3}\n")), Lines{});
  EXPECT_EQ(lines(differences("core: {kind: ideal, rows: 64}", "core: {rows: 64}")), Lines{});
}

TEST(CardDifference, FindsKeysThatOneCardLacks) {
  const auto found = differences("core: {kind: pcm-crossbar, rows: 8}", "core: {rows: 8}");
  bool cells = false;
  for (const CardDifference& one : found)
    if (one.key.starts_with("core.pcm")) {
      cells = true;
      EXPECT_EQ(one.second.text, "") << one.key;
      EXPECT_EQ(one.first.from, "default") << one.key;
    }
  EXPECT_TRUE(cells);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].key, "core.kind");
  EXPECT_EQ(found[0].first.from, "a.yaml:1");
}

TEST(CardDifference, ComparesListsOneByOneWhereTheyAreAsLong) {
  const std::string one = "baselines: [{source: integer, bits: 8}, {source: ternary}]\n";
  EXPECT_EQ(lines(differences(
                one, "baselines:\n  - {source: integer, bits: 4}\n  - {source: ternary}\n")),
            Lines{"baselines[0].bits: 8 [a.yaml:1] | 4 [b.yaml:2]"});
  const auto shorter = differences(one, "baselines: [{source: integer, bits: 8}]");
  ASSERT_EQ(shorter.size(), 1u);
  EXPECT_EQ(shorter[0].key, "baselines");
}

TEST(CardDifference, KnowsWeightSourcesFromSourcesOfNumbers) {
  const auto found = differences("weights: {source: integer}", "weights: {source: dense}");
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(lines({found[0]}), Lines{"weights.source: integer [a.yaml:1] | dense [b.yaml:1]"});
  const auto baselines =
      differences("baselines: [{source: integer}]", "baselines: [{source: ternary}]");
  ASSERT_FALSE(baselines.empty());
  EXPECT_EQ(lines({baselines[0]}),
            Lines{"baselines[0].source: integer [a.yaml:1] | ternary [b.yaml:1]"});
  EXPECT_EQ(lines(differences("batch: 1", "summary: x")),
            Lines{"summary: '' [default] | x [b.yaml:1]"});
  EXPECT_EQ(lines(differences("core: {rows: 8, source: [from memory]}",
                              "core: {rows: 8, source: {rows: a paper}}")),
            Lines{});
}

TEST(CardDifference, OfTheProgramTakesCardsResultsAndSettings) {
  const std::string folder = scratch_folder("diff");
  write_file(folder + "/a.yaml", "name: a\nmeasure: [cost]\n");
  const auto run = [&](const std::string& arguments) {
    return run_shell(fmt::format("cd {} && {} {}", folder, program(), arguments));
  };
  EXPECT_EQ(run("diff a.yaml --set batch=4").output, "batch  1 [default]  |  4 [--set batch=4]\n");
  EXPECT_EQ(run("diff a.yaml --seed 7").output, "seed  0 [default]  |  7 [--seed]\n");
  EXPECT_EQ(run("diff a.yaml a.yaml").output, "the cards are equal, defaults included\n");
  ASSERT_EQ(run("run a.yaml --quiet --report none -o r.h5").code, 0);
  EXPECT_EQ(run("diff r.h5 a.yaml").output, "the cards are equal, defaults included\n");
  for (const char* wrong :
       {"diff a.yaml", "diff a.yaml a.yaml --set batch=4", "diff r.h5 --set batch=4",
        "diff a.yaml missing.yaml", "diff a.yaml a.yaml a.yaml", "diff"})
    EXPECT_EQ(run(wrong).code, 2) << wrong;
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lightloom::experiments
