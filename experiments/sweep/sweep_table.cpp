#include "experiments/sweep/sweep_table.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <sstream>

#include "core/error.hpp"
#include "experiments/results/files/provenance.hpp"
#include "experiments/sweep/axis_union.hpp"

namespace lightloom::experiments {
namespace {

Variable* find(Labelled& table, const std::string& name) {
  const auto found = std::find_if(table.variables.begin(), table.variables.end(),
                                  [&](const Variable& variable) { return variable.name == name; });
  return found == table.variables.end() ? nullptr : &*found;
}

std::vector<double> as_numbers(const Values& values) {
  return std::visit(
      [](const auto& list) -> std::vector<double> {
        if constexpr (std::is_same_v<std::decay_t<decltype(list)>, std::vector<std::string>>)
          return {};
        else
          return {list.begin(), list.end()};
      },
      values);
}

bool is_text(const Values& values) {
  return std::holds_alternative<std::vector<std::string>>(values);
}

/// Numbers of the array that each point of the grid has in the table.
std::size_t size_of_point(const Labelled& table, const Variable& variable) {
  std::size_t size = 1;
  for (const std::string& name : variable.axes) size *= size_of(table.axis(name)->values);
  return size;
}

void add_empty(Labelled& table, const SweepGrid& grid, const Variable& like) {
  Variable added{.name = like.name, .unit = like.unit, .long_name = like.long_name};
  for (std::size_t i = 0; i < grid.dimensions(); ++i) added.axes.push_back(table.axes[i].name);
  added.axes.insert(added.axes.end(), like.axes.begin(), like.axes.end());
  added.values = std::vector<double>(grid.points() * size_of_point(table, like),
                                     std::numeric_limits<double>::quiet_NaN());
  table.add(std::move(added));
}

/// Whether the table's array has the axes of a point's behind those of the grid.
bool lies_behind(std::size_t front, const Variable& held, const Variable& of_point) {
  return held.axes.size() == front + of_point.axes.size() &&
         std::equal(of_point.axes.begin(), of_point.axes.end(),
                    held.axes.begin() + static_cast<std::ptrdiff_t>(front));
}

bool of_other_images(const Labelled& table, const Labelled& point, const Variable& variable) {
  const Axis* known = table.axis(image_axis);
  return std::ranges::find(variable.axes, image_axis) != variable.axes.end() && known != nullptr &&
         known->values != point.axis(image_axis)->values;
}

/// Gives the table the point's axes and the values along them. Returns the axes along which it has
/// others than the point, or the same in another order.
std::set<std::string> join_axes(Labelled& table, const Labelled& values) {
  std::set<std::string> other;
  for (const Axis& axis : values.axes) {
    const Axis* known = table.axis(axis.name);
    if (known == nullptr) {
      table.add_axis(axis);
    } else if (axis.name != image_axis && known->values != axis.values) {
      add_missing_values(table, axis);
      other.insert(axis.name);
    }
  }
  return other;
}

/// Where the numbers of a point's array belong among those of the table's.
std::vector<std::size_t> offsets_of(const Labelled& table, const Labelled& point,
                                    const Variable& variable) {
  std::vector<std::size_t> offsets{0};
  for (const std::string& name : variable.axes) {
    const Values& own = point.axis(name)->values;
    const Values& all = table.axis(name)->values;
    std::vector<std::size_t> places(size_of(own)), next;
    std::iota(places.begin(), places.end(), 0);
    if (own != all) places = places_of(own, all);
    next.reserve(offsets.size() * places.size());
    for (const std::size_t offset : offsets)
      for (const std::size_t place : places) next.push_back(offset * size_of(all) + place);
    offsets = std::move(next);
  }
  return offsets;
}

}  // namespace

Labelled empty_table(const SweepGrid& grid) {
  Labelled table;
  Variable done{.name = "done", .unit = "1", .long_name = "1 where the point has been computed"};
  for (Axis& axis : grid.front_axes()) {
    done.axes.push_back(axis.name);
    table.add_axis(std::move(axis));
  }
  done.values = std::vector<std::int64_t>(grid.points(), 0);
  table.add(std::move(done));
  for (Variable& along : grid.coordinates()) table.add(std::move(along));
  return table;
}

void put_point(Labelled& table, const SweepGrid& grid, std::size_t point, const Labelled& values) {
  const std::set<std::string> other = join_axes(table, values);
  for (const Variable& variable : values.variables) {
    if (is_text(variable.values) || of_other_images(table, values, variable)) continue;
    if (find(table, variable.name) == nullptr) add_empty(table, grid, variable);
    const Variable& held = *find(table, variable.name);
    const std::size_t front = grid.dimensions();
    require(!grid.is_coordinate(variable.name),
            "the sweep's key '{}' has the name of an array of its points", variable.name);
    require(lies_behind(front, held, variable),
            "the point {} gives '{}' other axes than a point before it", grid.describe(point),
            variable.name);
    const std::vector<double> numbers = as_numbers(variable.values);
    const std::size_t each = size_of_point(table, variable);
    auto& all = std::get<std::vector<double>>(find(table, variable.name)->values);
    if (std::ranges::none_of(variable.axes,
                             [&](const auto& axis) { return other.contains(axis); })) {
      std::copy(numbers.begin(), numbers.end(),
                all.begin() + static_cast<std::ptrdiff_t>(point * each));
      continue;
    }
    const std::vector<std::size_t> offsets = offsets_of(table, values, variable);
    for (std::size_t i = 0; i < numbers.size(); ++i) all[point * each + offsets[i]] = numbers[i];
  }
  add_images_chose(table, values);
  std::get<std::vector<std::int64_t>>(find(table, "done")->values)[point] = 1;
}

std::optional<std::vector<double>> numbers_at(const Labelled& table, std::size_t point,
                                              const Labelled& values, const Variable& variable) {
  const Variable* held = table.variable(variable.name);
  const std::size_t front = table.variable("done")->axes.size();
  const auto* all = held == nullptr ? nullptr : std::get_if<std::vector<double>>(&held->values);
  if (all == nullptr || !lies_behind(front, *held, variable) ||
      of_other_images(table, values, variable))
    return std::nullopt;
  const std::size_t each = size_of_point(table, variable);
  std::vector<double> numbers;
  for (const std::size_t offset : offsets_of(table, values, variable))
    numbers.push_back((*all)[point * each + offset]);
  return numbers;
}

void add_images_chose(Labelled& table, const Labelled& other) {
  std::set<std::string> all;
  for (const Labelled* from : std::initializer_list<const Labelled*>{&table, &other}) {
    std::istringstream lines(text_attribute(*from, "images_chose"));
    for (std::string line; std::getline(lines, line);) all.insert(line);
  }
  if (!all.empty()) table.attributes["images_chose"] = fmt::format("{}", fmt::join(all, "\n"));
}

bool is_done(const Labelled& table, std::size_t point) {
  return std::get<std::vector<std::int64_t>>(table.variable("done")->values)[point] != 0;
}

std::size_t first_missing(const Labelled& table) {
  const auto& done = std::get<std::vector<std::int64_t>>(table.variable("done")->values);
  return static_cast<std::size_t>(std::find(done.begin(), done.end(), 0) - done.begin());
}

std::size_t count_done(const Labelled& table) {
  const auto& done = std::get<std::vector<std::int64_t>>(table.variable("done")->values);
  return static_cast<std::size_t>(
      std::count_if(done.begin(), done.end(), [](std::int64_t mark) { return mark != 0; }));
}

}  // namespace lightloom::experiments
