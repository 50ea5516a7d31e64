#include "experiments/studies/accuracy/accuracy_output.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

Json known_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json interval_json(const Interval& interval) {
  return Json::array({known_or_null(interval.low), known_or_null(interval.high)});
}

Json intervals_json(const AccuracyIntervals& of) {
  return {{"mean", of.mean},
          {"trainings", of.trainings},
          {"chips", of.chips},
          {"images", of.images},
          {"between_trainings", known_or_null(of.between_trainings)},
          {"between_chips", known_or_null(of.between_chips)},
          {"between_images", known_or_null(of.between_images)},
          {"rest", known_or_null(of.rest)},
          {"other_images", interval_json(of.other_images)},
          {"other_chips", interval_json(of.other_chips)},
          {"other_trainings", interval_json(of.other_trainings)},
          {"together", interval_json(of.together)},
          {"next_chip", interval_json(of.next_chip)},
          {"next_chip_other_images", interval_json(of.next_chip_images)}};
}

const char* covers_text(Covers covers) {
  return covers == Covers::other_images ? "other images" : "other chips and images";
}

Json comparison_json(const Comparison& one) {
  const Difference& difference = one.difference;
  return {{"first", one.first},
          {"second", one.second},
          {"on", one.on_chips ? "chips" : "digital"},
          {"difference", difference.value},
          {"interval", interval_json(difference.interval)},
          {"bootstrap", interval_json(difference.bootstrap)},
          {"p", difference.p},
          {"method", difference.method},
          {"covers", covers_text(difference.covers)},
          {"pairs", difference.chips},
          {"only_first", difference.counts.only_first},
          {"only_second", difference.counts.only_second}};
}

Json training_json(const TrainingOutcomes& one) {
  Json json{{"seed", one.seed}, {"source", accuracy_of(one.source)}};
  json["float"] = one.float_network ? Json(accuracy_of(*one.float_network)) : Json();
  if (one.chips.empty()) return json;
  const std::vector<double> each = accuracies_of(one.chips);
  json["chips"] = {{"mean", spread_of(each).mean}, {"each", each}};
  return json;
}

std::string signed_percent(double share) { return fmt::format("{:+.2f} %", 100 * share); }

std::string p_text(double p) { return p < 1e-4 ? "< 0.0001" : fmt::format("{:.4f}", p); }

void interval_row(TextTable& table, const std::string& what, const Interval& interval) {
  if (interval.known()) table.row({what, percent(interval.low), percent(interval.high)});
}

/// How the networks of a set are called, and others like them.
struct Wording {
  std::string these, others;
};

Wording wording_of_chips(const AccuracyIntervals& chips) {
  const int all = chips.chips * chips.trainings;
  return {all == 1 ? "this chip" : fmt::format("these {} chips", all),
          chips.trainings > 1 ? "other trainings and chips" : "other chips"};
}

/// Rows of everything that a set of trainings and chips allows to say.
void interval_rows(TextTable& table, const Wording& wording, const AccuracyIntervals& intervals) {
  const bool several = intervals.trainings > 1;
  interval_row(table, wording.these + ", other images", intervals.other_images);
  interval_row(
      table,
      several ? "other chips of these trainings, these images" : wording.others + ", these images",
      intervals.other_chips);
  interval_row(table, wording.others + ", these images", intervals.other_trainings);
  interval_row(table, wording.others + ", other images", intervals.together);
  if (intervals.chips < 2) return;
  const std::string next = several ? "a chip of another training" : "one chip more";
  interval_row(table, next + ", these images", intervals.next_chip);
  interval_row(table, next + ", other images", intervals.next_chip_images);
}

std::string chips_note(const AccuracyIntervals& chips) {
  if (chips.chips == 1 && chips.trainings == 1)
    return "one chip says nothing of other chips (set chips to 2 or more)\n";
  if (!chips.together.known())
    return "these chips are right equally often, which says nothing of how chips differ\n";
  return "";
}

std::string comparisons_text(const std::vector<Comparison>& comparisons) {
  if (comparisons.empty()) return "";
  TextTable table({"on the same images", "difference", "95 % interval", "p", "method"});
  for (const Comparison& one : comparisons)
    table.row({fmt::format("{} - {}{}", one.first, one.second,
                           one.on_chips && one.first != "chips" ? " (chips)" : ""),
               signed_percent(one.difference.value),
               fmt::format("{} to {}", signed_percent(one.difference.interval.low),
                           signed_percent(one.difference.interval.high)),
               p_text(one.difference.p), one.difference.method});
  return "\n" + table.text();
}

}  // namespace

void add_statistics(Json& json, const AccuracyResult& accuracy) {
  json["images"] = {{"count", accuracy.images.test},
                    {"shared_with_training", accuracy.images.in_training},
                    {"shared_with_validation", accuracy.images.in_validation}};
  if (accuracy.own.source.images == 0) return;
  Json& intervals = json["intervals"];
  if (accuracy.float_intervals) intervals["float"] = intervals_json(*accuracy.float_intervals);
  intervals["source"] = intervals_json(accuracy.source_intervals);
  if (accuracy.chips_intervals) intervals["chips"] = intervals_json(*accuracy.chips_intervals);
  json["comparisons"] = Json::array();
  for (const Comparison& one : accuracy.comparisons)
    json["comparisons"].push_back(comparison_json(one));
  for (const BaselineOutcomes& baseline : accuracy.baselines)
    json["baselines"][baseline.label] = training_json(baseline.outcomes);
  if (accuracy.retrained.empty()) return;
  json["seeds"] = Json::array({training_json(accuracy.own)});
  for (const TrainingOutcomes& one : accuracy.retrained)
    json["seeds"].push_back(training_json(one));
}

std::string statistics_text(const AccuracyResult& accuracy) {
  if (accuracy.own.source.images == 0) return "";
  TextTable table({"95 % interval of the accuracy", "from", "to"});
  const auto digital = [&](const std::string& of, const AccuracyIntervals& intervals) {
    interval_rows(table, {of, of + ", other trainings"}, intervals);
  };
  if (accuracy.float_intervals) digital("float network", *accuracy.float_intervals);
  digital("regenerated weights", accuracy.source_intervals);
  if (accuracy.chips_intervals)
    interval_rows(table, wording_of_chips(*accuracy.chips_intervals), *accuracy.chips_intervals);
  std::string text = "\n" + table.text();
  if (accuracy.chips_intervals) text += chips_note(*accuracy.chips_intervals);
  text += comparisons_text(accuracy.comparisons);
  if (!accuracy.images_chose.empty())
    text += "\n" + images_chose_text(accuracy.images_chose) + "\n";
  return text;
}

}  // namespace lightloom::experiments
