#pragma once

#include <string>
#include <vector>

#include "experiments/commands/command.hpp"

namespace lightloom::experiments {

/// The one table of commands, in the order of the help.
const std::vector<const Command*>& commands();

/// Commands of two words that share the first.
struct CommandGroup {
  std::string name;
  std::string summary;
};
const std::vector<CommandGroup>& command_groups();
/// The commands of a group, in the order of the table.
std::vector<const Command*> actions_of(const CommandGroup& group);
/// The last word of a command's name.
std::string action_name(const Command& command);

/// A command and the arguments that follow its name.
struct CalledCommand {
  const Command* command = nullptr;
  std::vector<std::string> arguments;
};
/// The command that a command line names. The action of a group may stand behind options. Throws
/// `Error` with the nearest known name, or the list of a group's actions.
CalledCommand find_command(const std::vector<std::string>& words);

/// Reads the arguments of a command. An option that another action of its group has is refused with
/// that action's name; see `parse_command_line`.
CommandLine read_arguments(const CalledCommand& called);

/// The help that the words ask for without naming a command (nothing at all, --help, a group with
/// --help), or "".
std::string general_help(const std::vector<std::string>& words);
/// The text of `lightloom <command> --help`.
std::string help(const Command& command);

}  // namespace lightloom::experiments
