// Sweeps of lists, drawn points and conditional axes, by the program: whoever computes them, the
// file is the same, and everything that reads results reads them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/files/atomic_file.hpp"
#include "core/files/labelled.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Designs : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_folder("designs");
    write_file(folder_ + "/ring.yaml", "{kind: mrr-bank, rows: 16, columns: 16}\n");
    put("random",
        "{design: random, count: 23, seed: 4, axes: {batch: {from: 1, to: 64, scale: "
        "log, integer: true}, schedule.bandwidth_scale: {from: 0.1, to: 3}}}");
    put("latin",
        "{design: latin-hypercube, count: 17, axes: {core.rows: {from: 8, to: 64, "
        "integer: true}, core.kind: [ideal, mzi-mesh]}}");
    put("list",
        "{design: list, points: [{batch: 2}, {}, {core: ring.yaml}, {core: {rows: 8}, "
        "batch: 3}, {batch: 5}]}");
    put("when",
        "{core: [ring.yaml, {kind: ideal, rows: 8}], batch: {values: [1, 2, 3], when: "
        "{core: ring.yaml}}, weights.bits: {values: [4, 6], when: {batch: [2, 3]}}}");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void put(const std::string& name, const std::string& sweep) const {
    write_file(fmt::format("{}/{}.yaml", folder_, name),
               fmt::format("name: {}\nmodel: mlp\nmeasure: [cost]\nweights: {{source: integer, "
                           "bits: 5}}\nsweep_keep: [time, energy, speedup]\nsweep: {}\n",
                           name, sweep));
  }
  [[nodiscard]] Ran shell(const std::string& script) const {
    return run_shell(fmt::format(
        "cd {0} && lightloom() {{ {1} \"$@\" --quiet; }}\n"
        "sweep() {{ {1} sweep \"$@\" --quiet --threads 1 --report none >sweep.txt; }}\n{2}",
        folder_, program(), script));
  }
  [[nodiscard]] std::string bytes(const std::string& name) const {
    return read_file(folder_ + "/" + name, "file", std::size_t{1} << 28);
  }

  std::string folder_;
};

TEST_F(Designs, GiveTheSameBytesInPartsByProcessesAndTakenUp) {
  for (const char* card : {"random", "latin", "list", "when"}) {
    const Ran ran = shell(fmt::format(
        "set -e\nsweep {0}.yaml -o whole.h5\nsweep {0}.yaml --jobs 3 -o jobs.h5\n"
        "for i in 1 2 3; do sweep {0}.yaml --part $i/3 -o part$i.h5; done\n"
        "lightloom merge part3.h5 part1.h5 part2.h5 -o merged.h5\n"
        "lightloom merge part2.h5 part1.h5 --incomplete -o again.h5\nsweep {0}.yaml -o again.h5\n"
        "rm part*.h5",
        card));
    ASSERT_EQ(ran.code, 0) << card << ran.errors;
    for (const char* other : {"jobs.h5", "merged.h5", "again.h5"})
      EXPECT_TRUE(bytes("whole.h5") == bytes(other)) << card << " " << other;
    fs::remove(folder_ + "/whole.h5"), fs::remove(folder_ + "/again.h5");
    fs::remove(folder_ + "/jobs.h5");
  }
}

TEST_F(Designs, OfAnotherSeedAreAnotherSweep) {
  const Ran ran =
      shell("sweep random.yaml -o r.h5 && sweep random.yaml --set sweep.seed=5 -o r.h5");
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.errors.find("'r.h5' holds another sweep"), std::string::npos) << ran.errors;
}

TEST_F(Designs, OpenInXarrayWithWhereTheirPointsAre) {
  const Ran ran = shell(fmt::format(
      "sweep random.yaml -o random.h5 && sweep when.yaml -o when.h5 && /usr/bin/python3 "
      "{}/tests/experiments/designs/read_designs.py random.h5 when.h5",
      LIGHTLOOM_SOURCE_DIR));
  if (ran.code == 77) GTEST_SKIP() << "python3-xarray is not installed";
  EXPECT_EQ(ran.code, 0) << ran.output << ran.errors;
}

TEST_F(Designs, AreExportedWithWhereTheirPointsAre) {
  const Ran ran = shell(
      "sweep list.yaml -o list.h5 && lightloom export list.h5 --arrays time -o time.csv && "
      "lightloom export list.h5 --arrays time -o time.npy && head -3 time.csv");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  EXPECT_NE(ran.output.find("point,source,batch,core,time\n1,int5,2,,"), std::string::npos)
      << ran.output;
}

TEST_F(Designs, AreComparedPointByPointWhereTheyAreEqual) {
  put("fewer", "{design: list, points: [{batch: 7}, {batch: 5}, {batch: 2}]}");
  const Ran ran = shell(
      "sweep list.yaml -o list.h5 && sweep fewer.yaml -o fewer.h5 && lightloom compare list.h5 "
      "fewer.h5 --json");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  const json found = json::parse(ran.output, nullptr, false);
  EXPECT_EQ(ran.output.find("point=1"), std::string::npos) << ran.output;
  for (const json& one : found["computed"]) EXPECT_EQ(one["differing"], 0) << one;
  EXPECT_GE(found["equal"].size(), 3u) << ran.output;  // time, energy, speedup
}

TEST_F(Designs, PointsComeOutAgainAsCards) {
  const Ran ran = shell(
      "sweep when.yaml -o when.h5 && lightloom inspect when.h5 --card 3 --json && lightloom "
      "inspect "
      "when.h5 --card 3 > p.yaml && lightloom run p.yaml --report none -o p.h5");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  EXPECT_NE(ran.output.find("core=ring, batch=2, bits=6"), std::string::npos) << ran.output;
  const auto time = [&](const std::string& file, std::size_t at) {
    return std::get<std::vector<double>>(
        read_labelled(folder_ + "/" + file).variable("time")->values)[at];
  };
  const std::size_t sources = size_of(read_labelled(folder_ + "/p.h5").axis("source")->values);
  EXPECT_EQ(time("when.h5", 2 * sources), time("p.h5", 0));
}

TEST_F(Designs, AreForecast) {
  const Ran ran = shell("lightloom check latin.yaml --json && lightloom check list.yaml --json");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  EXPECT_NE(ran.output.find("\"points\": 17"), std::string::npos) << ran.output;
  EXPECT_NE(ran.output.find("\"points\": 5"), std::string::npos) << ran.output;
}

TEST_F(Designs, OfABadCardAreRefusedBeforeAnyWork) {
  put("bad", "{design: random, count: 2, axes: {core.rows: {from: -3, to: -1, integer: true}}}");
  const Ran ran = shell("sweep bad.yaml -o bad.h5");
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.errors.find("'core.rows' is -"), std::string::npos) << ran.errors;
  EXPECT_FALSE(fs::exists(folder_ + "/bad.h5"));
}

}  // namespace
}  // namespace lightloom::experiments
