// The manual page, from the command table.
#include <fmt/format.h>

#include "experiments/commands/commands.hpp"
#include "experiments/results/build_info.hpp"
#include "experiments/results/shown.hpp"

namespace lightloom::experiments {
namespace {

/// A text as roff prints it: hyphens that can be copied, and no request at the start of a line.
std::string roff(const std::string& text) {
  std::string safe;
  for (const char letter : text) {
    if (letter == '\\')
      safe += "\\e";
    else if (letter == '-')
      safe += "\\-";
    else
      safe += letter;
  }
  return safe.starts_with('.') || safe.starts_with('\'') ? "\\&" + safe : safe;
}

std::string option_entries(const std::vector<CommandOption>& options) {
  std::string text;
  for (const CommandOption& option : options) {
    const auto comma = option.name.find(',');
    const std::string letter =
        comma == std::string::npos ? "" : fmt::format("\\-{}, ", option.name.substr(comma + 1));
    text += fmt::format(".TP\n.B {}\\-\\-{}{}\n{}\n", letter, roff(long_name(option)),
                        option.value.empty() ? "" : "\\fR \\fI" + roff(option.value) + "\\fR",
                        roff(option.help));
  }
  return text;
}

std::string command_entry(const Command& command) {
  std::string text =
      fmt::format(".SS {}\n.B lightloom {}\\fR \\fI{}\\fR\n.PP\n{}.\n", roff(command.name),
                  roff(command.name), roff(command.operand), roff(command.summary));
  return text + option_entries(command.options);
}

std::string manual_page() {
  std::string text = fmt::format(
      ".TH LIGHTLOOM 1 \"\" \"lightloom {}\" \"User Commands\"\n"
      ".SH NAME\nlightloom \\- co\\-simulation of photonic accelerators that regenerate their "
      "weights on chip\n"
      ".SH SYNOPSIS\n.B lightloom\n.I command\n.RI [ \"card or file\" ]\n"
      ".RB [ \\-\\-set\n.IR key.path=value ]...\n.RI [ options ]\n"
      ".SH DESCRIPTION\nPhotonic accelerators whose weights are regenerated on chip, simulated "
      "together: accuracy, storage, time and energy of a network on hardware that cards in YAML "
      "describe. Every command prints tables, and one JSON object with\n.BR \\-\\-json .\n"
      ".SH OPTIONS OF EVERY COMMAND\n",
      build_info().version);
  text += option_entries(common_options()) + ".SH COMMANDS\n";
  for (const Command* command : commands()) text += command_entry(*command);
  return text +
         ".SH EXIT STATUS\n.TP\n.B 0\ndone\n.TP\n.B 1\nthe work failed\n.TP\n.B 2\nthe input is "
         "wrong\n";
}

Shown run(const CommandLine& line, ProgressSink& /*progress*/) {
  at_most_operands(line, 0);
  std::string page = manual_page();
  return {.json = {{"manual", page}}, .text = std::move(page)};
}

}  // namespace

extern const Command man_command{.name = "man",
                                 .operand = "",
                                 .summary = "this program's manual page, for man(1)",
                                 .writes = Writes::nothing,
                                 .options = {},
                                 .run = run};

}  // namespace lightloom::experiments
