#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiments/commands/command_line.hpp"

namespace lightloom::experiments {

using Json = nlohmann::ordered_json;

/// What a command found: the same facts for scripts and for people.
struct CommandResult {
  Json json = Json::object();
  std::string text;  // ends with a newline
};

/// Whether a command writes files of its own, or --output should hold its JSON object.
enum class Writes { file, nothing };

struct Command {
  const char* name;
  const char* operand;  // what it works on, as shown in the help; "" for none
  const char* summary;
  Writes writes;
  std::vector<CommandOption> options;
  CommandResult (*run)(const CommandLine& line);
};

/// The one table of commands.
const std::vector<Command>& commands();

/// The command called `name`. Throws `Error` with the nearest known one.
const Command& find_command(const std::string& name);

/// The text of `lightloom --help`, or of one command.
std::string help();
std::string help(const Command& command);

}  // namespace lightloom::experiments
