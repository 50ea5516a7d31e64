// What a card will do, before it does it.
#include <fmt/ranges.h>
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/experiment/sweep_files.hpp"
#include "experiments/from_cards/sweep_study.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/studies/forecast/forecast.hpp"

namespace lightloom::experiments {
namespace {

constexpr EnumArray<Unit, const char*> unit_names() {
  EnumArray<Unit, const char*> names;
  names[Unit::data] = "data sets read or made";
  names[Unit::layers] = "networks' layers under every source";
  names[Unit::cost] = "simulations of time and energy";
  names[Unit::start] = "networks fitted or read";
  names[Unit::teacher_image] = "images the float network is trained with";
  names[Unit::student_image] = "images the weights' source is trained with";
  names[Unit::digital_image] = "images classified without hardware";
  names[Unit::chip] = "chips made and calibrated";
  names[Unit::chip_image] = "images classified on chips";
  return names;
}

/// "1 h 12 min", "43 s", "0.21 s".
std::string duration_text(double seconds) {
  if (seconds < 10) return fmt::format("{:.2g} s", seconds);
  if (seconds < 100) return fmt::format("{:.0f} s", seconds);
  const auto minutes = static_cast<std::int64_t>(std::round(seconds / 60));
  if (minutes < 60) return fmt::format("{} min", minutes);
  if (minutes < 48 * 60) return fmt::format("{} h {} min", minutes / 60, minutes % 60);
  return fmt::format("{:.1f} days", static_cast<double>(minutes) / (24 * 60));
}

std::string bytes_text(std::int64_t bytes) { return with_prefix(static_cast<double>(bytes), "B"); }

struct Checked {
  std::string kind;  // "run" or "sweep"
  Experiment first;
  std::size_t points = 1;
  Forecast forecast;
};

Checked check_card(const CommandLine& line) {
  const Tree card = load_given_card(line);
  if (card.find("sweep") == nullptr) {
    Experiment one = read_experiment(card);
    Forecast found = forecast({.at = [&](std::size_t) { return one; }});
    return {"run", std::move(one), 1, std::move(found)};
  }
  const SweepStudy study = read_sweep(card);
  const auto at = [&](std::size_t point) {
    return read_experiment(study.grid.card_at(study.card, point));
  };
  const std::size_t points = study.grid.points();
  const int at_once = study.accuracy
                          ? 1
                          : static_cast<int>(std::min<std::size_t>(
                                points, static_cast<std::size_t>(omp_get_max_threads())));
  return {"sweep", study.base, points, forecast({points, at, at_once}, {.seconds = 0.4})};
}

Json parts_json(const Forecast& found) {
  Json parts = Json::array();
  for (const Unit unit : all_of_enum<Unit>())
    if (found.work[unit] > 0)
      parts.push_back({{"what", unit_names()[unit]},
                       {"count", found.work[unit]},
                       {"each_s", found.times[unit]},
                       {"time_s", found.seconds_of(unit)}});
  return parts;
}

std::string parts_text(const Forecast& found) {
  TextTable table({"work", "count", "each", "all"});
  for (const Unit unit : all_of_enum<Unit>())
    if (found.work[unit] > 0)
      table.row({unit_names()[unit], fmt::format("{:.0f}", found.work[unit]),
                 with_prefix(found.times[unit], "s"), duration_text(found.seconds_of(unit))});
  return table.text();
}

std::string heading(const Checked& checked) {
  const Experiment& card = checked.first;
  std::string text = fmt::format("{}: a {}", card.name, checked.kind);
  if (checked.kind == "sweep") text += fmt::format(" of {} points", checked.points);
  text += fmt::format("\nnetwork {}, weights {}\n", card.network.model,
                      fmt::join(source_labels(card.network), ", "));
  if (!card.measures.accuracy) return text + "no accuracy is measured\n\n";
  const Sizes& sizes = checked.forecast.sizes;
  return text + fmt::format(
                    "data {}: {} images to train with, {} to choose by, {} to test\n"
                    "products of training in {} (float network: {})\n{} chips\n\n",
                    card.network.dataset.name, sizes.training, sizes.validation, sizes.test,
                    nn::precision_name(card.training.student.precision),
                    nn::precision_name(card.training.teacher.precision), card.chips);
}

Shown do_check(const CommandLine& line, ProgressSink& /*progress*/) {
  const Checked checked = check_card(line);
  const Forecast& found = checked.forecast;
  const Sizes& sizes = found.sizes;
  const std::string results = checked.first.name + ".h5", page = report_path(results);
  Shown result;
  result.json = {
      {"name", checked.first.name},
      {"kind", checked.kind},
      {"points", checked.points},
      {"chips", checked.first.measures.accuracy ? checked.first.chips : 0},
      {"images",
       {{"training", sizes.training}, {"validation", sizes.validation}, {"test", sizes.test}}},
      {"precision",
       {{"train", nn::precision_name(checked.first.training.student.precision)},
        {"teacher", nn::precision_name(checked.first.training.teacher.precision)}}},
      {"threads", omp_get_max_threads()},
      {"time_s", found.seconds},
      {"parts", parts_json(found)},
      {"memory_bytes", found.memory_bytes},
      {"files",
       {{{"file", results}, {"bytes", found.result_bytes}},
        {{"file", page}, {"bytes", found.page_bytes}}}},
      {"trainings", found.trainings},
      {"probe_s", found.probes_took_s}};
  result.text = heading(checked) + parts_text(found);
  result.text += fmt::format(
      "\ntime    about {} with {} threads, on a machine as busy as now (measured for {} on {} of "
      "{} points)\nmemory  about {}\ndisk    {} about {}, {} about {}\n",
      duration_text(found.seconds), omp_get_max_threads(), duration_text(found.probes_took_s),
      found.probes, checked.points, bytes_text(found.memory_bytes), results,
      bytes_text(found.result_bytes), page, bytes_text(found.page_bytes));
  for (const std::string& sentence : found.trainings) result.text += "note: " + sentence + "\n";
  result.text += "the card is in order; nothing was written\n";
  return result;
}

}  // namespace

extern const Command check_command{
    .name = "check",
    .operand = "card.yaml",
    .summary = "what run or sweep will do with a card, and take: time, memory, disk",
    .options = {},
    .run = do_check};

}  // namespace lightloom::experiments
