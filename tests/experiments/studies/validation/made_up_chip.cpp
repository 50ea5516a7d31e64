#include "tests/experiments/studies/validation/made_up_chip.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {

std::string written_chip(const std::string& text) {
  std::string path = scratch_folder("chip") + "/made-up.yaml";
  std::ofstream(path) << text;
  return path;
}

std::string changed_chip(const std::string& from, const std::string& to) {
  std::string text = made_up_chip;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

}  // namespace lightloom::experiments
