// What shells and `man` need to know about the program, written from the table of commands.
#include "core/error.hpp"
#include "experiments/commands/commands.hpp"
#include "experiments/results/files/build_info.hpp"
#include "experiments/results/shown.hpp"

namespace lightloom::experiments {
namespace {

/// `text` with `escape` before every letter that is one of `special`.
std::string escaped(const std::string& text, std::string_view special, const std::string& escape) {
  std::string result;
  for (const char letter : text) {
    if (special.find(letter) != std::string_view::npos) result += escape;
    result += letter;
  }
  return result;
}

/// First words of command lines, with what they do.
std::vector<std::pair<std::string, std::string>> first_words() {
  std::vector<std::pair<std::string, std::string>> words;
  for (const Command* command : commands())
    if (command->name.find(' ') == std::string::npos)
      words.emplace_back(command->name, command->summary);
  for (const CommandGroup& group : command_groups()) words.emplace_back(group.name, group.summary);
  return words;
}

std::vector<CommandOption> all_options(const Command& command) {
  std::vector<CommandOption> options = command.options;
  options.insert(options.end(), common_options().begin(), common_options().end());
  return options;
}

// ---- bash ----

std::string bash_words(const Command& command) {
  std::string words;
  for (const CommandOption& option : all_options(command)) words += " --" + long_name(option);
  return words.substr(1);
}

std::string bash_completion() {
  std::string first, groups, cases;
  for (const auto& [word, summary] : first_words()) first += " " + word;
  for (const CommandGroup& group : command_groups()) {
    std::string actions;
    for (const Command* action : actions_of(group)) actions += " " + action_name(*action);
    groups += fmt::format("    {}) actions=\"{}\" ;;\n", group.name, actions.substr(1));
  }
  for (const Command* command : commands())
    cases += fmt::format("    \"{}\") words=\"{}\" ;;\n", command->name, bash_words(*command));
  return fmt::format(R"(# bash completion of lightloom
_lightloom() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" actions="" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{} --help --version" -- "$word"))
    return
  fi
  local command="${{COMP_WORDS[1]}}"
  case "$command" in
{}  esac
  if [ -n "$actions" ]; then
    if [ "$COMP_CWORD" -eq 2 ]; then
      COMPREPLY=($(compgen -W "$actions" -- "$word"))
      return
    fi
    command="$command ${{COMP_WORDS[2]}}"
  fi
  case "$command" in
{}  esac
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
  esac
}}
complete -o default -F _lightloom lightloom
)",
                     first.substr(1), groups, cases);
}

// ---- zsh ----

std::string zsh_quoted(const std::string& text) {
  std::string quoted;
  for (const char letter : text) quoted += letter == '\'' ? "'\\''" : std::string(1, letter);
  return "'" + quoted + "'";
}

std::string zsh_described(const std::string& word, const std::string& summary) {
  return zsh_quoted(word + ":" + escaped(summary, ":", "\\"));
}

std::string zsh_option(const CommandOption& option) {
  std::string text = fmt::format("*--{}{}[{}]", long_name(option), option.value.empty() ? "" : "=",
                                 escaped(option.help, "[]:\\", "\\"));
  if (!option.value.empty())
    text += fmt::format(":{}:{}", escaped(option.value, ":", "\\"),
                        option.value == "FILE" ? "_files" : " ");
  return zsh_quoted(text);
}

std::string zsh_completion() {
  std::string first, groups, cases;
  for (const auto& [word, summary] : first_words())
    first += "      " + zsh_described(word, summary) + "\n";
  for (const CommandGroup& group : command_groups()) {
    groups += fmt::format("    {})\n      words_here=(\n", group.name);
    for (const Command* action : actions_of(group))
      groups += "        " + zsh_described(action_name(*action), action->summary) + "\n";
    groups += "      ) ;;\n";
  }
  for (const Command* command : commands()) {
    cases += fmt::format("    {})\n      _arguments", zsh_quoted(command->name));
    for (const CommandOption& option : all_options(*command))
      cases += " \\\n        " + zsh_option(option);
    cases += " \\\n        '*:file:_files' ;;\n";
  }
  return fmt::format(R"(#compdef lightloom
# zsh completion of lightloom
_lightloom() {{
  local -a words_here
  if (( CURRENT == 2 )); then
    words_here=(
{}    )
    _describe command words_here
    return
  fi
  local command="$words[2]"
  case "$command" in
{}  esac
  if (( $#words_here )); then
    if (( CURRENT == 3 )); then
      _describe action words_here
      return
    fi
    command="$command $words[3]"
  fi
  case "$command" in
{}  esac
}}
_lightloom "$@"
)",
                     first, groups, cases);
}

// ---- the manual page ----

std::string roff(const std::string& text) {
  const std::string quoted = escaped(text, "\\-", "\\");
  return quoted.starts_with(".") || quoted.starts_with("'") ? "\\&" + quoted : quoted;
}

std::string roff_options(const std::vector<CommandOption>& options) {
  std::string text;
  for (const CommandOption& option : options) {
    text += fmt::format(".TP\n.B {}", roff("--" + long_name(option)));
    if (!option.value.empty()) text += fmt::format("\n.I {}", roff(option.value));
    text += "\n" + roff(option.help) + "\n";
  }
  return text;
}

std::string manual_page() {
  std::string text = fmt::format(
      ".TH LIGHTLOOM 1 \"\" \"lightloom {}\" \"User Commands\"\n.SH NAME\nlightloom \\- {}\n"
      ".SH SYNOPSIS\n.B lightloom\n.I command\n[card or file] [\\-\\-set key.path=value]... "
      "[options]\n.SH DESCRIPTION\n{}\n.SH COMMANDS\n",
      roff(build_info().version), roff("co-simulation of photonic accelerators"),
      roff("Simulates accelerators that regenerate their weights on chip instead of loading them: "
           "light, electrons and the network on one experiment card. Cards that are not in the "
           "working directory are looked for among those that are installed with the program."));
  for (const Command* command : commands())
    text += fmt::format(".SS lightloom {} {}\n{}\n", roff(command->name), roff(command->operand),
                        roff(command->summary)) +
            roff_options(command->options);
  return text + ".SH OPTIONS OF EVERY COMMAND\n" + roff_options(common_options()) +
         ".SH ENVIRONMENT\n.TP\n.B LIGHTLOOM_SHARE\nthe folder of the shipped cards, instead of "
         "the one beside the program\n.TP\n.B OMP_NUM_THREADS\nthreads to use, as "
         "\\-\\-threads\n.SH EXIT STATUS\n0: done, 1: the work failed, 2: the input is wrong.\n";
}

Shown do_completion(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string kind = only_operand(line, "bash, zsh or man");
  require(kind == "bash" || kind == "zsh" || kind == "man",
          "lightloom completion knows bash, zsh and man, but not '{}'", kind);
  const std::string text = kind == "bash"  ? bash_completion()
                           : kind == "zsh" ? zsh_completion()
                                           : manual_page();
  return {.json = {{kind, text}}, .text = text};
}

}  // namespace

extern const Command completion_command{
    .name = "completion",
    .operand = "bash|zsh|man",
    .summary = "completion of command lines for a shell, or the manual page",
    .run = do_completion};

}  // namespace lightloom::experiments
