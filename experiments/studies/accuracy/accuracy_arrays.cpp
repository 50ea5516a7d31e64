#include "experiments/studies/accuracy/accuracy_arrays.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <numeric>

namespace lightloom::experiments {
namespace {

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

struct Named {
  std::string name, long_name;
};

void add_number(Labelled& data, const Named& named, double value) {
  data.add({named.name, {}, std::vector<double>{value}, "1", named.long_name});
}

void add_interval(Labelled& data, const Named& named, const Interval& interval) {
  add_number(data, {named.name + "_low", "lower end of the 95 % interval: " + named.long_name},
             interval.low);
  add_number(data, {named.name + "_high", "upper end of the 95 % interval: " + named.long_name},
             interval.high);
}

void add_chip_intervals(Labelled& data, const AccuracyResult& accuracy) {
  std::vector<double> low, high;
  for (const Outcomes& chip : accuracy.own.chips) {
    const Interval interval = other_images(chip);
    low.push_back(interval.low);
    high.push_back(interval.high);
  }
  data.add({"accuracy_chip_low", {"chip"}, low, "1", "this chip on other images, lower end"});
  data.add({"accuracy_chip_high", {"chip"}, high, "1", "this chip on other images, upper end"});
  const AccuracyIntervals& of = *accuracy.chips_intervals;
  add_interval(data, {"accuracy_chips_images", "these chips, other images"}, of.other_images);
  add_interval(data, {"accuracy_chips_together", "other chips, other images"}, of.together);
  add_interval(data, {"accuracy_chips_next", "one chip more, these images"}, of.next_chip);
  add_interval(data, {"accuracy_chips_next_images", "one chip more, other images"},
               of.next_chip_images);
  add_number(data, {"accuracy_between_chips", "standard deviation between chips"},
             of.between_chips);
  add_number(data, {"accuracy_between_images", "standard deviation between images"},
             of.between_images);
  add_number(data, {"accuracy_rest", "standard deviation of what neither explains"}, of.rest);
}

/// The trainings side by side, where there are several.
void add_trainings(Labelled& data, const AccuracyResult& accuracy) {
  if (accuracy.retrained.empty()) return;
  std::vector<const TrainingOutcomes*> all{&accuracy.own};
  for (const TrainingOutcomes& one : accuracy.retrained) all.push_back(&one);
  std::vector<std::int64_t> numbers(all.size());
  std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
  data.add_axis({"training", numbers, "1", "training: its seed is the card's plus this"});
  std::vector<double> source, chips;
  for (const TrainingOutcomes* one : all) {
    source.push_back(accuracy_of(one->source));
    for (const double value : accuracies_of(one->chips)) chips.push_back(value);
  }
  data.add({"accuracy_source_training", {"training"}, source, "1", "digital, by training"});
  const AccuracyIntervals& digital = accuracy.source_intervals;
  add_interval(data, {"accuracy_source_trainings", "other trainings, these images, digital"},
               digital.other_trainings);
  add_interval(data, {"accuracy_source_together", "other trainings, other images, digital"},
               digital.together);
  add_number(data, {"accuracy_between_trainings", "standard deviation between trainings"},
             (accuracy.chips_intervals ? *accuracy.chips_intervals : digital).between_trainings);
  if (chips.empty()) return;
  data.add({"accuracy_training_chip", {"training", "chip"}, chips, "1", "by training and chip"});
  add_interval(data, {"accuracy_chips_trainings", "other trainings and chips, these images"},
               accuracy.chips_intervals->other_trainings);
}

void add_difference(Labelled& data, const std::string& name, const Comparison& one) {
  const std::string what = one.first + " minus " + one.second + ", same images";
  add_number(data, {name, what}, one.difference.value);
  add_interval(data, {name, what}, one.difference.interval);
  if (one.difference.bootstrap.known())
    add_interval(data, {name + "_bootstrap", "by bootstrap: " + what}, one.difference.bootstrap);
  add_number(data, {name + "_p", "p of no difference: " + what}, one.difference.p);
}

/// Differences from the card's own source, by source; not a number for itself.
void add_baselines(Labelled& data, const AccuracyResult& accuracy, bool on_chips) {
  const std::string on = on_chips ? "accuracy_chips_" : "accuracy_";
  std::vector<double> value{not_known}, low{not_known}, high{not_known}, p{not_known};
  std::vector<double> each{on_chips ? accuracy.over_chips.mean : accuracy.source};
  for (const BaselineOutcomes& baseline : accuracy.baselines)
    each.push_back(on_chips ? spread_of(accuracies_of(baseline.outcomes.chips)).mean
                            : accuracy_of(baseline.outcomes.source));
  for (const Comparison& one : accuracy.comparisons) {
    if (one.key != "baseline" || one.on_chips != on_chips) continue;
    value.push_back(one.difference.value);
    low.push_back(one.difference.interval.low);
    high.push_back(one.difference.interval.high);
    p.push_back(one.difference.p);
  }
  const auto add = [&](const char* name, const std::vector<double>& values, const char* what) {
    data.add({on + name, {"source"}, values, "1", what});
  };
  add("by_source", each, on_chips ? "mean accuracy over chips, by source" : "accuracy by source");
  add("gain", value, "own source minus this one, same images");
  add("gain_low", low, "lower end of the 95 % interval of that");
  add("gain_high", high, "upper end of the 95 % interval of that");
  add("gain_p", p, "p of no difference");
}

void add_comparisons(Labelled& data, const AccuracyResult& accuracy) {
  for (const Comparison& one : accuracy.comparisons)
    if (one.key != "baseline") add_difference(data, "difference_" + one.key, one);
  if (accuracy.baselines.empty()) return;
  add_baselines(data, accuracy, false);
  if (!accuracy.own.chips.empty()) add_baselines(data, accuracy, true);
}

void add_outcomes(Labelled& data, const AccuracyResult& accuracy) {
  const TrainingOutcomes& own = accuracy.own;
  std::vector<std::int64_t> firsts;
  for (std::size_t w = 0; w < own.source.words.size(); ++w)
    firsts.push_back(static_cast<std::int64_t>(w * Outcomes::images_per_word));
  data.add_axis({"image_word", firsts, "1", "first image of the 48 of a word, in its lowest bit"});
  const auto add = [&](const char* name, std::vector<std::string> axes, const auto& rows) {
    std::vector<std::int64_t> words;
    for (const Outcomes& row : rows) words.insert(words.end(), row.words.begin(), row.words.end());
    data.add({name, std::move(axes), words, "", "bits: whether each test image is right"});
  };
  const auto one = [](const Outcomes& outcomes) { return std::vector<Outcomes>{outcomes}; };
  if (own.float_network) add("outcomes_float", {"image_word"}, one(*own.float_network));
  add("outcomes_source", {"image_word"}, one(own.source));
  if (accuracy.faulty_outcomes)
    add("outcomes_faulty", {"image_word"}, one(*accuracy.faulty_outcomes));
  if (!own.chips.empty()) add("outcomes_chip", {"chip", "image_word"}, own.chips);
  add_number(data, {"test_images", "test images"}, static_cast<double>(own.source.images));
  add_number(data, {"test_fingerprint", "equal where test images and labels are"},
             static_cast<double>(accuracy.images.fingerprint));
}

}  // namespace

void add_statistics(Labelled& data, const AccuracyResult& accuracy) {
  if (!accuracy.images_chose.empty())
    data.attributes["images_chose"] = fmt::format("{}", fmt::join(accuracy.images_chose, "\n"));
  if (accuracy.own.source.images == 0) return;
  if (accuracy.float_intervals)
    add_interval(data, {"accuracy_float", "float network, other images"},
                 accuracy.float_intervals->other_images);
  add_interval(data, {"accuracy_source", "regenerated weights, other images"},
               accuracy.source_intervals.other_images);
  if (accuracy.chips_intervals) add_chip_intervals(data, accuracy);
  add_trainings(data, accuracy);
  add_comparisons(data, accuracy);
  add_outcomes(data, accuracy);
}

}  // namespace lightloom::experiments
