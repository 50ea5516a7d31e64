// `lightloom branch` through the program.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files/labelled.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::string branch_card =
    "name: c\ndataset: {name: glyphs, train_limit: 200, test_limit: 40, validation: 0.1}\n"
    "model: cnn3\nweights: {source: integer, bits: 8}\nteacher: {epochs: 0}\ntrain: {epochs: 0}\n"
    "core: {kind: incoherent-crossbar, rows: 16, columns: 16}\n"
    "branch: {blocks: 4, channels: 4, epochs: 2, batch: 20, rate: 0.005}\n"
    "training_step: {batch: 2, buffer: {kind: edram, retention_us: 3.35, capacity_KB: 512, "
    "node_nm: 32}}\nseed: 3\n";

class BranchCommand : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_folder("branch");
    std::ofstream(folder_ + "/card.yaml") << branch_card;
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] Ran call(const std::string& more) const {
    return run_shell(fmt::format("cd {} && OMP_NUM_THREADS=1 {} branch card.yaml --quiet {}",
                                 folder_, program(), more));
  }
  std::string folder_;
};

TEST_F(BranchCommand, TrainsABranchAndSaysWhatAStepKeeps) {
  const Ran ran = call("--json -o branch.h5");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  const json found = json::parse(ran.output);
  EXPECT_EQ(found["epochs"].size(), 2u);
  EXPECT_EQ(found["inverse"]["lost"], 0);
  const int size = found["size"];
  EXPECT_EQ(found["inverse"]["numbers"], 2 * 20 * size * size * 4);
  EXPECT_EQ(found["kept_bytes"], 2 * 4 * 20 * size * size * 4);  // one pair of a batch
  const json &pair = found["training_step"]["last_pair"],
             &all = found["training_step"]["everything"];
  EXPECT_LT(pair["longest_life_s"], all["longest_life_s"]);
  EXPECT_EQ(pair["macs"]["forward"], all["macs"]["forward"]);
  EXPECT_GT(pair["macs"]["recompute"], 0);
  EXPECT_EQ(all["macs"]["recompute"], 0);
  EXPECT_EQ(pair["refresh_free"].get<bool>(), pair["refreshes"] == 0);
  const Labelled weights = read_labelled(folder_ + "/branch.h5");
  double numbers = 0;
  for (const Variable& one : weights.variables)
    numbers += static_cast<double>(std::get<std::vector<float>>(one.values).size());
  EXPECT_EQ(numbers, found["parameters"].get<double>());
}

TEST_F(BranchCommand, RepeatsAndKeepingEverythingChangesNothing) {
  const json one = json::parse(call("--json").output), again = json::parse(call("--json").output),
             kept = json::parse(call("--json --set branch.keeps=everything").output);
  EXPECT_EQ(one, again);
  EXPECT_EQ(one["epochs"], kept["epochs"]);
  EXPECT_EQ(one["accuracy"], kept["accuracy"]);
  EXPECT_LT(one["kept_bytes"], kept["kept_bytes"]);
}

TEST_F(BranchCommand, RefusesWhatItCannotDoInOneSentence) {
  for (const auto& [set, part] : {std::pair{"--set branch.taps=[9]", "no single map"},
                                  {"--set branch.size=99", "smaller size"},
                                  {"--set branch.blocks=1", "one connection"},
                                  {"--set core=ideal.yaml", "ideal.yaml"},
                                  {"--set branch.keep=1", "keeps"}}) {
    const Ran ran = call(set);
    EXPECT_EQ(ran.code, 2) << set;
    EXPECT_NE(ran.errors.find(part), std::string::npos) << ran.errors;
  }
  std::ofstream(folder_ + "/card.yaml") << "dataset: {name: glyphs, train_limit: 100}\n";
  const Ran ran = call("");
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.errors.find("no section `branch`"), std::string::npos) << ran.errors;
}

}  // namespace
}  // namespace lightloom::experiments
