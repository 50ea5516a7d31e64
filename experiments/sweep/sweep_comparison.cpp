#include "experiments/sweep/sweep_comparison.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "experiments/statistics/paired.hpp"
#include "experiments/sweep/sweep_table.hpp"

namespace lightloom::experiments {
namespace {

constexpr const char* prefix = "difference_first_";

using Numbers = std::vector<double>;

const Numbers* column_of(const Labelled& table, const std::string& name) {
  const Variable* found = table.variable(name);
  return found == nullptr ? nullptr : std::get_if<Numbers>(&found->values);
}

/// One number of a point; not a number where there is none.
double number_at(const Labelled& table, const std::string& name, std::size_t point) {
  const Numbers* all = column_of(table, name);
  return all == nullptr ? std::numeric_limits<double>::quiet_NaN() : (*all)[point];
}

/// The rows of outcomes of a point; none where it has none.
std::vector<Outcomes> outcomes_at(const Labelled& table, const std::string& name,
                                  const SweepGrid& grid, std::size_t point) {
  const Numbers* all = column_of(table, name);
  const double images = number_at(table, "test_images", point);
  if (all == nullptr || !(images > 0)) return {};
  const std::size_t of_point = all->size() / grid.points();
  const std::span<const double> words = std::span(*all).subspan(point * of_point, of_point);
  if (std::any_of(words.begin(), words.end(), [](double word) { return std::isnan(word); }))
    return {};
  const std::size_t of_row = size_of(table.axis("image_word")->values);
  std::vector<Outcomes> rows;
  for (std::size_t first = 0; first < of_point; first += of_row)
    rows.push_back(
        outcomes_of_words(words.subspan(first, of_row), static_cast<std::size_t>(images)));
  return rows;
}

/// Sets a variable over the sweep's axes, new or as an earlier call left it.
void put_over_grid(Labelled& table, const SweepGrid& grid, Variable variable) {
  for (const Axis& axis : grid.front_axes()) variable.axes.push_back(axis.name);
  for (Variable& known : table.variables) {
    if (known.name != variable.name) continue;
    known = std::move(variable);
    return;
  }
  table.add(std::move(variable));
}

/// The four numbers of a comparison over the grid.
struct ComparedNumbers {
  Numbers value, low, high, p;
  explicit ComparedNumbers(std::size_t points)
      : value(points, std::numeric_limits<double>::quiet_NaN()),
        low(value),
        high(value),
        p(value) {}
};

void compare_outcomes(Labelled& table, const SweepGrid& grid, const std::string& outcomes,
                      const std::string& name) {
  const std::vector<Outcomes> first = outcomes_at(table, outcomes, grid, 0);
  if (first.empty()) return;
  ComparedNumbers found(grid.points());
  for (std::size_t point = 1; point < grid.points(); ++point) {
    const std::vector<Outcomes> rows = outcomes_at(table, outcomes, grid, point);
    const bool same =
        number_at(table, "test_fingerprint", point) == number_at(table, "test_fingerprint", 0) &&
        number_at(table, "test_images", point) == number_at(table, "test_images", 0);
    if (!is_done(table, point) || rows.empty() || !same) continue;
    const Difference difference = compare(rows, first, {.draws = 0});
    found.value[point] = difference.value;
    found.low[point] = difference.interval.low;
    found.high[point] = difference.interval.high;
    found.p[point] = difference.p;
  }
  const std::string what = "accuracy less that of the first point, same images";
  put_over_grid(table, grid, {name, {}, found.value, "1", what});
  put_over_grid(table, grid, {name + "_low", {}, found.low, "1", "lower 95 % end: " + what});
  put_over_grid(table, grid, {name + "_high", {}, found.high, "1", "upper 95 % end: " + what});
  put_over_grid(table, grid, {name + "_p", {}, found.p, "1", "p of no difference: " + what});
}

}  // namespace

void compare_with_first(Labelled& table, const SweepGrid& grid) {
  compare_outcomes(table, grid, "outcomes_source", prefix + std::string("digital"));
  compare_outcomes(table, grid, "outcomes_chip", prefix + std::string("chips"));
}

bool is_comparison(const std::string& variable) { return variable.starts_with(prefix); }

}  // namespace lightloom::experiments
