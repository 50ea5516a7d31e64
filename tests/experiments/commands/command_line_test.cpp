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

TEST(CommandLine, AnOptionMayLackItsValueInFrontOfOptionsAndCards) {
  const auto read = [](const std::vector<std::string>& arguments) {
    return parse_command_line("cost", arguments, {{"sensitivity", "[all|KEY,...]", "what"}});
  };
  for (const auto& arguments : {std::vector<std::string>{"card.yaml", "--sensitivity"},
                                {"--sensitivity", "card.yaml"},
                                {"card.yaml", "--sensitivity", "--json"},
                                {"--sensitivity", "--set", "a=1", "card.yaml"}}) {
    EXPECT_TRUE(read(arguments).has("sensitivity"));
    EXPECT_EQ(read(arguments).value("sensitivity"), "");
    EXPECT_EQ(read(arguments).operands, std::vector<std::string>{"card.yaml"});
  }
  for (const auto& arguments : {std::vector<std::string>{"card.yaml", "--sensitivity", "all"},
                                {"--sensitivity", "all", "card.yaml"},
                                {"card.yaml", "--sensitivity=all"}}) {
    EXPECT_EQ(read(arguments).value("sensitivity"), "all");
    EXPECT_EQ(read(arguments).operands, std::vector<std::string>{"card.yaml"});
  }
  EXPECT_FALSE(read({"card.yaml"}).has("sensitivity"));
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
  for (const Command* command : commands()) {
    const auto blank = command->name.find(' ');
    std::vector<std::string> words{command->name.substr(0, blank)};
    if (blank != std::string::npos) words.push_back(command->name.substr(blank + 1));
    words.emplace_back("more");
    const CalledCommand called = find_command(words);
    EXPECT_EQ(called.command, command);
    EXPECT_EQ(called.arguments, std::vector<std::string>{"more"}) << command->name;
  }
  const auto problem = [](const std::vector<std::string>& words) {
    try {
      read_arguments(find_command(words));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(problem({"inspct"}).find("did you mean 'inspect'?"), std::string::npos);
  EXPECT_NE(problem({"calibrat"}).find("did you mean 'calibrate'?"), std::string::npos);
  EXPECT_NE(problem({"calibrate", "simulat"}).find("did you mean 'simulate'?"), std::string::npos);
  for (const std::string action : {"simulate", "fit", "when", "energy"})  // all are listed
    for (const auto& words : {std::vector<std::string>{"calibrate"}, {"calibrate", "zzzzzzzzz"}})
      EXPECT_NE(problem(words).find("\n  " + action + " "), std::string::npos) << problem(words);
}

TEST(Commands, AnActionMayStandBehindOptionsAndTakesOnlyItsOwn) {
  const CommandLine line =
      read_arguments(find_command({"calibrate", "--samples", "3", "-o", "d.yaml", "--json", "fit",
                                   "data.h5", "--posterior=p.h5"}));
  EXPECT_EQ(line.command, "calibrate fit");
  EXPECT_EQ(line.operands, std::vector<std::string>{"data.h5"});
  EXPECT_EQ(line.number("samples", 1, 1), 3);
  EXPECT_EQ(line.value("posterior"), "p.h5");
  for (const std::string option : {"--error", "--error=3"}) {
    try {
      read_arguments(find_command({"calibrate", "fit", "data.h5", option, "3"}));
      FAIL() << option;
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(),
                   "'--error' is not an option of lightloom calibrate fit but of lightloom "
                   "calibrate when");
    }
  }
}

TEST(Commands, TheHelpNamesEveryCommandAndOption) {
  for (const Command* command : commands()) {
    const auto blank = command->name.find(' ');
    const std::string first = command->name.substr(0, blank);
    EXPECT_NE(general_help({"--help"}).find("\n  " + first + " "), std::string::npos) << first;
    if (blank != std::string::npos) {
      EXPECT_NE(general_help({first, "--help"}).find("\n  " + action_name(*command) + " "),
                std::string::npos)
          << command->name;
    }
    for (const CommandOption& option : command->options)
      EXPECT_NE(help(*command).find("--" + option.name), std::string::npos) << option.name;
  }
  EXPECT_EQ(general_help({"calibrate", "fit", "--help"}), "");  // that is the action's own
  EXPECT_EQ(general_help({"run", "--help"}), "");
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
