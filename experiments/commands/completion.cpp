// What a shell completes, from the command table.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "experiments/commands/commands.hpp"
#include "experiments/results/shown.hpp"

namespace lightloom::experiments {
namespace {

std::string options_words(const std::vector<CommandOption>& options) {
  std::vector<std::string> words;
  for (const CommandOption& option : options) words.push_back("--" + long_name(option));
  return fmt::format("{}", fmt::join(words, " "));
}

/// Words that may stand first: commands of one word, and groups.
std::vector<std::pair<std::string, std::string>> first_words() {
  std::vector<std::pair<std::string, std::string>> words;
  for (const Command* command : commands())
    if (action_name(*command) == command->name) words.emplace_back(command->name, command->summary);
  for (const CommandGroup& group : command_groups()) words.emplace_back(group.name, group.summary);
  return words;
}

std::string names_of(const std::vector<std::pair<std::string, std::string>>& words) {
  std::vector<std::string> names;
  for (const auto& [name, summary] : words) names.push_back(name);
  return fmt::format("{}", fmt::join(names, " "));
}

std::vector<std::pair<std::string, std::string>> actions_in(const CommandGroup& group) {
  std::vector<std::pair<std::string, std::string>> words;
  for (const Command* action : actions_of(group))
    words.emplace_back(action_name(*action), action->summary);
  return words;
}

std::string bash_script() {
  std::string groups, actions, options;
  for (const CommandGroup& group : command_groups()) {
    groups += (groups.empty() ? "" : "|") + group.name;
    actions += fmt::format("      {}) words=\"{}\" ;;\n", group.name, names_of(actions_in(group)));
  }
  for (const Command* command : commands())
    if (!command->options.empty())
      options += fmt::format("    \"{}\") words=\"{}\" ;;\n", command->name,
                             options_words(command->options));
  return fmt::format(R"(# bash completion of lightloom, made by `lightloom completion bash`
_lightloom() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" command="${{COMP_WORDS[1]}}" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{} --help --version" -- "$current"))
    return
  fi
  if [ "$COMP_CWORD" -eq 2 ]; then
    case "$command" in
{}    esac
    if [ -n "$words" ]; then
      COMPREPLY=($(compgen -W "$words --help" -- "$current"))
      return
    fi
  fi
  case "$command" in
    {}) command="$command ${{COMP_WORDS[2]}}" ;;
  esac
  case "$command" in
{}  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$words {}" -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}}
complete -o filenames -F _lightloom lightloom
)",
                     names_of(first_words()), actions, groups, options,
                     options_words(common_options()));
}

/// A text inside single quotes of zsh, where brackets and colons mean something to _arguments.
std::string zsh_quoted(const std::string& text) {
  std::string quoted;
  for (const char letter : text) {
    if (letter == '\'')
      quoted += "'\\''";
    else if (letter == '[' || letter == ']' || letter == ':' || letter == '\\')
      quoted += std::string("\\") + letter;
    else
      quoted += letter;
  }
  return quoted;
}

std::string zsh_options(const std::vector<CommandOption>& options, const std::string& indent) {
  std::string text;
  for (const CommandOption& option : options) {
    const std::string value = option.value.empty()
                                  ? ""
                                  : fmt::format(":{}:{}", zsh_quoted(option.value),
                                                option.value == "FILE" ? "_files" : "");
    const bool repeats = option.name == "set";
    text += fmt::format("{}'{}--{}[{}]{}'\n", indent, repeats ? "*" : "", long_name(option),
                        zsh_quoted(option.help), value);
  }
  return text;
}

std::string zsh_words(const std::vector<std::pair<std::string, std::string>>& words,
                      const std::string& indent) {
  std::string text;
  for (const auto& [name, summary] : words)
    text += fmt::format("{}'{}:{}'\n", indent, name, zsh_quoted(summary));
  return text;
}

std::string zsh_script() {
  std::string actions, options, groups;
  for (const CommandGroup& group : command_groups()) {
    groups += (groups.empty() ? "" : "|") + group.name;
    actions += fmt::format("      {})\n        words_here=(\n{}        )\n        ;;\n", group.name,
                           zsh_words(actions_in(group), "          "));
  }
  for (const Command* command : commands())
    if (!command->options.empty())
      options += fmt::format("    '{}')\n      options+=(\n{}      )\n      ;;\n", command->name,
                             zsh_options(command->options, "        "));
  return fmt::format(R"(#compdef lightloom
# zsh completion of lightloom, made by `lightloom completion zsh`
_lightloom() {{
  local command=$words[2]
  local -a words_here options
  if (( CURRENT == 2 )); then
    words_here=(
{}    )
    _describe command words_here
    return
  fi
  if (( CURRENT == 3 )); then
    case $command in
{}    esac
    if (( $#words_here )); then
      _describe action words_here
      return
    fi
  fi
  case $command in
    {}) command="$command $words[3]" ;;
  esac
  options=(
{}  )
  case $command in
{}  esac
  _arguments $options '*:file:_files'
}}
_lightloom "$@"
)",
                     zsh_words(first_words(), "      "), actions, groups,
                     zsh_options(common_options(), "    "), options);
}

Shown run(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string shell = only_operand(line, "the name of a shell (bash or zsh)");
  require(shell == "bash" || shell == "zsh", "lightloom completion knows bash and zsh, not '{}'",
          shell);
  std::string script = shell == "bash" ? bash_script() : zsh_script();
  return {.json = {{"shell", shell}, {"script", script}}, .text = std::move(script)};
}

}  // namespace

extern const Command completion_command{
    .name = "completion",
    .operand = "bash|zsh",
    .summary = "the script by which a shell completes commands and options",
    .writes = Writes::nothing,
    .options = {},
    .run = run};

}  // namespace lightloom::experiments
