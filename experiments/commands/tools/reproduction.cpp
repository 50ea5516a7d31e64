#include "experiments/commands/tools/reproduction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "core/error.hpp"
#include "experiments/designs/sweep_grid.hpp"
#include "experiments/results/files/provenance.hpp"
#include "experiments/sweep/sweep.hpp"
#include "experiments/sweep/sweep_table.hpp"

namespace lightloom::experiments {
namespace {

std::string without_blanks(std::string text) {
  std::erase(text, ' ');
  return text;
}

/// The point that a number from 1 or the text of its coordinates names, counted from 0.
std::size_t point_named(const SweepGrid& grid, const std::string& name) {
  std::size_t number = 0;
  const auto [stop, problem] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (problem == std::errc{} && stop == name.data() + name.size() && number >= 1 &&
      number <= grid.points())
    return number - 1;
  for (std::size_t point = 0; point < grid.points(); ++point)
    if (without_blanks(grid.describe(point)) == without_blanks(name)) return point;
  throw Error(fmt::format("the sweep has no point '{}' (a number from 1 to {}, or as in '{}')",
                          name, grid.points(), grid.describe(0)));
}

/// A file, or a call that needs one, whose lines are comments of a card.
std::string comment(const std::string& what, const std::string& text) {
  std::string line = text;
  std::replace(line.begin(), line.end(), '\n', ' ');
  return fmt::format("# {} {}\n", what, line);
}

std::string threads_of(const Labelled& data) {
  const auto found = data.attributes.find("threads");
  const auto* number =
      found == data.attributes.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
  return number == nullptr || *number < 1 ? "" : fmt::format(" --threads {}", *number);
}

/// "lightloom run card.yaml ... --ignore-sweep --set ..." of "lightloom sweep card.yaml ...".
std::string run_of_point(const std::string& sweep_call, const std::string& settings) {
  const std::string_view sweep = "lightloom sweep ";
  const std::string rest = sweep_call.starts_with(sweep) ? sweep_call.substr(sweep.size()) : "CARD";
  return fmt::format("lightloom run {} --ignore-sweep {}", rest, settings);
}

Shown point_again(const std::string& path, const Labelled& data, const std::string& name) {
  const std::string given = text_attribute(data, given_card_key);
  require(!given.empty(),
          "'{}' does not hold the card as it was given (an older program wrote it; its command was "
          "{})",
          path, text_attribute(data, "command"));
  const Tree card = parse_yaml(given, path);
  const SweepGrid grid = read_grid(card, data);
  const std::size_t point = point_named(grid, name);
  const std::string threads = threads_of(data);
  const std::string text = to_yaml(grid.card_at(card, point)),
                    call = "lightloom run FILE" + threads,
                    first_call =
                        run_of_point(text_attribute(data, "command"), grid.settings(point)) +
                        threads;
  const bool done = data.variable("done") != nullptr && is_done(data, point);
  Shown result{.json = {{"point", point + 1},
                        {"points", grid.points()},
                        {"at", grid.describe(point)},
                        {"done", done},
                        {"card", text},
                        {"command", call},
                        {"first_command", first_call}},
               .text = fmt::format("# point {} of {} of {}{}\n", point + 1, grid.points(), path,
                                   done ? "" : ", not computed there") +
                       comment("at", grid.describe(point)) +
                       comment("again, from this text in FILE:", call) +
                       comment("again, from its first card:", first_call) + text};
  return result;
}

Shown file_again(const std::string& path, const Labelled& data) {
  const bool sweep = text_attribute(data, "kind") == "sweep";
  const std::string given = sweep ? text_attribute(data, given_card_key) : "";
  const std::string text = given.empty() ? text_attribute(data, "card") : given;
  require(!text.empty() && text != "{}\n", "'{}' holds no card (its command was: {})", path,
          text_attribute(data, "command"));
  const std::string kind = text_attribute(data, "kind"), first = text_attribute(data, "command");
  Shown result{.json = {{"card", text}, {"first_command", first}},
               .text = comment("results:", path) + comment("were made by:", first)};
  if (sweep || kind == "run") {
    const std::string call = fmt::format("lightloom {} FILE{}", kind, threads_of(data));
    result.json["command"] = call;
    result.text += comment("again, from this text in FILE:", call);
  }
  result.text += text;
  return result;
}

}  // namespace

Shown reproduction(const std::string& path, const Labelled& data, const std::string& point) {
  if (point.empty()) return file_again(path, data);
  require(text_attribute(data, "kind") == "sweep",
          "'{}' is no sweep and has no point '{}' (give --card without a point)", path, point);
  return point_again(path, data, point);
}

}  // namespace lightloom::experiments
