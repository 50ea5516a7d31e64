#include "experiments/commands/command_line.hpp"

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <cmath>

#include "core/cards/card.hpp"
#include "core/cards/words.hpp"
#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

namespace po = boost::program_options;

/// A word that is an operand, not the value of an option that may lack one.
bool names_input(std::string_view word) {
  for (const std::string_view ending : {".yaml", ".yml", ".h5", ".hdf5", ".nc"})
    if (word.ends_with(ending)) return true;
  return false;
}

const std::string left_out = "\x1f";  // stands for a value that was left out

bool may_lack_value(const CommandOption& option) { return option.value.starts_with('['); }

/// The arguments with the values of options that may lack one joined to them, "--name=value". A
/// word behind such an option is its value unless it is an option or a file of a card or results.
std::vector<std::string> with_values(const std::vector<std::string>& given,
                                     const std::vector<CommandOption>& options) {
  std::vector<std::string> arguments;
  for (std::size_t i = 0; i < given.size(); ++i) {
    arguments.push_back(given[i]);
    const bool lacks =
        std::any_of(options.begin(), options.end(), [&](const CommandOption& option) {
          return may_lack_value(option) && given[i] == "--" + long_name(option);
        });
    if (!lacks) continue;
    const std::string next = i + 1 < given.size() ? given[i + 1] : "";
    const bool value = !next.empty() && !next.starts_with('-') && !names_input(next);
    arguments.back() += "=" + (value ? next : left_out);
    if (value) ++i;
  }
  return arguments;
}

void declare(po::options_description& all, const CommandOption& option) {
  if (option.value.empty())
    all.add_options()(option.name.c_str(), po::bool_switch());
  else if (option.name == "set")
    all.add_options()("set", po::value<std::vector<std::string>>());
  else
    all.add_options()(option.name.c_str(), po::value<std::string>());
}

std::uint64_t whole_number(const std::string& option, const std::string& text) {
  std::uint64_t number = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  require(!text.empty() && problem == std::errc{} && stop == text.data() + text.size(),
          "--{} {}: expected a whole number that is not negative", option, text);
  return number;
}

/// An unknown option with the nearest known one, as the sentence of an `Error`.
std::string unknown_option(const std::string& option, const std::string& command,
                           const std::vector<CommandOption>& extra) {
  std::vector<std::string> known;
  for (const auto* options : {&common_options(), &extra})
    for (const CommandOption& each : *options) known.push_back("--" + long_name(each));
  const std::string near = nearest_word(option, known);
  return fmt::format("'{}' is not an option of lightloom {} ({})", option, command,
                     near.empty() ? fmt::format("lightloom {} --help lists them", command)
                                  : fmt::format("did you mean '{}'?", near));
}

po::variables_map parse(const std::string& command, const std::vector<std::string>& arguments,
                        const std::vector<CommandOption>& extra) {
  po::options_description all;
  for (const CommandOption& option : common_options()) declare(all, option);
  for (const CommandOption& option : extra) declare(all, option);
  all.add_options()("operand", po::value<std::vector<std::string>>());
  po::positional_options_description operands;
  operands.add("operand", -1);
  const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
  try {
    po::variables_map values;
    po::store(
        po::command_line_parser(arguments).options(all).positional(operands).style(style).run(),
        values);
    return values;
  } catch (const po::unknown_option& error) {
    throw Error(unknown_option(error.get_option_name(), command, extra));
  } catch (const po::error& error) {
    throw Error(
        fmt::format("{} (lightloom {} --help explains the options)", error.what(), command));
  }
}

template <class T>
void take(const po::variables_map& values, const char* name, T& field) {
  if (values.count(name) > 0) field = values[name].as<T>();
}

}  // namespace

const std::vector<CommandOption>& common_options() {
  static const std::vector<CommandOption> options{
      {"set", "key.path=value", "change one key of the card; may be repeated"},
      {"output,o", "FILE", "where the result goes"},
      {"threads", "N", "threads to use (all when absent)"},
      {"seed", "N", "replaces the card's seed"},
      {"json", "", "print exactly one JSON object on standard output"},
      {"quiet", "", "no progress on standard error"},
      {"help,h", "", "explain this command"},
  };
  return options;
}

