#include "experiments/commands/experiment/break_even_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/error.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

using cosim::BreakEven;
using cosim::Metric;

/// Nanoseconds or picojoules in seconds or joules.
double in_base_units(double value, Metric metric) {
  return value * (metric == Metric::time ? 1e-9 : 1e-12);
}

Json break_even_json(const BreakEven& found) {
  Json json{{"crossings", found.crossings},
            {"tolerance", found.tolerance},
            {"equal", Json::array()},
            {"answers", Json::array()},
            {"sweep", Json::array()}};
  for (const cosim::EqualStretch& stretch : found.equal)
    json["equal"].push_back({{"from", stretch.from}, {"to", stretch.to}});
  for (const cosim::BreakEvenAnswer& answer : cosim::break_even_answers(found))
    json["answers"].push_back(answer.stretch()
                                  ? Json{{"equal_from", answer.at.from}, {"equal_to", answer.at.to}}
                                  : Json{{"crossing", answer.at.from}});
  for (const cosim::BreakEvenPoint& point : found.sweep)
    json["sweep"].push_back({{"value", point.value},
                             {"ours", in_base_units(point.ours, found.metric)},
                             {"baseline", in_base_units(point.baseline, found.metric)},
                             {"gain", point.gain()}});
  return json;
}

/// A unit as a table shows it.
std::string shown(const std::string& unit) { return unit == "1" ? "x the card's" : unit; }

/// A stretch that reaches an end of the range is open there.
std::string answers_text(const BreakEven& found, const std::string& unit) {
  const std::vector<cosim::BreakEvenAnswer> answers = cosim::break_even_answers(found);
  if (answers.empty())
    return fmt::format("none in range: it {} everywhere",
                       found.sweep.front().gain() > 1 ? "pays" : "does not pay");
  const auto one = [&](const cosim::BreakEvenAnswer& answer) {
    const auto& [from, to] = answer.at;
    if (!answer.stretch()) return fmt::format("{:.4g} {}", from, unit);
    const bool first = from == found.sweep.front().value, last = to == found.sweep.back().value;
    const std::string equal = fmt::format("equal within {:.3g} %", 100 * found.tolerance);
    if (first && last) return equal + " everywhere";
    if (last) return fmt::format("{} from {:.4g} {}", equal, from, unit);
    if (first) return fmt::format("{} up to {:.4g} {}", equal, to, unit);
    return fmt::format("{} from {:.4g} to {:.4g} {}", equal, from, to, unit);
  };
  std::string text;
  for (const cosim::BreakEvenAnswer& answer : answers)
    text += (text.empty() ? "" : ", ") + one(answer);
  return text;
}

/// Gains of one metric over (baseline, turned), and where they pass 1.
void add_gains(Labelled& data, const BreakEvenFound& found, Metric metric) {
  const bool time = metric == Metric::time;
  const std::size_t most = size_of(data.axis("crossing")->values);
  std::vector<double> gains, crossings;
  for (const BreakEvenAgainst& one : found.baselines) {
    const BreakEven& of = time ? one.time : one.energy;
    for (const cosim::BreakEvenPoint& point : of.sweep) gains.push_back(point.gain());
    std::vector<double> here = of.crossings;
    here.resize(most, std::numeric_limits<double>::quiet_NaN());
    crossings.insert(crossings.end(), here.begin(), here.end());
  }
  const std::string name = time ? "breakeven_speedup" : "breakeven_energy_gain",
                    what = time ? "speed-up" : "energy gain";
  data.add({.name = name,
            .axes = {"baseline", "turned"},
            .values = std::move(gains),
            .unit = "1",
            .long_name = what + " over a baseline"});
  data.add({.name = name + "_at",
            .axes = {"baseline", "crossing"},
            .values = std::move(crossings),
            .unit = found.unit,
            .long_name = "where the " + what + " passes 1"});
}

/// Crossings of the baseline that has most of them, at least one place.
std::size_t most_crossings(const BreakEvenFound& found) {
  std::size_t most = 1;
  for (const BreakEvenAgainst& one : found.baselines)
    most = std::max({most, one.time.crossings.size(), one.energy.crossings.size()});
  return most;
}

}  // namespace

BreakEvenFound find_break_even(const std::string& quantity, const Experiment& card,
                               const SourceLayers& layers) {
  const cosim::Quantity turned = cosim::quantity_named(quantity);
  const std::vector<cosim::CostInput> inputs = cost_inputs(layers, card.hardware);
  const std::vector<std::string> labels = source_labels(card.network);
  require(inputs.size() > 1, "--breakeven needs a baseline in the card to break even with");
  BreakEvenFound found{.label = labels[0],
                       .quantity = std::string(cosim::quantity_name(turned)),
                       .unit = std::string(cosim::quantity_unit(inputs[0], turned)),
                       .range = cosim::default_range(inputs[0], turned),
                       .baselines = {}};
  const auto against = [&](std::size_t i, Metric metric) {
    return cosim::find_break_even(inputs[0], inputs[i], {turned, metric, found.range});
  };
  for (std::size_t i = 1; i < inputs.size(); ++i)
    found.baselines.push_back({labels[i], against(i, Metric::time), against(i, Metric::energy)});
  return found;
}

void show_break_even(const BreakEvenFound& found, Shown& result) {
  Json& json = result.json["breakeven"];
  json["quantity"] = found.quantity;
  json["unit"] = found.unit;
  json["card_value"] = found.card_value();
  TextTable table({fmt::format("{} at which {} breaks even", found.quantity, found.label),
                   "in time", "in energy"});
  for (const auto& [label, time, energy] : found.baselines) {
    json["baselines"][label] = {{"time", break_even_json(time)},
                                {"energy", break_even_json(energy)}};
    table.row({"against " + label, answers_text(time, shown(found.unit)),
               answers_text(energy, shown(found.unit))});
  }
  result.text +=
      fmt::format("\n{}the card has {:.4g} {}; looked from {:.3g} to {:.3g}\n", table.text(),
                  found.card_value(), found.unit == "1" ? "times" : found.unit, found.range.low,
                  found.range.high);
}

void add_break_even(Labelled& data, const BreakEvenFound& found) {
  std::vector<std::string> labels;
  for (const BreakEvenAgainst& one : found.baselines) labels.push_back(one.label);
  std::vector<double> turned;
  for (const cosim::BreakEvenPoint& point : found.baselines.front().time.sweep)
    turned.push_back(point.value);
  std::vector<std::int64_t> places;
  for (std::size_t i = 0; i < most_crossings(found); ++i)
    places.push_back(static_cast<std::int64_t>(i));
  data.add_axis({"baseline", std::move(labels), "", "source of weights that is compared with"});
  data.add_axis({"turned", std::move(turned), found.unit, found.quantity});
  data.add_axis({"crossing", std::move(places), "1", "places where a gain passes 1"});
  data.attributes["breakeven_card_value"] = found.card_value();
  for (const Metric metric : {Metric::time, Metric::energy}) add_gains(data, found, metric);
}

}  // namespace lightloom::experiments
