// What the outcomes of a run say of other chips, images and trainings, and of one another.
#include "experiments/studies/accuracy/accuracy_result.hpp"

namespace lightloom::experiments {
namespace {

using Rows = std::span<const Outcomes>;

/// Outcomes of every training, each by `chips_of`.
template <class ChipsOf>
std::vector<std::vector<Outcomes>> by_training(const AccuracyResult& result, ChipsOf chips_of) {
  std::vector<std::vector<Outcomes>> all{chips_of(result.own)};
  for (const TrainingOutcomes& one : result.retrained) all.push_back(chips_of(one));
  return all;
}

void add_intervals(AccuracyResult& result) {
  if (result.own.source.images == 0) return;
  result.source_intervals = accuracy_intervals(by_training(
      result, [](const TrainingOutcomes& one) { return std::vector<Outcomes>{one.source}; }));
  if (result.own.float_network)
    result.float_intervals =
        accuracy_intervals(by_training(result, [](const TrainingOutcomes& one) {
          return std::vector<Outcomes>{*one.float_network};
        }));
  if (!result.own.chips.empty())
    result.chips_intervals = accuracy_intervals(
        by_training(result, [](const TrainingOutcomes& one) { return one.chips; }));
}

}  // namespace

void add_statistics(AccuracyResult& result, const std::string& own_label) {
  add_intervals(result);
  const TrainingOutcomes& own = result.own;
  if (own.source.images == 0) return;
  const Rows source(&own.source, 1);
  const auto add = [&](Comparison names, Rows one, Rows other) {
    names.difference = compare(one, other, {.seed = own.seed});
    result.comparisons.push_back(std::move(names));
  };
  if (own.float_network)
    add({"source_float", "regenerated", "float"}, source, {&*own.float_network, 1});
  if (result.faulty_outcomes)
    add({"faulty_source", "bit errors", "regenerated"}, {&*result.faulty_outcomes, 1}, source);
  if (!own.chips.empty()) add({"chips_source", "chips", "regenerated", true}, own.chips, source);
  if (!own.retaken.empty())
    add({"retaken_chips", "statistics of each chip", "chips", true}, own.retaken, own.chips);
  for (const BaselineOutcomes& baseline : result.baselines) {
    const Comparison names{"baseline", own_label, baseline.label};
    add(names, source, {&baseline.outcomes.source, 1});
    if (own.chips.empty()) continue;
    add({"baseline", own_label, baseline.label, true}, own.chips, baseline.outcomes.chips);
  }
}

}  // namespace lightloom::experiments
