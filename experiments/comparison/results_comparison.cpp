#include "experiments/comparison/results_comparison.hpp"

#include <algorithm>
#include <cmath>

#include "experiments/comparison/measured.hpp"

namespace lightloom::experiments {
namespace {

/// What other arrays of the file say already.
bool follows_from_others(const std::string& name) {
  for (const char* end : {"_low", "_high", "_p", "_std", "_mean"})
    if (name.ends_with(end)) return true;
  for (const char* start : {"difference_", "accuracy_between_", "accuracy_rest", "test_fingerprint",
                            "accuracy_gain", "accuracy_chips_gain", "done"})
    if (name.starts_with(start)) return true;
  return false;
}

double relative(double first, double second) {
  if (first == second || (std::isnan(first) && std::isnan(second))) return 0;
  const double larger = std::max(std::fabs(first), std::fabs(second));
  return std::isfinite(first) && std::isfinite(second) ? std::fabs(first - second) / larger
                                                       : HUGE_VAL;
}

ComputedQuantity computed(const TwoFiles& files, const std::string& name, double tolerance) {
  const AlignedArray array = *align(files, name, {});
  const Variable& variable = *files.first.variable(name);
  const std::vector<double> first = numbers_of(variable.values),
                            second = numbers_of(files.second.variable(name)->values);
  ComputedQuantity result{.name = name, .unit = variable.unit, .elements = array.elements.size()};
  for (std::size_t i = 0; i < array.elements.size(); ++i) {
    const auto [a, b] = array.elements[i];
    const double difference = relative(first[a], second[b]);
    if (difference > tolerance) ++result.differing;
    if (difference <= result.largest) continue;
    result.largest = difference;
    result.at = array.at(i);
    result.first = first[a];
    result.second = second[b];
  }
  return result;
}

void compare_texts(const Variable& first, const Variable& second, ResultsComparison& result) {
  (first.values == second.values && first.axes == second.axes ? result.equal : result.apart)
      .push_back(first.name);
}

}  // namespace

ResultsComparison compare_results(const TwoFiles& files, double tolerance) {
  ResultsComparison result;
  Measurements measured(files);
  for (const Variable& first : files.first.variables) {
    const Variable* second = files.second.variable(first.name);
    if (second == nullptr) {
      result.only_first.push_back(first.name);
    } else if (follows_from_others(first.name) || measured.take(first.name)) {
      continue;
    } else if (std::holds_alternative<std::vector<std::string>>(first.values)) {
      compare_texts(first, *second, result);
    } else if (!align(files, first.name, {})) {
      result.apart.push_back(first.name);
    } else {
      ComputedQuantity one = computed(files, first.name, tolerance);
      if (one.differing == 0)
        result.equal.push_back(first.name);
      else
        result.computed.push_back(std::move(one));
    }
  }
  for (const Variable& second : files.second.variables)
    if (files.first.variable(second.name) == nullptr) result.only_second.push_back(second.name);
  result.measured = measured.judged();
  return result;
}

}  // namespace lightloom::experiments
