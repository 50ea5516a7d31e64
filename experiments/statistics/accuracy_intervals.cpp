#include "experiments/statistics/accuracy_intervals.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "experiments/statistics/crossed_table.hpp"

namespace lightloom::experiments {
namespace {

double root(double variance) { return std::sqrt(std::max(0.0, variance)); }

/// Mean squares within trainings, over all of them.
struct Within {
  double of_chips = 0, of_rest = 0;  // mean squares of chips by images
  double variance = 0;               // of a chip's accuracy about its training's mean
  double degrees = 0;                // of that
  [[nodiscard]] bool known() const { return degrees > 0; }
};

Within within(std::span<const std::vector<Outcomes>> trainings) {
  Within all;
  const auto count = static_cast<double>(trainings.size());
  for (const std::vector<Outcomes>& chips : trainings) {
    if (chips.size() < 2) return all;
    const CrossedTable table = table_of(chips);
    const MeanSquares squares = mean_squares(table);
    all.of_chips += squares.of_rows / count;
    all.of_rest += squares.of_rest / count;
    if (rows_equal(table)) continue;
    all.variance += squares.of_rows / squares.images / count;
  }
  if (all.variance > 0) all.degrees = count * static_cast<double>(trainings.front().size() - 1);
  return all;
}

/// The model's parts by the method of moments.
void add_parts(AccuracyIntervals& result, const MeanSquares& top, const Within& chips) {
  const auto images = static_cast<double>(result.images);
  const double each = result.chips;
  result.rest = root(result.mean * (1 - result.mean));
  if (top.rows < 2) return;
  result.between_images = root((top.of_images - top.of_rest) / top.rows);
  const double chip = std::max(0.0, (chips.of_chips - chips.of_rest) / images);
  if (result.chips > 1) result.between_chips = std::sqrt(chip);
  if (result.trainings == 1) {
    result.rest = root(top.of_rest);
    return;
  }
  result.between_trainings = root((top.of_rows - top.of_rest) / images - chip / each);
  result.rest =
      result.chips > 1 ? root(top.of_rest + chips.of_rest * (1 - 1 / each)) : root(top.of_rest);
}

/// Of the rows as they are, on other images: by the scatter of the images' means, divided by n like
/// a share's own.
double images_half_width(const MeanSquares& top) {
  const double cells = top.rows * top.images;
  const double variance = top.of_images / cells * (top.images - 1) / top.images;
  return t_point(HUGE_VAL) * std::sqrt(variance);
}

/// The interval of a mean whose variance is `variances`, in the shape of Wilson's; at least that of
/// other images alone.
Interval interval_of(const MeanSquares& top, const TwoVariances& variances) {
  const double half = std::max(half_width(variances), images_half_width(top));
  const double z = t_point(HUGE_VAL);
  return share_interval(
      {.share = top.mean, .variance = half * half / (z * z), .trials = top.images});
}

Interval of_images(const MeanSquares& top) { return interval_of(top, {}); }

Interval within_unit(double centre, double half) {
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

/// Everything drawn anew, and one further chip.
void add_together(AccuracyIntervals& result, const MeanSquares& top, const Within& chips) {
  if (top.images < 2) return;
  const TwoVariances mean = variance_of_mean(top);
  result.together = interval_of(top, mean);
  // A training's mean has the scatter of a chip divided by how many it has; one chip has all of it.
  const double missing = result.trainings > 1 ? 1 - 1.0 / result.chips : 0;
  TwoVariances next = mean;
  next.first += (std::max(0.0, top.of_rows - top.of_rest) +
                 missing * std::max(0.0, chips.of_chips - chips.of_rest)) /
                top.images;
  result.next_chip_images = interval_of(top, next);
  const double spread = top.of_rows / top.images * (1 + 1 / top.rows) + missing * chips.variance;
  result.next_chip = within_unit(top.mean, t_point(top.rows - 1) * std::sqrt(spread));
}

}  // namespace

Interval other_images(const Outcomes& outcomes) {
  if (outcomes.images == 0) return {};
  return share_interval(
      {.share = accuracy_of(outcomes), .trials = static_cast<double>(outcomes.images)});
}

AccuracyIntervals accuracy_intervals(std::span<const std::vector<Outcomes>> trainings) {
  require(!trainings.empty() && !trainings.front().empty(), "an accuracy needs a chip");
  AccuracyIntervals result{.trainings = static_cast<int>(trainings.size()),
                           .chips = static_cast<int>(trainings.front().size()),
                           .images = trainings.front().front().images};
  for (const std::vector<Outcomes>& chips : trainings)
    require(chips.size() == trainings.front().size(), "trainings have {} and {} chips",
            trainings.front().size(), chips.size());
  const bool several = trainings.size() > 1;
  const CrossedTable table = several ? table_of_groups(trainings) : table_of(trainings.front());
  const MeanSquares top = mean_squares(table);
  const Within chips = within(trainings);
  result.mean = top.mean;
  add_parts(result, top, chips);
  result.other_images = top.rows < 2 ? other_images(trainings.front().front()) : of_images(top);
  if (several) result.other_trainings = mean_interval(table.rows);
  if (chips.known()) {
    const double cells = static_cast<double>(trainings.size() * trainings.front().size());
    result.other_chips =
        within_unit(top.mean, t_point(chips.degrees) * std::sqrt(chips.variance / cells));
  }
  if (top.rows > 1 && !rows_equal(table)) add_together(result, top, chips);
  return result;
}

}  // namespace lightloom::experiments
