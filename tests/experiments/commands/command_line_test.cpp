#include "experiments/commands/command_line.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "experiments/cards/units_of_keys.hpp"
#include "experiments/commands/commands.hpp"

namespace lightloom::experiments {
namespace {

std::string problem_of(const std::vector<std::string>& arguments) {
  try {
    parse_command_line("run", arguments, {{"chips", "N", "chips"}, {"fast", "", "quick"}});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(CommandLine, ReadsSharedAndOwnOptionsInAnyOrder) {
  const CommandLine line =
      parse_command_line("run",
                         {"--set", "a.b=1", "card.yaml", "--chips", "3", "--set=c={d: [1, 2]}",
                          "-o", "x.h5", "--json", "--seed", "7", "--fast"},
                         {{"chips", "N", "chips"}, {"fast", "", "quick"}, {"slow", "", "slow"}});
  EXPECT_EQ(line.operands, std::vector<std::string>{"card.yaml"});
  EXPECT_EQ(line.settings, (std::vector<std::string>{"a.b=1", "c={d: [1, 2]}"}));
  EXPECT_EQ(line.output, "x.h5");
  EXPECT_TRUE(line.json);
  EXPECT_EQ(line.seed, 7u);
  EXPECT_EQ(line.number("chips", 1, 1), 3);
  EXPECT_TRUE(line.has("fast"));
  EXPECT_FALSE(line.has("slow"));
  EXPECT_EQ(line.text,
            "lightloom run --set a.b=1 card.yaml --chips 3 --set=c={d: [1, 2]} -o x.h5 --json "
            "--seed 7 --fast");
}

TEST(CommandLine, SuggestsTheNearestOption) {
  EXPECT_NE(problem_of({"--chps", "3"}).find("did you mean '--chips'?"), std::string::npos)
      << problem_of({"--chps", "3"});
  EXPECT_NE(problem_of({"--oputput", "3"}).find("did you mean '--output'?"), std::string::npos);
  EXPECT_NE(problem_of({"--zzzzzzzzzz"}).find("lightloom run --help"), std::string::npos);
}

TEST(CommandLine, RefusesWhatIsNoNumber) {
  for (const char* text : {"-1", "1.5", "", "a", "1e3", "99999999999999999999999"}) {
    EXPECT_NE(problem_of({"--seed", text}), "") << text;
    EXPECT_NE(problem_of({"--threads", text}), "") << text;
  }
  EXPECT_NE(problem_of({"--threads", "0"}), "");
  EXPECT_EQ(problem_of({"--threads", "1024"}), "");
  EXPECT_NE(problem_of({"--threads", "1025"}), "");
  EXPECT_EQ(problem_of({"--seed", "18446744073709551615"}), "");
}

TEST(CommandLine, AnAbbreviatedOptionIsUnknownAndNotGuessed) {
  EXPECT_NE(problem_of({"--chip", "3"}), "");
}

TEST(CommandLine, TheOldValueOfARepeatedOptionIsNotSilentlyDropped) {
  EXPECT_NE(problem_of({"--output", "a", "--output", "b"}), "");
}

TEST(Commands, AreFoundByNameAndAMistypedOneIsSuggested) {
  for (const Command& command : commands())
    EXPECT_STREQ(find_command(command.name).name, command.name);
  try {
    find_command("inspct");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'inspect'?"), std::string::npos);
  }
}

TEST(Commands, TheHelpNamesEveryCommandAndOption) {
  for (const Command& command : commands()) {
    EXPECT_NE(help().find(std::string("\n  ") + command.name + " "), std::string::npos)
        << command.name;
    for (const CommandOption& option : command.options)
      EXPECT_NE(help(command).find("--" + option.name), std::string::npos) << option.name;
  }
}

TEST(UnitOfKey, IsTheLastWordOfAKeyWhenThatIsAUnit) {
  EXPECT_EQ(unit_of_key("phase_sigma_rad"), "rad");
  EXPECT_EQ(unit_of_key("memory.bandwidth_GBps"), "GB/s");
  EXPECT_EQ(unit_of_key("basis_bits"), "bit");
  EXPECT_EQ(unit_of_key("bits"), "bit");
  EXPECT_EQ(unit_of_key("rows"), "1");
  EXPECT_EQ(unit_of_key("s"), "1");
  EXPECT_EQ(unit_of_key("train.epochs"), "1");
}

}  // namespace
}  // namespace lightloom::experiments
