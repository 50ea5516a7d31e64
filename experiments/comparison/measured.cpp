#include "experiments/comparison/measured.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "experiments/results/files/provenance.hpp"
#include "experiments/statistics/accuracy_intervals.hpp"
#include "experiments/statistics/outcomes.hpp"
#include "experiments/statistics/paired.hpp"
#include "experiments/statistics/spread.hpp"
#include "experiments/statistics/unpaired.hpp"

namespace lightloom::experiments {
namespace {

using Numbers = std::vector<double>;

constexpr const char* images_name = "test_images";
constexpr const char* fingerprint_name = "test_fingerprint";
const std::string outcomes_start = "outcomes_", accuracy_start = "accuracy_";

Numbers numbers(const Labelled& file, const std::string& name) {
  const Variable* found = file.variable(name);
  return found == nullptr ? Numbers{} : numbers_of(found->values);
}

/// A number of every point of a file, at the element that lies `place` of `size` into an array.
double of_point(const Numbers& points, std::size_t place, std::size_t size) {
  if (points.empty()) return std::nan("");
  return points[place / std::max<std::size_t>(size / points.size(), 1)];
}

/// What one file says of one element: rows of outcomes on its images.
struct Side {
  std::vector<Outcomes> rows;
  double images = 0, fingerprint = 0;
};

class OutcomesOfFile {
 public:
  OutcomesOfFile(const Labelled& file, const std::string& array)
      : words_(numbers(file, array)),
        images_(numbers(file, images_name)),
        fingerprints_(numbers(file, fingerprint_name)),
        of_row_(size_of(file.axis("image_word")->values)) {}

  [[nodiscard]] Side at(std::size_t place, const std::vector<std::size_t>& samples) const {
    Side side{.rows = {},
              .images = of_point(images_, place, words_.size()),
              .fingerprint = of_point(fingerprints_, place, words_.size())};
    if (!(side.images > 0)) return side;
    for (std::size_t i = 0; i + of_row_ <= samples.size(); i += of_row_) {
      Numbers row;
      for (std::size_t w = 0; w < of_row_; ++w) row.push_back(words_[place + samples[i + w]]);
      if (std::any_of(row.begin(), row.end(), [](double word) { return std::isnan(word); }))
        return {};
      side.rows.push_back(outcomes_of_words(row, static_cast<std::size_t>(side.images)));
    }
    return side;
  }

