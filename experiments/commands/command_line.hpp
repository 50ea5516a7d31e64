#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lightloom::experiments {

/// An option of one command besides those that all share.
struct CommandOption {
  std::string name;   // without dashes; "output,o" where a letter stands for it too
  std::string value;  // placeholder in the help, "" for a switch, "[...]" where it may be left out
  std::string help;
  std::vector<std::string> endings = {};  // of the file that the command writes under its name
};

/// A command line, read but not yet judged against files.
struct CommandLine {
  std::string command;
  std::vector<std::string> operands;  // card, results file, matrix, ...
  std::vector<std::string> settings;  // --set key.path=value, in order
  std::string output;
  int threads = 0;  // 0: as many as the machine offers
  std::optional<std::uint64_t> seed;
  bool json = false;
  bool quiet = false;
  bool help = false;
  std::map<std::string, std::string> extra;  // options of the command itself; switches hold "on"
  std::vector<std::string> written;          // names of those whose values are files to write
  std::string text;                          // the whole line, for provenance

  [[nodiscard]] bool has(const std::string& option) const { return extra.contains(option); }
  /// Whether an option of the command names a file that it writes.
  [[nodiscard]] bool writes(const std::string& option) const;
  /// --output and the files of such options, those that are given; "none" is no file.
  [[nodiscard]] std::vector<std::string> outputs() const;
  /// The value of one of the command's options, or `otherwise`.
  [[nodiscard]] std::string value(const std::string& option,
                                  const std::string& otherwise = "") const;
  /// The same as a whole number of at least `least`.
  [[nodiscard]] std::int64_t number(const std::string& option, std::int64_t otherwise,
                                    std::int64_t least) const;
  /// The same as any number of at least `least`.
  [[nodiscard]] double real(const std::string& option, double otherwise, double least) const;
};

/// The single operand of a command that takes one. Throws `Error` naming `what` it should be.
std::string only_operand(const CommandLine& line, const std::string& what);
/// Operand `index` of a command that takes several. Throws `Error` naming `what` it should be.
const std::string& operand(const CommandLine& line, std::size_t index, std::string_view what);
/// Throws `Error` when there are more than `count` operands.
void at_most_operands(const CommandLine& line, std::size_t count);

/// Reads the arguments that follow the command's name. Throws `Error` for unknown options (with the
/// nearest known one), missing values and values that are not numbers.
CommandLine parse_command_line(const std::string& command,
                               const std::vector<std::string>& arguments,
                               const std::vector<CommandOption>& options);

/// The options that every command has.
const std::vector<CommandOption>& common_options();
/// "output" of an option declared as "output,o".
std::string long_name(const CommandOption& option);
/// Options one a line, as a help shows them.
std::string options_help(const std::vector<CommandOption>& options);

}  // namespace lightloom::experiments
