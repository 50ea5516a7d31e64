#include <algorithm>
#include <cmath>

#include "core/cards/card.hpp"
#include "core/cards/words.hpp"
#include "core/error.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/tools/reproduction.hpp"
#include "experiments/results/files/provenance.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/views/packed_view.hpp"

namespace lightloom::experiments {
namespace {

struct ShownSummary {
  std::size_t finite = 0;
  double least = 0, greatest = 0, mean = 0;
};

ShownSummary shown_summary(const std::vector<double>& numbers) {
  ShownSummary summary;
  for (const double number : numbers) {
    if (!std::isfinite(number)) continue;
    summary.least = summary.finite == 0 ? number : std::min(summary.least, number);
    summary.greatest = summary.finite == 0 ? number : std::max(summary.greatest, number);
    summary.mean += number;
    ++summary.finite;
  }
  if (summary.finite > 0) summary.mean /= static_cast<double>(summary.finite);
  return summary;
}

const std::vector<std::string>* texts_of(const Values& values) {
  return std::get_if<std::vector<std::string>>(&values);
}

std::vector<double> numbers_of(const Values& values) {
  std::vector<double> numbers;
  std::visit(
      [&](const auto& list) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(list)>, std::vector<std::string>>)
          numbers.assign(list.begin(), list.end());
      },
      values);
  return numbers;
}

/// The first few values on one line.
std::string few(const Values& values) {
  constexpr std::size_t shown = 6;
  const std::size_t count = size_of(values);
  const std::vector<double> numbers = numbers_of(values);
  std::string line;
  for (std::size_t i = 0; i < std::min(count, shown); ++i) {
    const auto* texts = texts_of(values);
    line +=
        (i == 0 ? "" : ", ") + (texts != nullptr ? (*texts)[i] : fmt::format("{:.6g}", numbers[i]));
  }
  return line + (count > shown ? ", ..." : "");
}

std::string shape_text(const Labelled& data, const Variable& variable) {
  std::string text;
  for (const std::string& axis : variable.axes)
    text +=
        fmt::format("{}{} {}", text.empty() ? "" : ", ", axis, size_of(data.axis(axis)->values));
  return "(" + text + ")";
}

std::string content_text(const Variable& variable) {
  if (texts_of(variable.values) != nullptr || size_of(variable.values) == 1)
    return few(variable.values);
  const ShownSummary summary = shown_summary(numbers_of(variable.values));
  if (summary.finite == 0) return "no finite value";
  std::string text =
      fmt::format("{:.6g} to {:.6g}, mean {:.6g}", summary.least, summary.greatest, summary.mean);
  if (summary.finite < size_of(variable.values))
    text += fmt::format(" ({} of {} finite)", summary.finite, size_of(variable.values));
  return text;
}

std::string with_unit(const std::string& unit) {
  return unit.empty() || unit == "1" ? "" : " " + unit;
}

std::string listing(const std::string& path, const Labelled& data) {
  std::string text = path + "\n\naxes\n";
  for (const Axis& axis : data.axes)
    text += fmt::format("  {:<22} {:>6}  {}{}\n", axis.name, size_of(axis.values), few(axis.values),
                        with_unit(axis.unit));
  text += "\nvariables\n";
  for (const Variable& variable : data.variables)
    text += fmt::format("  {:<22} {:<32} {}{}\n", variable.name, shape_text(data, variable),
                        content_text(variable), with_unit(variable.unit));
  text += "\nattributes\n";
  for (const auto& [name, value] : data.attributes) {
    if (name == "card") continue;
    const std::string shown =
        std::visit([](const auto& held) { return fmt::format("{}", held); }, value);
    text += fmt::format("  {:<22} {}\n", name, shown);
  }
  return text;
}

Json describe_values(const std::string& unit, const std::string& long_name, const Values& values) {
  Json json{{"unit", unit}, {"long_name", long_name}, {"size", size_of(values)}};
  if (texts_of(values) != nullptr) return json;
  const ShownSummary summary = shown_summary(numbers_of(values));
  json["finite"] = summary.finite;
  json["min"] = summary.finite > 0 ? Json(summary.least) : Json();
  json["max"] = summary.finite > 0 ? Json(summary.greatest) : Json();
  json["mean"] = summary.finite > 0 ? Json(summary.mean) : Json();
  return json;
}

Json description(const std::string& path, const Labelled& data) {
  const Json all = experiments::to_json(data);
  Json json{{"file", path},
            {"attributes", all["attributes"]},
            {"axes", Json::object()},
            {"variables", Json::object()}};
  for (std::size_t i = 0; i < data.axes.size(); ++i) {
    const Axis& axis = data.axes[i];
    json["axes"][axis.name] = {{"unit", axis.unit},
                               {"long_name", axis.long_name},
                               {"size", size_of(axis.values)},
                               {"values", all["axes"][i]["values"]}};
  }
  for (const Variable& variable : data.variables) {
    Json one = describe_values(variable.unit, variable.long_name, variable.values);
    one["axes"] = variable.axes;
    json["variables"][variable.name] = std::move(one);
  }
  return json;
}

std::vector<std::string> names_in(const Labelled& data) {
  std::vector<std::string> names;
  for (const Axis& axis : data.axes) names.push_back(axis.name);
  for (const Variable& variable : data.variables) names.push_back(variable.name);
  return names;
}

/// One variable or axis with all its values.
Shown one_variable(const Labelled& data, const std::string& name) {
  const Json all = experiments::to_json(data);
  for (const char* kind : {"axes", "variables"})
    for (const Json& each : all[kind])
      if (each["name"] == name) {
        Shown result{.json = each};
        for (const Json& value : each["values"])
          result.text += (value.is_string() ? value.get<std::string>() : value.dump()) + "\n";
        return result;
      }
  const std::string near = nearest_word(name, names_in(data));
  throw Error(fmt::format("the file holds no variable '{}'{}", name,
                          near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near)));
}

/// An experiment card with every default filled in.
Shown resolved_card(const CommandLine& line) {
  for (const char* option : {"variable", "card"})
    require(!line.has(option), "--{} belongs to a results file, not to a card", option);
  const Experiment card = read_experiment(load_given_card(line));
  const std::string text = to_yaml(card.resolved);
  return {.json = {{"name", card.name}, {"card_hash", card_hash(card.resolved)}, {"card", text}},
          .text = text};
}

Shown do_inspect(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string path = only_operand(line, "a results file or an experiment card");
  if (path.ends_with(".yaml") || path.ends_with(".yml")) return resolved_card(line);
  require(line.settings.empty(), "--set belongs to a card, not to a results file");
  if (path.ends_with(".llw")) return packed_view(path, nn::read_packed(path));
  require(!line.has("card") || !line.has("variable"),
          "--card and --variable are two questions (ask one at a time)");
  const Labelled data = read_labelled(path);
  if (line.has("card")) return reproduction(path, data, line.value("card"));
  if (line.has("variable")) return one_variable(data, line.value("variable"));
  return {.json = description(path, data), .text = listing(path, data)};
}

}  // namespace

extern const Command inspect_command{
    .name = "inspect",
    .operand = "file",
    .summary = "what is in a results file, or a card with all its defaults",
    .options = {{"variable", "NAME", "print the values of one variable or axis"},
                {"card", "[POINT]",
                 "the card and the command that give the results again, or one point of a sweep: "
                 "its number, or 'basis_bits=4, batch=8'"}},
    .run = do_inspect};

}  // namespace lightloom::experiments
