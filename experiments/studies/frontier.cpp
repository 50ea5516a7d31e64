#include "experiments/studies/frontier.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/files/csv.hpp"
#include "cosim/generator/generator_light.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "nn/models/models.hpp"

namespace lightloom::experiments {
namespace {

constexpr const char* laser_key = "generator.photonic.laser_power_mW";
constexpr const char* bits_key = "generator.photonic.bits";

/// The number that a card has under a path of keys.
std::optional<double> number_at(Tree card, const std::string& key) {
  const Tree* found = find_at(card, key);
  return found == nullptr ? std::nullopt : csv_number(found->scalar);
}

std::vector<std::string> settings_of(const std::string& key, double value) {
  std::vector<std::string> settings{fmt::format("{}={:.12g}", key, value)};
  if (key == laser_key) settings.push_back(fmt::format("{}=0", bits_key));
  if (key == bits_key) settings.push_back(fmt::format("{}=0", laser_key));
  return settings;
}

double bits_of(const FrontierPoint& point) {
  return point.study.generator.light ? point.study.generator.light->bits_uniform : 0;
}

/// How the card's chips do.
void add_accuracy(const Experiment& card, Workbench& workbench, ProgressSink& progress,
                  FrontierPoint& point) {
  Experiment accuracy = card;
  accuracy.measures.accuracy = true;
  accuracy.measures.cost = accuracy.measures.baselines = false;
  accuracy.seeds = 1;
  require(card.chips > 1, "--accuracy needs chips in the card (chips: 8)");
  require_classes(accuracy, "--accuracy");
  const AccuracyResult found = *run_experiment(accuracy, workbench, progress).accuracy;
  point.accuracy = found.over_chips;
  point.images_chose = found.images_chose;
}

}  // namespace

std::vector<std::string> Frontier::images_chose() const {
  std::vector<std::string> all;
  for (const FrontierPoint& point : points) {
    if (!point.accuracy) continue;
    all = point.images_chose;
    all.push_back(fmt::format("which values of {} no other beats", key));
    break;
  }
  return all;
}

bool Frontier::dominated(std::size_t i) const {
  const auto measure = [](const FrontierPoint& p) {
    return p.accuracy ? p.accuracy->mean : bits_of(p);
  };
  const FrontierPoint& mine = points[i];
  const double energy = mine.study.reports[0].energy_J();
  return std::any_of(points.begin(), points.end(), [&](const FrontierPoint& other) {
    if (&other == &mine || !other.problem.empty()) return false;
    const double other_energy = other.study.reports[0].energy_J();
    return other_energy <= energy && measure(other) >= measure(mine) &&
           (other_energy < energy || measure(other) > measure(mine));
  });
}

std::string frontier_key(const std::string& name) {
  if (name == "generator.laser") return laser_key;
  if (name == "generator.bits") return bits_key;
  if (name == "core.laser") return "core.laser.power_per_input_mW";
  return name;
}

std::vector<double> frontier_values(const Experiment& card, const std::string& key) {
  std::optional<double> value = number_at(card.resolved, key);
  if (card.hardware.generator.kind == "photonic" && value == 0.0 &&
      (key == laser_key || key == bits_key)) {
    const auto light =
        cosim::generator_light(card.hardware.generator.own.get<cosim::PhotonicGenerator>());
    value = key == laser_key ? light.laser_power_mW : light.bits_uniform;
  }
  require(value && *value > 0,
          "--frontier {}: the card has no number above 0 there to go out from (name the values: "
          "{}=1,2,4)",
          key, key);
  std::vector<double> values;
  const bool whole = *value == std::round(*value) && *value < 1e6 && key != laser_key;
  for (int step = -4; step <= 4; ++step) {
    const double next = key == bits_key ? *value + 0.5 * step : *value * std::exp2(step);
    if (next > 0 && (!whole || key == bits_key || next == std::round(next))) values.push_back(next);
  }
  return values;
}

Frontier study_frontier(const CardWith& card_with, const FrontierAsked& asked,
                        ProgressSink& progress) {
  Frontier frontier{.key = asked.key};
  Workbench workbench(progress);
  std::string first_problem;
  for (const double value : asked.values) {
    try {
      const Experiment card = card_with(settings_of(asked.key, value));
      FrontierPoint point{.value = value};
      point.study = study_cost(card.network, card.hardware, *workbench.layers(card));
      if (asked.accuracy) add_accuracy(card, workbench, progress, point);
      frontier.points.push_back(std::move(point));
    } catch (const Error& error) {
      frontier.points.push_back({.value = value, .problem = error.what()});
      if (first_problem.empty()) first_problem = error.what();
    }
  }
  const bool any = std::any_of(frontier.points.begin(), frontier.points.end(),
                               [](const FrontierPoint& p) { return p.problem.empty(); });
  require(any, "--frontier {}: no value can be had: {}", asked.key, first_problem);
  return frontier;
}

Json frontier_json(const Frontier& frontier) {
  Json json{{"key", frontier.key}, {"points", Json::array()}};
  if (const auto chose = frontier.images_chose(); !chose.empty()) json["images_chose"] = chose;
  for (std::size_t i = 0; i < frontier.points.size(); ++i) {
    const FrontierPoint& point = frontier.points[i];
    if (!point.problem.empty()) {
      json["points"].push_back({{"value", point.value}, {"problem", point.problem}});
      continue;
    }
    Json one{{"value", point.value}, {"dominated", frontier.dominated(i)}};
    Json cost;
    add_cost(cost, point.study);
    for (const char* name :
         {"time_s", "energy_J", "bound_by", "speedup", "energy_gain", "generator"})
      one[name] = cost[name];
    one["area_mm2"] = point.study.reports[0].area_mm2();
    if (point.accuracy)
      one["accuracy"] = {{"mean", point.accuracy->mean},
                         {"standard_deviation", point.accuracy->standard_deviation},
                         {"low", point.accuracy->low},
                         {"high", point.accuracy->high}};
    json["points"].push_back(std::move(one));
  }
  return json;
}

std::string frontier_text(const Frontier& frontier) {
  const auto first = std::find_if(frontier.points.begin(), frontier.points.end(),
                                  [](const FrontierPoint& p) { return p.problem.empty(); });
  std::vector<std::string> header{frontier.key, "generator's laser", "bits of light", "time",
                                  "energy"};
  for (std::size_t k = 1; k < first->study.labels.size(); ++k) {
    header.push_back("gain, " + first->study.labels[k]);
  }
  if (first->accuracy) header.emplace_back("accuracy on chips");
  TextTable table(header);
  std::string refused;
  for (std::size_t i = 0; i < frontier.points.size(); ++i) {
    const FrontierPoint& point = frontier.points[i];
    if (!point.problem.empty()) {
      refused += fmt::format("{:.4g}: {}\n", point.value, point.problem);
      continue;
    }
    const auto& light = point.study.generator.light;
    std::vector<std::string> row{
        fmt::format("{:.4g}{}", point.value, frontier.dominated(i) ? "" : " *"),
        light ? with_prefix(light->laser_power_mW * 1e-3, "W") : "-",
        light ? fmt::format("{:.2f}", light->bits_uniform) : "exact",
        with_prefix(point.study.reports[0].time_s(), "s"),
        with_prefix(point.study.reports[0].energy_J(), "J")};
    for (std::size_t k = 1; k < point.study.labels.size(); ++k) {
      row.push_back(fmt::format("{:.3g} x", point.study.energy_gain(k)));
    }
    if (point.accuracy)
      row.push_back(fmt::format("{:.2f} % +- {:.2f} %", 100 * point.accuracy->mean,
                                100 * point.accuracy->standard_deviation));
    table.row(std::move(row));
  }
  const std::string chose = images_chose_text(frontier.images_chose());
  return fmt::format(
      "{}gain: in energy of one batch; * no other value takes less energy for as many {}\n{}{}",
      table.text(), first->accuracy ? "right answers" : "bits of light",
      refused.empty() ? "" : "not to be had: " + refused, chose.empty() ? "" : chose + "\n");
}

}  // namespace lightloom::experiments
