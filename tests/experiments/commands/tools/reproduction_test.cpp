// A results file prints the card and the command that give it, or one of its points, again.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/files/atomic_file.hpp"
#include "core/files/labelled.hpp"
#include "experiments/comparison/aligned.hpp"
#include "experiments/results/files/provenance.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Reproduction : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_folder("reproduction");
    // The teacher is trained as `train` says: its defaults change with the swept rate. The cores
    // are of other kinds, with other keys.
    write_file(folder_ + "/pcm.yaml", "{kind: pcm-crossbar, rows: 16, columns: 16}\n");
    write_file(
        folder_ + "/card.yaml",
        "name: s\ndataset: {name: glyphs, train_limit: 128, test_limit: 60}\nmodel: mlp\nchips: 2\n"
        "train: {epochs: 1}\nweights: {source: integer, bits: 6}\n"
        "sweep: {core: [{rows: 32, columns: 16}, pcm.yaml], train.rate: [0.0001, 0.01]}\n");
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] Ran run(const std::string& arguments) const {
    return run_shell(
        fmt::format("cd {} && {} {} --quiet --threads 1", folder_, program(), arguments));
  }
  [[nodiscard]] json object(const std::string& arguments) const {
    const Ran ran = run(arguments + " --json");
    EXPECT_EQ(ran.code, 0) << arguments << ran.errors;
    return json::parse(ran.output, nullptr, false);
  }
  [[nodiscard]] Labelled results(const std::string& name) const {
    return read_labelled(folder_ + "/" + name);
  }

  /// How many numbers of a run are those of a sweep's point; all must be.
  static std::size_t equal_numbers(const Labelled& sweep, std::size_t point, std::size_t points,
                                   const Labelled& run) {
    std::size_t equal = 0;
    for (const Variable& variable : sweep.variables) {
      const auto* all = std::get_if<std::vector<double>>(&variable.values);
      const Variable* one = run.variable(variable.name);
      if (all == nullptr || one == nullptr) continue;
      const std::vector<double> values = numbers_of(one->values);
      EXPECT_EQ(values.size() * points, all->size()) << variable.name;
      for (std::size_t i = 0; i < values.size(); ++i) {
        const double there = (*all)[point * values.size() + i];
        const bool same = there == values[i] || (std::isnan(there) && std::isnan(values[i]));
        EXPECT_TRUE(same) << variable.name << " " << there << " " << values[i];
        if (same) ++equal;
      }
    }
    return equal;
  }
  std::string folder_;
};

TEST_F(Reproduction, EveryPointOfASweepComesOutAgainByItsCardAndByItsCommand) {
  ASSERT_EQ(run("sweep card.yaml --report none -o s.h5").code, 0);
  const Labelled sweep = results("s.h5");
  double lowest = 1, highest = 0;
  for (std::size_t point = 0; point < 4; ++point) {
    const json found = object(fmt::format("inspect s.h5 --card {}", point + 1));
    EXPECT_EQ(found["points"], 4);
    EXPECT_TRUE(found["done"]);
    write_file(folder_ + "/p.yaml", found["card"].get<std::string>());
    ASSERT_EQ(run("run p.yaml --report none -o p.h5").code, 0);
    EXPECT_GT(equal_numbers(sweep, point, 4, results("p.h5")), 100u);
    const double accuracy =
        std::get<std::vector<double>>(results("p.h5").variable("accuracy_source")->values)[0];
    lowest = std::min(lowest, accuracy);
    highest = std::max(highest, accuracy);
    const std::string first = found["first_command"];
    ASSERT_EQ(first.find("lightloom run card.yaml --ignore-sweep --set "), 0u) << first;
    ASSERT_EQ(run_shell(fmt::format("cd {} && {}{} --quiet --report none -o q.h5", folder_,
                                    program(), first.substr(std::string("lightloom").size())))
                  .code,
              0)
        << first;
    EXPECT_GT(equal_numbers(sweep, point, 4, results("q.h5")), 100u);
  }
  EXPECT_LT(lowest, highest) << "points of which all are alike would tell nothing";
}

TEST_F(Reproduction, TheTextIsACardWithItsCommandsInComments) {
  ASSERT_EQ(run("sweep card.yaml --set measure=[cost] --report none -o s.h5").code, 0);
  const Ran named = run("inspect s.h5 --card 'core=pcm,rate=0.0001'"),
            numbered = run("inspect s.h5 --card 3");
  EXPECT_EQ(named.output, numbered.output);
  EXPECT_EQ(named.output.find("# point 3 of 4 of s.h5\n# at core=pcm, rate=0.0001\n"), 0u)
      << named.output;
  write_file(folder_ + "/p.yaml", named.output);
  ASSERT_EQ(run("run p.yaml --report none -o p.h5").code, 0);
  EXPECT_GT(equal_numbers(results("s.h5"), 2, 4, results("p.h5")), 20u);
}

TEST_F(Reproduction, WholeFilesComeOutAgainToo) {
  ASSERT_EQ(run("sweep card.yaml --set measure=[cost] --report none -o s.h5").code, 0);
  write_file(folder_ + "/again.yaml", run("inspect s.h5 --card").output);
  ASSERT_EQ(run("sweep again.yaml --report none -o t.h5").code, 0);
  const Labelled first = results("s.h5"), again = results("t.h5");
  EXPECT_EQ(text_attribute(first, "card_hash"), text_attribute(again, "card_hash"));
  ASSERT_EQ(run("run card.yaml --ignore-sweep --report none -o r.h5").code, 0);
  write_file(folder_ + "/run.yaml", run("inspect r.h5 --card").output);
  ASSERT_EQ(run("run run.yaml --ignore-sweep --report none -o u.h5").code, 0);
  EXPECT_EQ(equal_numbers(results("r.h5"), 0, 1, results("u.h5")),
            equal_numbers(results("r.h5"), 0, 1, results("r.h5")));
}

TEST_F(Reproduction, RefusesPointsThatAreNotThere) {
  ASSERT_EQ(run("sweep card.yaml --set measure=[cost] --report none -o s.h5").code, 0);
  ASSERT_EQ(run("run card.yaml --ignore-sweep --set measure=[cost] --report none -o r.h5").code, 0);
  for (const auto& [arguments, said] : std::initializer_list<std::pair<const char*, const char*>>{
           {"inspect s.h5 --card 0", "a number from 1 to 4"},
           {"inspect s.h5 --card 5", "has no point '5'"},
           {"inspect s.h5 --card 1x", "has no point '1x'"},
           {"inspect s.h5 --card core=pcm", "as in 'core="},
           {"inspect r.h5 --card 1", "is no sweep"},
           {"inspect s.h5 --card --variable time", "two questions"},
           {"inspect card.yaml --card", "belongs to a results file"}}) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.code, 2) << arguments;
    EXPECT_NE(ran.errors.find(said), std::string::npos) << arguments << ": " << ran.errors;
  }
}

}  // namespace
}  // namespace lightloom::experiments
