// The ending of an output says what is written, for every command.
#include "experiments/commands/output_endings.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.hpp"
#include "experiments/commands/commands.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

std::string refusal(const Command& command, const std::string& output) {
  const CommandLine line = parse_command_line(command.name, {"-o", output}, command.options);
  try {
    require_endings(command, line);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(OutputEndings, EveryCommandTakesItsOwnAndNamesThemWhereItRefuses) {
  for (const Command* command : commands()) {
    const Endings& own = output_endings(*command);
    for (const std::string& ending : own) EXPECT_EQ(refusal(*command, "x" + ending), "");
    for (const char* other : {"x.pdf", "x.PDF", "x.xlsx", ".h5x", ".json", ".yaml"}) {
      const std::string said = refusal(*command, other);
      EXPECT_NE(said.find("lightloom " + command->name + " --output " + other), std::string::npos)
          << command->name << " " << other << said;
      for (const std::string& ending : own)
        EXPECT_NE(said.find(ending), std::string::npos) << command->name << said;
    }
    EXPECT_NE(help(*command).find("--output names a file that ends in " + either(own)),
              std::string::npos);
  }
}

// A name that speaks of no format is taken where one alone can be meant, and nowhere else.
TEST(OutputEndings, NamesWithoutAFormatAreTakenWhereThereIsOne) {
  const auto taken = [](const std::vector<std::string>& words, const std::string& output) {
    return refusal(*find_command(words).command, output).empty();
  };
  for (const char* plain : {"x", "x.out", "x.2", "folder.csv/x", "a b"}) {
    EXPECT_TRUE(taken({"run"}, plain)) << plain;
    EXPECT_TRUE(taken({"cost"}, plain)) << plain;
    EXPECT_TRUE(taken({"calibrate", "fit"}, plain)) << plain;
    EXPECT_FALSE(taken({"export"}, plain)) << plain;
    EXPECT_FALSE(taken({"train"}, plain)) << plain;
  }
  EXPECT_TRUE(taken({"run"}, "x.H5"));
  EXPECT_FALSE(taken({"run"}, "x.Json"));
  EXPECT_FALSE(taken({"calibrate", "fit"}, "x.json"));
  EXPECT_FALSE(taken({"cost"}, "x.yaml"));
}

TEST(OutputEndings, OfOptionsAreCheckedTooAndNoneIsAFileOfThatNameNowhereElse) {
  const Command& run = *find_command({"run"}).command;
  const auto read = [&](const Command& command, const std::vector<std::string>& words) {
    return parse_command_line(command.name, words, command.options);
  };
  EXPECT_NO_THROW(require_endings(run, read(run, {"--report", "p.html"})));
  EXPECT_THROW(require_endings(run, read(run, {"--report", "p.h5"})), Error);
  EXPECT_NO_THROW(require_endings(run, read(run, {"--report", "none"})));
  EXPECT_TRUE(read(run, {"--report", "none"}).outputs().empty());
  const Command& train = *find_command({"train"}).command;
  EXPECT_THROW(require_endings(train, read(train, {"--float", "none"})), Error);
}

TEST(OutputEndings, PipesAndDevicesTakeAnything) {
  const Command& run = *find_command({"run"}).command;
  EXPECT_EQ(refusal(run, "/dev/null"), "");
  EXPECT_NE(refusal(run, "/dev/nul"), "");
}

TEST(OutputEndings, AreNamedInOrder) {
  EXPECT_EQ(either({"a"}), "a");
  EXPECT_EQ(either({"a", "b"}), "a or b");
  EXPECT_EQ(either({"a", "b", "c"}), "a, b or c");
}

TEST(OutputEndings, AreRefusedByTheProgramBeforeAnythingIsDone) {
  const std::string folder = scratch_folder("endings");
  const Ran ran =
      run_shell(fmt::format("cd {} && {} run {}/data/experiments/quickstart.yaml -o x.csv", folder,
                            program(), LIGHTLOOM_SOURCE_DIR));
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.errors.find("can be .h5, .hdf5 or .nc; `lightloom export` makes other formats"),
            std::string::npos)
      << ran.errors;
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lightloom::experiments
