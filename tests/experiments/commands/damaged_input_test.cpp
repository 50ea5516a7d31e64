// Files on which HDF5 may crash or hang: the program reads each in a child first.
#include "experiments/commands/damaged_input.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/files/labelled.hpp"
#include "core/random/random.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

class DamagedInput : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_folder("damaged");
    fs::create_directories(folder_ + "/images");
    for (const char* name : {"a.h5", "b.h5", "c.h5", "images/train.h5", "w.h5", "w.h5.float"})
      write_labelled(at(name), example_run(2));
    write("no.h5", "text");
  }
  void TearDown() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string at(const std::string& name) const { return folder_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(at(name), std::ios::binary) << text;
  }
  /// Names of the inputs found, without the folder.
  [[nodiscard]] std::vector<std::string> inputs(const CommandLine& line) const {
    std::vector<std::string> names;
    for (const std::string& path : hdf5_inputs(line))
      names.push_back(fs::relative(path, folder_).string());
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string folder_;
};

TEST_F(DamagedInput, IsLookedForInEveryWordAndInCardsAndCardsOfCards) {
  write("inner.yaml", "file: c.h5\nnumber: 3\n");
  write("card.yaml", fmt::format("weights: {{file: {}}}\ninner: inner.yaml\ndataset: {{root: {}, "
                                 "train: [train.h5]}}\n",
                                 at("b.h5"), at("images")));
  using Names = std::vector<std::string>;
  EXPECT_EQ(inputs({.operands = {at("card.yaml")}}), (Names{"b.h5", "c.h5", "images/train.h5"}));
  EXPECT_EQ(inputs({.operands = {at("a.h5"), at("no.h5"), at("absent.h5")}}), Names{"a.h5"});
  EXPECT_EQ(inputs({.settings = {"weights.file=" + at("a.h5"), "x=" + at("card.yaml")}}),
            (Names{"a.h5", "b.h5", "c.h5", "images/train.h5"}));
  EXPECT_EQ(inputs({.extra = {{"checkpoint", at("w.h5")}}}), (Names{"w.h5", "w.h5.float"}));
  EXPECT_EQ(inputs({.operands = {at("a.h5"), at("./a.h5")}, .output = at("a.h5")}), Names{"a.h5"});
  // Behind a block of the user's, as HDF5 allows.
  std::ostringstream whole;
  whole << std::ifstream(at("a.h5"), std::ios::binary).rdbuf();
  write("block.dat", std::string(512, 'x') + whole.str());
  EXPECT_EQ(inputs({.operands = {at("block.dat")}}), Names{"block.dat"});
}

/// Some of: a few bytes changed, a piece cut out, a piece doubled, the end cut off.
std::string damaged(std::string bytes, std::uint64_t draw) {
  const Stream stream({.seed = 31, .purpose = Purpose::test});
  const auto below = [&](std::uint64_t device, std::size_t bound) {
    return static_cast<std::size_t>(stream.below(bound, device, draw));
  };
  const std::size_t at = below(0, bytes.size()), length = 1 + below(1, 60);
  switch (draw % 4) {
    case 0:
      for (std::uint64_t i = 0; i < 4; ++i)
        bytes[below(2 + i, bytes.size())] = static_cast<char>(below(10 + i, 256));
      break;
    case 1:
      bytes.erase(at, length);
      break;
    case 2:
      bytes.insert(at, bytes.substr(below(2, bytes.size()), length));
      break;
    default:
      bytes.resize(at);
  }
  return bytes;
}

TEST_F(DamagedInput, IsReadOrRefusedInOneSentenceAndNeverEndsTheProgram) {
  std::ofstream(at("chip.yaml")) << "chip: {modes: 3}\nsettings: 12\n";
  const Ran made = run_shell(
      fmt::format("cd {} && {} calibrate simulate chip.yaml -o good.h5", folder_, program()));
  ASSERT_EQ(made.code, 0) << made.errors;
  std::ostringstream good;
  good << std::ifstream(at("good.h5"), std::ios::binary).rdbuf();
  int read = 0, refused = 0;
  for (std::uint64_t draw = 0; draw < 100; ++draw) {
    write("bad.h5", damaged(good.str(), draw));
    const Ran ran = run_shell(fmt::format("cd {} && {} {} bad.h5 --quiet --json", folder_,
                                          program(), draw % 2 == 0 ? "calibrate fit" : "inspect"));
    ASSERT_TRUE(ran.code == 0 || ran.code == 2) << draw << ": " << ran.code << ran.errors;
    (ran.code == 0 ? read : refused) += 1;
    if (ran.code == 2) {
      EXPECT_EQ(ran.errors.rfind("lightloom: ", 0), 0u) << draw << ran.errors;
      EXPECT_EQ(ran.output, "") << draw;
    }
  }
  EXPECT_GT(read, 2);
  EXPECT_GT(refused, 20);
}

}  // namespace
}  // namespace lightloom::experiments
