#include "experiments/designs/sweep_grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.hpp"
#include "experiments/designs/design_section.hpp"

namespace lightloom::experiments {
namespace {

bool whole(double number) { return std::abs(number) < 0x1p53 && number == std::trunc(number); }

/// Numbers, whole where all are, not-a-number where none is.
Values as_values(const std::vector<double>& numbers) {
  if (std::all_of(numbers.begin(), numbers.end(), whole))
    return std::vector<std::int64_t>(numbers.begin(), numbers.end());
  return numbers;
}

/// The numbers that an axis' values are; none when some are not.
std::optional<std::vector<double>> numbers_of(const SweepAxis& axis) {
  std::vector<double> numbers;
  for (const Tree& value : axis.values)
    if (const auto number = number_of(value)) numbers.push_back(*number);
  return numbers.size() == axis.values.size() ? std::optional(numbers) : std::nullopt;
}

Tree value_of(const SweepAxis& axis, double cell) {
  if (!axis.range) return axis.values[static_cast<std::size_t>(cell)];
  return axis.range->whole ? Tree::of(fmt::format("{:.0f}", cell)) : Tree::of(cell);
}

std::string label_at(const SweepAxis& axis, double cell) {
  return axis.range ? value_of(axis, cell).scalar : axis.labels[static_cast<std::size_t>(cell)];
}

/// An axis of a list, by point.
Values values_by_point(const SweepGrid& grid, std::size_t axis) {
  const SweepAxis& along = grid.axes[axis];
  const auto numbers = along.range ? std::nullopt : numbers_of(along);
  std::vector<double> found;
  std::vector<std::string> labels;
  for (std::size_t point = 0; point < grid.points(); ++point) {
    const double cell = grid.cell(point, axis);
    if (!along.range && !numbers)
      labels.push_back(std::isnan(cell) ? "" : label_at(along, cell));
    else
      found.push_back(along.range || std::isnan(cell) ? cell
                                                      : (*numbers)[static_cast<std::size_t>(cell)]);
  }
  if (!labels.empty()) return labels;
  return as_values(found);
}

/// The labels of a product's axis in its results.
void take_labels(SweepAxis& axis, const Axis* there) {
  const auto* labels =
      there == nullptr ? nullptr : std::get_if<std::vector<std::string>>(&there->values);
  if (labels != nullptr && labels->size() == axis.labels.size()) axis.labels = *labels;
}

/// The labels of a list's axis in its results, point by point.
void take_labels(SweepGrid& grid, std::size_t axis, const Variable* there) {
  const auto* labels =
      there == nullptr ? nullptr : std::get_if<std::vector<std::string>>(&there->values);
  if (labels == nullptr || labels->size() != grid.points()) return;
  for (std::size_t point = 0; point < grid.points(); ++point)
    if (const double cell = grid.cell(point, axis); !std::isnan(cell))
      grid.axes[axis].labels[static_cast<std::size_t>(cell)] = (*labels)[point];
}

}  // namespace

SweepGrid read_grid(const Tree& card) {
  const Tree* sweep = card.find("sweep");
  require(sweep != nullptr && sweep->kind == Tree::Kind::mapping && !sweep->pairs.empty(),
          "the card has no 'sweep' section (add one, for example --set "
          "'sweep={{weights.bits.basis: [2, 4, 8]}}')");
  return read_sweep_section(*sweep);
}

SweepGrid read_grid(const Tree& card, const Labelled& table) {
  SweepGrid grid = read_grid(card);
  for (std::size_t axis = 0; axis < grid.axes.size(); ++axis)
    if (grid.list)
      take_labels(grid, axis, table.variable(grid.axes[axis].name));
    else
      take_labels(grid.axes[axis], table.axis(grid.axes[axis].name));
  return grid;
}

std::size_t SweepGrid::points() const {
  if (list) return list->points;
  std::size_t count = 1;
  for (const SweepAxis& axis : axes) count *= axis.values.size();
  return count;
}

double SweepGrid::cell(std::size_t point, std::size_t axis) const {
  if (list) return list->cells[point * axes.size() + axis];
  for (std::size_t i = axes.size(); --i > axis;) point /= axes[i].values.size();
  return static_cast<double>(point % axes[axis].values.size());
}

std::string SweepGrid::describe(std::size_t point) const {
  std::string text;
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (const double at = cell(point, i); !std::isnan(at))
      text += (text.empty() ? "" : ", ") + axes[i].name + "=" + label_at(axes[i], at);
  return text.empty() ? "the card as it is" : text;
}

std::string SweepGrid::settings(std::size_t point) const {
  std::string text;
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (const double at = cell(point, i); !std::isnan(at))
      text += fmt::format("{}--set '{}={}'", text.empty() ? "" : " ", axes[i].key,
                          flow_text(value_of(axes[i], at)));
  return text;
}

Tree SweepGrid::card_at(const Tree& card, std::size_t point) const {
  // Without its lists of values, which would cost every point as much as all points.
  Tree changed;
  changed.kind = card.kind;
  changed.origin = card.origin;
  changed.file = card.file;
  for (const TreeEntry& entry : card.pairs)
    if (entry.key != "sweep") changed.pairs.push_back(entry);
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (const double at = cell(point, i); !std::isnan(at))
      set_at(changed, axes[i].key, value_of(axes[i], at), card.origin);
  return changed;
}

std::vector<Axis> SweepGrid::front_axes() const {
  std::vector<Axis> front;
  if (list) {
    std::vector<std::int64_t> numbers(points());
    std::iota(numbers.begin(), numbers.end(), 1);
    front.push_back(
        {.name = point_axis, .values = std::move(numbers), .unit = "1", .long_name = "point"});
    return front;
  }
  for (const SweepAxis& axis : axes) front.push_back(coordinate(axis));
  return front;
}

std::vector<Variable> SweepGrid::coordinates() const {
  std::vector<Variable> found;
  for (std::size_t i = 0; list && i < axes.size(); ++i)
    found.push_back({.name = axes[i].name,
                     .axes = {point_axis},
                     .values = values_by_point(*this, i),
                     .unit = axes[i].unit,
                     .long_name = axes[i].key});
  return found;
}

bool SweepGrid::is_coordinate(const std::string& variable) const {
  return list && std::ranges::find(axes, variable, &SweepAxis::name) != axes.end();
}

Axis coordinate(const SweepAxis& axis) {
  Axis result{.name = axis.name, .values = axis.labels, .unit = axis.unit, .long_name = axis.key};
  if (const auto numbers = numbers_of(axis)) result.values = as_values(*numbers);
  return result;
}

}  // namespace lightloom::experiments
