#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {

namespace fs = std::filesystem;
using nlohmann::json;

/// A folder with the card of a four-port chip, and `lightloom calibrate` called in it.
class Calibrate : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_folder("calibrate");
    std::ofstream(folder_ + "/chip.yaml") << "chip: {modes: 4}\nsettings: 40\nseed: 3\n";
  }
  void TearDown() override { fs::remove_all(folder_); }

  Ran call(const std::string& arguments) {
    return run_shell(
        fmt::format("cd {} && {} calibrate {} --json --quiet", folder_, program(), arguments));
  }
  json object(const std::string& arguments) {
    const Ran ran = call(arguments);
    EXPECT_EQ(ran.code, 0) << arguments << "\n" << ran.errors;
    json parsed = json::parse(ran.output, nullptr, false);
    EXPECT_TRUE(parsed.is_object()) << arguments << "\n" << ran.output.substr(0, 400);
    return parsed;
  }
  void refused(const std::string& arguments, const std::string& part) {
    const Ran ran = call(arguments);
    EXPECT_EQ(ran.code, 2) << arguments;
    EXPECT_EQ(ran.output, "");
    EXPECT_NE(ran.errors.find(part), std::string::npos) << arguments << "\n" << ran.errors;
  }
  [[nodiscard]] std::string text_of(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_ + "/" + name).rdbuf();
    return text.str();
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name) << text;
  }
  std::string folder_;
};

}  // namespace lightloom::experiments
