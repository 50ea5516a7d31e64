#pragma once

#include <string>
#include <vector>

#include "core/progress.hpp"
#include "experiments/commands/command_line.hpp"
#include "experiments/results/json.hpp"

namespace lightloom::experiments {

/// One command of the program. Its file ends in its `extern const Command`, and the table in
/// commands.cpp lists it: options, help, completion and manual page come from here.
struct Command {
  std::string name;     // "run"; "calibrate fit" is the action `fit` of the group `calibrate`
  std::string operand;  // what it works on, as shown in the help; "" for none
  std::string summary;
  std::vector<std::string> endings = {};  // of the file that it writes under --output's name; none:
                                          // --output gets its JSON object
  std::vector<CommandOption> options;
  /// Does the work and says what it found. Tells the sink how far it is.
  Shown (*run)(const CommandLine& line, ProgressSink& progress) = nullptr;
  /// Sentences that are shown before the work begins, unless --quiet; nullptr: none.
  std::vector<std::string> (*beforehand)(const CommandLine& line) = nullptr;
  bool ends_when_asked = false;  // asks its sink whether to end, so that Ctrl-C ends it in order
};

}  // namespace lightloom::experiments
