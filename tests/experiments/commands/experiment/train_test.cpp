// `lightloom train` through the program: ended by a signal and taken up again; weights as
// safetensors.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::string training_card =
    "name: c\ndataset: {name: glyphs, train_limit: 300, test_limit: 20}\nmodel: mlp\n"
    "weights: {source: multilevel, intra: 2, cross: 8, bits: {basis: 4, intra: 4, cross: 4}, "
    "activations: 8}\n"
    "teacher: {epochs: 3}\ntrain: {epochs: 40, distill: true, augment: {crop: 2}, average: 0.9}\n"
    "seed: 3\n";

class TrainCommand : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_folder("checkpoint");
    std::ofstream(folder_ + "/card.yaml") << training_card;
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] Ran train(const std::string& more) const {
    return run_shell(fmt::format("cd {} && OMP_NUM_THREADS=1 {} train card.yaml --json --quiet {}",
                                 folder_, program(), more));
  }
  /// Sends a signal as soon as the student's first epoch is on disk, then waits for the end.
  void cut(const std::string& signal) const {
    run_shell(fmt::format(
        "cd {} && rm -f c.h5* || exit 1; (OMP_NUM_THREADS=1 exec {} train card.yaml --json --quiet "
        "--checkpoint c.h5 --output cut.h5) & pid=$!; "
        "while [ ! -e {}/c.h5 ] && kill -0 $pid; do sleep 0.01; done; kill -{} $pid; wait $pid",
        folder_, program(), folder_, signal));
  }
  [[nodiscard]] std::string bytes(const std::string& name) const {
    std::ifstream file(folder_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string folder_;
};

TEST_F(TrainCommand, GoesOnToTheSameBytesAfterCtrlCAndAfterAKill) {
  ASSERT_EQ(train("--output whole.h5").code, 0);
  for (const char* signal : {"INT", "KILL"}) {
    cut(signal);
    fs::remove(folder_ + "/cut.h5");
    const Ran rest = train("--checkpoint c.h5 --output cut.h5");
    ASSERT_EQ(rest.code, 0) << signal << rest.errors;
    const json found = json::parse(rest.output);
    EXPECT_GE(found["resumed_epochs"]["source"].get<int>(), 1) << signal;
    EXPECT_EQ(found["resumed_epochs"]["float"], 3) << signal;
    EXPECT_EQ(found["epochs"].size(), 40u);
    EXPECT_EQ(bytes("cut.h5"), bytes("whole.h5")) << signal;
  }
}

TEST_F(TrainCommand, OfAnotherCardIsRefusedBeforeAnyWork) {
  const std::string few = "--set train.epochs=1 --set teacher.epochs=1 ";
  ASSERT_EQ(train(few + "--checkpoint c.h5 --output a.h5").code, 0);
  const Ran other = train(few + "--set train.rate=0.5 --checkpoint c.h5 --output b.h5");
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.errors.find("there 'rate: 0.002', here 'rate: 0.5'"), std::string::npos)
      << other.errors;
  EXPECT_FALSE(fs::exists(folder_ + "/b.h5"));
  for (const char* file : {"a.h5", "card.yaml"}) {
    const std::string before = bytes(file);
    EXPECT_EQ(train(few + "--output b.h5 --checkpoint " + file).code, 2) << file;
    EXPECT_EQ(bytes(file), before) << "nothing is overwritten";
  }
  EXPECT_EQ(train(few + "--checkpoint b.h5 --output b.h5").code, 2);
}

TEST_F(TrainCommand, WritesSafetensorsThatAreTheSameNetworkAgain) {
  const std::string few =
      "--set train.epochs=1 --set teacher.epochs=1 --set dataset.test_limit=200 ";
  const Ran made = train(
      few +
      "--set 'weights={source: integer, bits: 4}' --output w.safetensors --float f.safetensors");
  ASSERT_EQ(made.code, 0) << made.errors;
  const json accuracy = json::parse(made.output)["accuracy"];
  const auto again = [&](const char* file) {
    const Ran ran =
        train(few + fmt::format("--set 'weights={{source: dense, file: {}}}' -o x.h5", file));
    EXPECT_EQ(ran.code, 0) << ran.errors;
    return json::parse(ran.output)["accuracy"]["source"].get<double>();
  };
  EXPECT_EQ(again("w.safetensors"), accuracy["source"].get<double>());
  EXPECT_EQ(again("f.safetensors"), accuracy["float"].get<double>());
}

}  // namespace
}  // namespace lightloom::experiments
