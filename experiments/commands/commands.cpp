#include "experiments/commands/commands.hpp"

#include "core/cards/card.hpp"
#include "core/cards/words.hpp"
#include "core/error.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/files/build_info.hpp"

namespace lightloom::experiments {

extern const Command init_command, check_command, run_command, sweep_command, merge_command,
    train_command, slim_command, branch_command, correct_command, ratio_command, sources_command,
    pack_command, unpack_command, encode_command, search_command, cost_command, decompose_command,
    chip_command, memory_command, onnx_check_command, onnx_save_command, onnx_fold_command,
    calibrate_simulate_command, calibrate_fit_command, calibrate_predict_command,
    calibrate_program_command, calibrate_design_command, calibrate_track_command,
    calibrate_when_command, calibrate_pulls_command, calibrate_fringe_command,
    calibrate_ring_command, calibrate_line_command, calibrate_energy_command,
    calibrate_drift_command, calibrate_products_command, validate_command, report_command,
    inspect_command, export_command, diff_command, compare_command, completion_command;

const std::vector<const Command*>& commands() {
  static const std::vector<const Command*> table{&init_command,
                                                 &check_command,
                                                 &run_command,
                                                 &sweep_command,
                                                 &merge_command,
                                                 &train_command,
                                                 &slim_command,
                                                 &branch_command,
                                                 &correct_command,
                                                 &ratio_command,
                                                 &sources_command,
                                                 &pack_command,
                                                 &unpack_command,
                                                 &encode_command,
                                                 &search_command,
                                                 &cost_command,
                                                 &decompose_command,
                                                 &chip_command,
                                                 &memory_command,
                                                 &onnx_check_command,
                                                 &onnx_save_command,
                                                 &onnx_fold_command,
                                                 &calibrate_simulate_command,
                                                 &calibrate_fit_command,
                                                 &calibrate_predict_command,
                                                 &calibrate_program_command,
                                                 &calibrate_design_command,
                                                 &calibrate_track_command,
                                                 &calibrate_when_command,
                                                 &calibrate_pulls_command,
                                                 &calibrate_fringe_command,
                                                 &calibrate_ring_command,
                                                 &calibrate_line_command,
                                                 &calibrate_energy_command,
                                                 &calibrate_drift_command,
                                                 &calibrate_products_command,
                                                 &validate_command,
                                                 &report_command,
                                                 &inspect_command,
                                                 &export_command,
                                                 &diff_command,
                                                 &compare_command,
                                                 &completion_command};
  return table;
}

const std::vector<CommandGroup>& command_groups() {
  static const std::vector<CommandGroup> groups{
      {"onnx", "check operator cases of ONNX, save a card's network, fold batch normalisation"},
      {"calibrate", "a device from measurements: simulate, fit, predict, program, ..."}};
  return groups;
}

namespace {

/// "calibrate" of "calibrate fit", "" of a command of one word.
std::string group_name(const Command& command) {
  const auto blank = command.name.find(' ');
  return blank == std::string::npos ? "" : command.name.substr(0, blank);
}

const CommandGroup* group_named(const std::string& name) {
  for (const CommandGroup& group : command_groups())
    if (group.name == name) return &group;
  return nullptr;
}

bool asks_for_help(const std::string& word) {
  return word == "--help" || word == "-h" || word == "help";
}

std::string actions_text(const CommandGroup& group) {
  std::string text;
  for (const Command* command : actions_of(group))
    text += fmt::format("\n  {:<10} {:<24} {}", action_name(*command), command->operand,
                        command->summary);
  return text;
}

std::string help(const CommandGroup& group) {
  return fmt::format(
             "lightloom {} <action>\n{}\n\nactions{}\n\n`lightloom {} <action> --help` lists the "
             "options of an action.\n\noptions of every command\n",
             group.name, group.summary, actions_text(group), group.name) +
         options_help(common_options());
}

std::string help() {
  std::string text = fmt::format(
      "lightloom {}: photonic accelerators whose weights are regenerated on chip, simulated "
      "together\n\n"
      "usage: lightloom <command> [card or file] [--set key.path=value]... [options]\n\ncommands\n",
      build_info().version);
  std::string before;  // group of the row before
  for (const Command* command : commands()) {
    const std::string name = group_name(*command);
    if (name.empty())
      text +=
          fmt::format("  {:<10} {:<14} {}\n", command->name, command->operand, command->summary);
    else if (name != before)
      text += fmt::format("  {:<10} {:<14} {}\n", name, "<action> ...", group_named(name)->summary);
    before = name;
  }
  return text + "\noptions of every command\n" + options_help(common_options()) +
         "\nExit code 0: done, 1: the work failed, 2: the input is wrong.\n";
}

/// Whether the word is an option that takes the next word as its value.
bool takes_next_word(const std::string& word, const CommandGroup& group) {
  if (word.find('=') != std::string::npos) return false;
  const auto is_meant = [&](const CommandOption& option) {
    const bool letter = word.size() == 2 && option.name.ends_with("," + word.substr(1));
    return !option.value.empty() && (word == "--" + long_name(option) || letter);
  };
  const auto any = [&](const std::vector<CommandOption>& options) {
    return std::any_of(options.begin(), options.end(), is_meant);
  };
  const std::vector<const Command*> actions = actions_of(group);
  return any(common_options()) || std::any_of(actions.begin(), actions.end(),
                                              [&](auto* action) { return any(action->options); });
}

/// Position of the first word behind the group's name that is neither an option nor its value.
std::size_t action_position(const std::vector<std::string>& words, const CommandGroup& group) {
  std::size_t at = 1;
  while (at < words.size() && words[at].starts_with("-"))
    at += takes_next_word(words[at], group) ? 2u : 1u;
  return at;
}

/// The command called `name` among some of them, or the nearest name in `near`.
const Command* named(const std::string& name, const std::vector<const Command*>& among,
                     std::string (*name_of)(const Command&), std::string& near) {
  std::vector<std::string> known;
  for (const Command* command : among) {
    known.push_back(name_of(*command));
    if (known.back() == name) return command;
  }
  near = nearest_word(name, known);
  return nullptr;
}

CalledCommand find_action(const std::vector<std::string>& words, const CommandGroup& group) {
  const std::size_t at = action_position(words, group);
  require(at < words.size(), "lightloom {} needs an action:{}", group.name, actions_text(group));
  std::string near;
  const Command* found = named(words[at], actions_of(group), action_name, near);
  require(found != nullptr, "lightloom {} has no action '{}'{}", group.name, words[at],
          near.empty() ? ":" + actions_text(group) : fmt::format(" (did you mean '{}'?)", near));
  CalledCommand called{.command = found, .arguments = {words.begin() + 1, words.end()}};
  called.arguments.erase(called.arguments.begin() + static_cast<std::ptrdiff_t>(at) - 1);
  return called;
}

/// Throws when an argument is an option of another action of the command's group.
void refuse_options_of_others(const CalledCommand& called) {
  const CommandGroup* group = group_named(group_name(*called.command));
  if (group == nullptr) return;
  const auto has = [](const std::vector<CommandOption>& options, const std::string& word) {
    return std::any_of(options.begin(), options.end(), [&](const CommandOption& option) {
      return word == "--" + long_name(option) || word.starts_with("--" + long_name(option) + "=");
    });
  };
  for (const std::string& word : called.arguments) {
    if (!word.starts_with("--") || has(common_options(), word) ||
        has(called.command->options, word))
      continue;
    std::vector<std::string> others;
    for (const Command* other : actions_of(*group))
      if (has(other->options, word)) others.push_back(other->name);
    require(others.empty(), "'{}' is not an option of lightloom {} but of lightloom {}",
            word.substr(0, word.find('=')), called.command->name,
            fmt::join(others, ", lightloom "));
  }
}

}  // namespace

std::vector<const Command*> actions_of(const CommandGroup& group) {
  std::vector<const Command*> actions;
  for (const Command* command : commands())
    if (group_name(*command) == group.name) actions.push_back(command);
  return actions;
}

std::string action_name(const Command& command) {
  return command.name.substr(command.name.rfind(' ') + 1);  // npos + 1 is 0
}

CalledCommand find_command(const std::vector<std::string>& words) {
  if (const CommandGroup* group = group_named(words.at(0))) return find_action(words, *group);
  for (const Command* command : commands())
    if (command->name == words[0]) return {command, {words.begin() + 1, words.end()}};
  std::vector<std::string> known;
  for (const Command* command : commands())
    if (group_name(*command).empty()) known.push_back(command->name);
  for (const CommandGroup& group : command_groups()) known.push_back(group.name);
  const std::string near = nearest_word(words[0], known);
  throw Error(fmt::format(
      "'{}' is not a command ({})", words[0],
      near.empty() ? "lightloom --help lists them" : fmt::format("did you mean '{}'?", near)));
}

CommandLine read_arguments(const CalledCommand& called) {
  refuse_options_of_others(called);
  return parse_command_line(called.command->name, called.arguments, called.command->options);
}

std::string general_help(const std::vector<std::string>& words) {
  if (words.empty() || asks_for_help(words[0])) return help();
  const CommandGroup* group = group_named(words[0]);
  if (group == nullptr || action_position(words, *group) < words.size()) return "";
  return std::any_of(words.begin(), words.end(), asks_for_help) ? help(*group) : "";
}

std::string help(const Command& command) {
  std::string text =
      fmt::format("lightloom {} {}\n{}\n", command.name, command.operand, command.summary);
  if (!command.options.empty()) text += "\noptions\n" + options_help(command.options);
  text += "\noptions of every command\n" + options_help(common_options());
  return text +
         fmt::format("\n--output names a file that ends in {}.\n", either(output_endings(command)));
}

}  // namespace lightloom::experiments
