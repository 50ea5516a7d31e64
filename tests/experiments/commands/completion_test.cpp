// What shells complete and what man(1) shows, both from the command table.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "experiments/commands/commands.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

/// Completions that bash offers for the words of a command line, the last one begun.
std::string completed(const std::vector<std::string>& words) {
  std::string array;
  for (const std::string& word : words) array += " '" + word + "'";
  const Ran ran = run_shell(fmt::format(
      "bash -c \"source <({} completion bash)\nCOMP_WORDS=({}); COMP_CWORD={}\n_lightloom\necho "
      "\\\"\\${{COMPREPLY[*]}}\\\"\"",
      program(), array, words.size() - 1));
  EXPECT_EQ(ran.code, 0) << ran.errors;
  EXPECT_EQ(ran.errors, "");
  return " " + ran.output.substr(0, ran.output.find('\n')) + " ";
}

TEST(Completion, OfBashKnowsCommandsActionsAndTheirOptions) {
  for (const char* word : {" run ", " calibrate ", " onnx ", " completion "})
    EXPECT_NE(completed({"lightloom", ""}).find(word), std::string::npos) << word;
  EXPECT_EQ(completed({"lightloom", "swe"}), " sweep ");
  EXPECT_NE(completed({"lightloom", "calibrate", ""}).find(" simulate "), std::string::npos);
  EXPECT_EQ(completed({"lightloom", "calibrate", "fit", "--sta"}), " --start ");
  EXPECT_EQ(completed({"lightloom", "calibrate", "drift", "--sta"}), "  ");
  EXPECT_EQ(completed({"lightloom", "run", "--ou"}), " --output ");
  for (const Command* command : commands()) {
    std::vector<std::string> words{"lightloom"};
    std::istringstream names(command->name);
    for (std::string name; names >> name;) words.push_back(name);
    words.emplace_back("--");
    const std::string found = completed(words);
    for (const CommandOption& option : command->options)
      EXPECT_NE(found.find(" --" + long_name(option) + " "), std::string::npos) << option.name;
  }
}

TEST(Completion, OfZshIsAScriptThatZshReads) {
  const Ran made = run_shell(program() + " completion zsh");
  EXPECT_EQ(made.code, 0);
  EXPECT_EQ(made.output.rfind("#compdef lightloom", 0), 0u);
  for (const Command* command : commands())
    for (const CommandOption& option : command->options)
      EXPECT_NE(made.output.find("--" + long_name(option) + (option.value.empty() ? "[" : "=[")),
                std::string::npos)
          << option.name;
  if (run_shell("command -v zsh").code != 0) GTEST_SKIP() << "zsh is not installed";
  const Ran read = run_shell(program() + " completion zsh | zsh -n");
  EXPECT_EQ(read.code, 0) << read.errors;
}

TEST(Completion, OfAnUnknownShellIsRefused) {
  const Ran ran = run_shell(program() + " completion fish");
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.errors.find("bash, zsh and man"), std::string::npos) << ran.errors;
}

TEST(ManualPage, NamesEveryCommandAndOption) {
  const Ran made = run_shell(program() + " completion man");
  ASSERT_EQ(made.code, 0) << made.errors;
  EXPECT_EQ(made.output.rfind(".TH LIGHTLOOM 1", 0), 0u);
  for (const Command* command : commands()) {
    EXPECT_NE(made.output.find("\n.SS lightloom " + command->name + " "), std::string::npos)
        << command->name;
    for (const CommandOption& option : command->options) {
      std::string name = "\\-\\-";
      for (const char letter : long_name(option))
        name += letter == '-' ? std::string("\\-") : std::string(1, letter);
      EXPECT_NE(made.output.find(name), std::string::npos) << option.name;
    }
  }
  if (run_shell("command -v groff").code != 0) GTEST_SKIP() << "groff is not installed";
  const Ran shown = run_shell(program() + " completion man | groff -man -Tascii -P-cbou -ww");
  EXPECT_EQ(shown.errors, "");
  EXPECT_NE(shown.output.find("calibrate fit"), std::string::npos);
}

}  // namespace
}  // namespace lightloom::experiments