std::string long_name(const CommandOption& option) {
  return option.name.substr(0, option.name.find(','));
}

std::string options_help(const std::vector<CommandOption>& options) {
  std::string text;
  for (const CommandOption& option : options)
    text += fmt::format("  --{:<24} {}\n",
                        long_name(option) + (option.value.empty() ? "" : " " + option.value),
                        option.help);
  return text;
}

std::string only_operand(const CommandLine& line, const std::string& what) {
  require(!line.operands.empty(), "lightloom {} needs {}", line.command, what);
  require(line.operands.size() == 1, "lightloom {} takes one operand, {}, but '{}' follows it",
          line.command, what, line.operands.size() < 2 ? "" : line.operands[1]);
  return line.operands[0];
}

const std::string& operand(const CommandLine& line, std::size_t index, std::string_view what) {
  require(line.operands.size() > index, "lightloom {} needs {}", line.command, what);
  return line.operands[index];
}

void at_most_operands(const CommandLine& line, std::size_t count) {
  require(line.operands.size() <= count, "lightloom {} takes {} operand{}, but '{}' is given too",
          line.command, count, count == 1 ? "" : "s",
          line.operands.empty() ? "" : line.operands.back());
}

bool CommandLine::writes(const std::string& option) const {
  return std::find(written.begin(), written.end(), option) != written.end();
}

std::vector<std::string> CommandLine::outputs() const {
  std::vector<std::string> files;
  if (!output.empty()) files.push_back(output);
  for (const std::string& option : written)
    if (has(option) && value(option) != "none") files.push_back(value(option));
  return files;
}

std::string CommandLine::value(const std::string& option, const std::string& otherwise) const {
  const auto found = extra.find(option);
  return found == extra.end() ? otherwise : found->second;
}

std::int64_t CommandLine::number(const std::string& option, std::int64_t otherwise,
                                 std::int64_t least) const {
  if (!has(option)) return otherwise;
  const std::uint64_t found = whole_number(option, value(option));
  require(found >= static_cast<std::uint64_t>(least) && found <= (std::uint64_t{1} << 53),
          "--{} {}: must be at least {} and at most 2^53", option, found, least);
  return static_cast<std::int64_t>(found);
}

double CommandLine::real(const std::string& option, double otherwise, double least) const {
  if (!has(option)) return otherwise;
  const std::string given = value(option);
  double found = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), found);
  require(error == std::errc() && end == given.data() + given.size() && std::isfinite(found) &&
              found >= least,
          "--{} {}: must be a number of at least {}", option, given, least);
  return found;
}

CommandLine parse_command_line(const std::string& command,
                               const std::vector<std::string>& arguments,
                               const std::vector<CommandOption>& options) {
  const po::variables_map values = parse(command, with_values(arguments, options), options);
  CommandLine line;
  line.command = command;
  line.text = "lightloom " + command;
  for (const std::string& argument : arguments) line.text += " " + argument;
  take(values, "operand", line.operands);
  take(values, "set", line.settings);
  take(values, "output", line.output);
  take(values, "json", line.json);
  take(values, "quiet", line.quiet);
  take(values, "help", line.help);
  if (values.count("seed") > 0) line.seed = whole_number("seed", values["seed"].as<std::string>());
  if (values.count("threads") > 0) {
    const std::uint64_t threads = whole_number("threads", values["threads"].as<std::string>());
    require(threads >= 1 && threads <= 1024, "--threads {}: must be 1 to 1024", threads);
    line.threads = static_cast<int>(threads);
  }
  for (const CommandOption& option : options) {
    const std::string name = long_name(option);
    if (!option.endings.empty()) line.written.push_back(name);
    if (values.count(name) == 0) continue;
    if (!option.value.empty())
      line.extra[name] =
          values[name].as<std::string>() == left_out ? "" : values[name].as<std::string>();
    else if (values[name].as<bool>())
      line.extra[name] = "on";
  }
  return line;
}

}  // namespace lightloom::experiments
