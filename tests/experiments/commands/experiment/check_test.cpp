// A card to begin with, and what a card will do before it does it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/files/atomic_file.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class CardCommands : public testing::Test {
 protected:
  void SetUp() override { folder_ = scratch_folder("check"); }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] Ran run(const std::string& arguments) const {
    return run_shell(fmt::format("cd {} && LIGHTLOOM_SHARE={} {} {}", folder_, LIGHTLOOM_SOURCE_DIR,
                                 program(), arguments));
  }
  [[nodiscard]] json object(const std::string& arguments) const {
    const Ran ran = run(arguments + " --json");
    EXPECT_EQ(ran.code, 0) << arguments << ran.errors;
    return json::parse(ran.output, nullptr, false);
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  std::string folder_;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string key_of(const std::string& line) { return line.substr(0, line.find(':')); }

TEST_F(CardCommands, EveryLineOfTheFirstCardIsLegalAndEveryOtherChoiceToo) {
  ASSERT_EQ(run("init -o c.yaml").code, 0);
  const std::vector<std::string> lines = lines_of(read_file(folder_ + "/c.yaml", "card"));
  const auto accepts = [&](const std::string& text) {
    write_file(folder_ + "/one.yaml", text);
    const Ran ran = run("inspect one.yaml");
    EXPECT_EQ(ran.code, 0) << text << ran.errors;
  };
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  accepts(all);
  int choices = 0;
  for (const std::string& choice : lines) {
    if (choice.size() < 2 || choice[0] != '#' || choice[1] == ' ') continue;
    ++choices;
    std::string text;
    for (const std::string& line : lines)
      if (key_of(line) != key_of(choice.substr(1))) text += line + "\n";
    accepts(text + choice.substr(1) + "\n");
  }
  EXPECT_GE(choices, 8);
  EXPECT_LE(choices, 12);
}

TEST_F(CardCommands, InitReplacesNoCard) {
  ASSERT_EQ(run("init").code, 0);
  write_file(folder_ + "/experiment.yaml", "name: mine\n");
  const Ran again = run("init");
  EXPECT_EQ(again.code, 2);
  EXPECT_NE(again.errors.find("replaces no card"), std::string::npos) << again.errors;
  EXPECT_EQ(read_file(folder_ + "/experiment.yaml", "card"), "name: mine\n");
  EXPECT_EQ(run("init -o card.json").code, 2);
  EXPECT_EQ(run("init other.yaml").code, 2);
  EXPECT_EQ(files(), 1u);
}

/// Counts of a check by what they count.
double count_of(const json& checked, const std::string& what) {
  for (const json& part : checked["parts"])
    if (part["what"].get<std::string>().find(what) != std::string::npos) return part["count"];
  return 0;
}

constexpr const char* small_card =
    "name: s\ndataset: {name: glyphs, train_limit: 300, test_limit: 60}\nmodel: mlp\nchips: 3\n"
    "teacher: {epochs: 4}\ntrain: {epochs: 2}\nweights: {source: integer, bits: 6}\n";

TEST_F(CardCommands, CheckCountsTheWorkOfARunAndWritesNothing) {
  write_file(folder_ + "/c.yaml", small_card);
  const json checked = object("check c.yaml");
  EXPECT_EQ(checked["kind"], "run");
  EXPECT_EQ(checked["images"]["training"], 270);  // a tenth of 300 is set aside
  EXPECT_EQ(checked["images"]["validation"], 30);
  EXPECT_EQ(checked["images"]["test"], 60);
  EXPECT_EQ(count_of(checked, "float network is trained"), 4 * 270);
  EXPECT_EQ(count_of(checked, "source is trained"), 2 * 270);
  EXPECT_EQ(count_of(checked, "without hardware"), 6 * 30 + 2 * 60);
  EXPECT_EQ(count_of(checked, "chips made"), 3);
  EXPECT_EQ(count_of(checked, "on chips"), 3 * 60);
  EXPECT_EQ(count_of(checked, "time and energy"), 1);
  EXPECT_GT(checked["time_s"].get<double>(), 0);
  double sum = 0;
  for (const json& part : checked["parts"]) sum += part["time_s"].get<double>();
  EXPECT_NEAR(checked["time_s"].get<double>(), sum, 1e-9 * sum);
  EXPECT_EQ(files(), 1u) << "only the card";
}

TEST_F(CardCommands, CheckOfASweepCountsSharedWorkOnce) {
  write_file(
      folder_ + "/c.yaml",
      std::string(small_card) + "sweep: {core.rows: [16, 32, 64], train.rate: [0.001, 0.002]}\n");
  const json checked = object("check c.yaml --set teacher.rate=0.01");
  EXPECT_EQ(checked["kind"], "sweep");
  EXPECT_EQ(checked["points"], 6);
  EXPECT_EQ(count_of(checked, "float network is trained"), 4 * 270) << "shared by all points";
  EXPECT_EQ(count_of(checked, "source is trained"), 2 * 2 * 270) << "one a rate";
  EXPECT_EQ(count_of(checked, "chips made"), 6 * 3);
  EXPECT_EQ(count_of(checked, "data sets"), 1);
  EXPECT_EQ(count_of(checked, "time and energy"), 6);
  EXPECT_EQ(files(), 1u);
}

TEST_F(CardCommands, CheckSaysSizesOfFilesWithinAFactorOfTwo) {
  write_file(folder_ + "/c.yaml", small_card);
  const json checked = object("check c.yaml");
  ASSERT_EQ(run("run c.yaml --quiet").code, 0);
  for (const json& file : checked["files"]) {
    const auto there =
        static_cast<double>(fs::file_size(fs::path(folder_) / file["file"].get<std::string>()));
    const double said = file["bytes"];
    EXPECT_GT(said, there / 2) << file;
    EXPECT_LT(said, there * 2) << file;
  }
}

TEST_F(CardCommands, TrainingsThatOneMayNotExpectAreAnnounced) {
  const auto said = [&](const std::string& more) {
    write_file(folder_ + "/c.yaml",
               "dataset: {name: glyphs, train_limit: 60, test_limit: 10}\nmodel: mlp\nchips: 0\n"
               "teacher: {epochs: 1}\n" +
                   more);
    const Ran ran = run("run c.yaml --report none");
    EXPECT_EQ(ran.code, 0) << ran.errors;
    return ran.errors;
  };
  EXPECT_NE(said("train: {epochs: 1}\nweights: {source: dense}\n")
                .find("note: the dense weights are trained "
                      "for 1 epochs, from those of the float"),
            std::string::npos);
  EXPECT_EQ(said("train: {epochs: 0}\nweights: {source: dense}\n").find("note:"),
            std::string::npos);
  EXPECT_EQ(said("train: {epochs: 1}\nweights: {source: integer}\n").find("note:"),
            std::string::npos);
  EXPECT_EQ(said("train: {epochs: 1}\nweights: {source: dense}\nmeasure: [cost]\n").find("note:"),
            std::string::npos);
  write_file(folder_ + "/c.yaml", "measure: [accuracy]\n");
  EXPECT_EQ(run("run c.yaml --quiet --set train.epochs=1 --set teacher.epochs=0 --set chips=0 "
                "--set dataset.train_limit=60 --set dataset.test_limit=10 --report none")
                .errors.find("note:"),
            std::string::npos)
      << "--quiet is quiet";
}

}  // namespace
}  // namespace lightloom::experiments