 private:
  Numbers words_, images_, fingerprints_;
  std::size_t of_row_;
};

Estimate estimate_of(const std::vector<Outcomes>& rows) {
  const std::vector<Outcomes> trainings[] = {rows};
  const AccuracyIntervals of = accuracy_intervals(trainings);
  return {of.mean, of.together.known() ? of.together : of.other_images};
}

MeasuredDifference compared(const Side& first, const Side& second) {
  const Estimate a = estimate_of(first.rows), b = estimate_of(second.rows);
  MeasuredDifference result{.at = {}, .first = a.value, .second = b.value};
  if (first.images == second.images && first.fingerprint == second.fingerprint) {
    const Difference paired = compare(first.rows, second.rows, {.draws = 0});
    result.value = paired.value;
    result.interval = paired.interval;
    result.p = paired.p;
    result.method = "same images: " + paired.method;
  } else {
    const EstimatedDifference apart = independent_difference(a, b);
    result.value = apart.value;
    result.interval = apart.interval;
    result.p = apart.p;
    result.method = "independent images";
  }
  return result;
}

MeasuredDifference with(const EstimatedDifference& found, double first, double second,
                        const char* method) {
  return {.at = {},
          .first = first,
          .second = second,
          .value = found.value,
          .interval = found.interval,
          .p = found.p,
          .method = method};
}

Numbers picked(const Numbers& all, std::size_t place, const std::vector<std::size_t>& offsets) {
  Numbers values;
  for (const std::size_t offset : offsets) values.push_back(all[place + offset]);
  return values;
}

Estimate student(const Numbers& values) {
  const Spread spread = spread_of(values);
  if (!(spread.standard_deviation > 0)) return {spread.mean, {}};
  return {spread.mean, {spread.low, spread.high}};
}

Estimate wilson(double share, double images) {
  return {share, share_interval({.share = share, .trials = images})};
}

}  // namespace

Measurements::Measurements(const TwoFiles& files)
    : files_(files),
      one_seed_(!text_attribute(files.first, "seed").empty() &&
                text_attribute(files.first, "seed") == text_attribute(files.second, "seed")) {
  for (const Variable& variable : files.first.variables)
    if (variable.name.starts_with(outcomes_start) && align(files, variable.name, {"image_word"}))
      by_outcomes_.push_back(accuracy_start + variable.name.substr(outcomes_start.size()));
}

bool Measurements::take(const std::string& array) {
  if (array.starts_with(outcomes_start)) return take_outcomes(array);
  if (std::find(by_outcomes_.begin(), by_outcomes_.end(), array) != by_outcomes_.end()) return true;
  return take_samples(array) || take_share(array);
}

bool Measurements::take_outcomes(const std::string& array) {
  const auto found = align(files_, array, {"chip", "image_word"});
  if (!found) return false;
  const OutcomesOfFile first(files_.first, array), second(files_.second, array);
  std::vector<MeasuredDifference> elements;
  for (std::size_t i = 0; i < found->elements.size(); ++i) {
    const Side a = first.at(found->elements[i].first, found->first_samples),
               b = second.at(found->elements[i].second, found->second_samples);
    if (a.rows.empty() || b.rows.empty()) continue;
    elements.push_back(compared(a, b));
    elements.back().at = found->at(i);
  }
  keep(accuracy_start + array.substr(outcomes_start.size()), std::move(elements));
  return true;
}

/// Where some element has no spread in a file (one chip, or chips that are all alike), all are
/// compared as they stand.
bool Measurements::take_samples(const std::string& array) {
  const auto found = align(files_, array, {"chip", "training"});
  if (!found || found->common_samples.size() < 2) return false;
  const Numbers first = numbers(files_.first, array), second = numbers(files_.second, array);
  const bool paired = one_seed_ && found->common_samples.size() == found->first_samples.size() &&
                      found->common_samples.size() == found->second_samples.size();
  std::vector<MeasuredDifference> elements;
  for (std::size_t i = 0; i < found->elements.size(); ++i) {
    const auto [a, b] = found->elements[i];
    const Numbers of_first = picked(first, a, found->first_samples),
                  of_second = picked(second, b, found->second_samples);
    const Estimate one = student(of_first), other = student(of_second);
    if (std::isnan(one.value) && std::isnan(other.value)) continue;
    const EstimatedDifference difference =
        paired ? paired_difference(of_first, of_second) : independent_difference(one, other);
    if (of_first == of_second) continue;
    if (!difference.interval.known()) return false;
    elements.push_back(with(difference, one.value, other.value,
                            paired ? "same chips: Student" : "independent chips: Student"));
    elements.back().at = found->at(i);
  }
  return keep(array, std::move(elements));
}

bool Measurements::take_share(const std::string& array) {
  const auto found = align(files_, array, {});
  const Numbers first_images = numbers(files_.first, images_name),
                second_images = numbers(files_.second, images_name);
  if (!array.starts_with(accuracy_start) || !found || first_images.empty() || second_images.empty())
    return false;
  const Numbers first = numbers(files_.first, array), second = numbers(files_.second, array);
  std::vector<MeasuredDifference> elements;
  for (std::size_t i = 0; i < found->elements.size(); ++i) {
    const auto [a, b] = found->elements[i];
    const double images = of_point(first_images, a, first.size()),
                 others = of_point(second_images, b, second.size());
    const bool known = images > 0 && others > 0 && !std::isnan(first[a]) && !std::isnan(second[b]);
    if (!known || first[a] == second[b]) continue;
    elements.push_back(
        with(independent_difference(wilson(first[a], images), wilson(second[b], others)), first[a],
             second[b], "independent images (on the same ones it is too cautious)"));
    elements.back().at = found->at(i);
  }
  return keep(array, std::move(elements));
}

bool Measurements::keep(std::string name, std::vector<MeasuredDifference> elements) {
  if (elements.empty()) return false;
  taken_.push_back({std::move(name), std::move(elements)});
  return true;
}

std::vector<MeasuredQuantity> Measurements::judged() const {
  Numbers p;
  for (const Taken& taken : taken_)
    for (const MeasuredDifference& one : taken.elements) p.push_back(one.p);
  const std::vector<bool> significant = holm_significant(p);
  std::vector<MeasuredQuantity> all;
  std::size_t at = 0;
  for (const Taken& taken : taken_) {
    MeasuredQuantity one{.name = taken.name, .elements = taken.elements.size()};
    for (const MeasuredDifference& each : taken.elements) {
      if (significant[at++]) ++one.differing;
      if (&each == &taken.elements.front() || each.p < one.clearest.p) one.clearest = each;
    }
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace lightloom::experiments
