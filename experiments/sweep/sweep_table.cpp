#include "experiments/sweep/sweep_table.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <set>
#include <sstream>

#include "core/error.hpp"
#include "experiments/results/files/provenance.hpp"

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

void add_empty(Labelled& table, const SweepGrid& grid, const Variable& like) {
  Variable added{.name = like.name, .unit = like.unit, .long_name = like.long_name};
  for (const SweepAxis& axis : grid.axes) added.axes.push_back(axis.name);
  added.axes.insert(added.axes.end(), like.axes.begin(), like.axes.end());
  added.values = std::vector<double>(grid.points() * size_of(like.values),
                                     std::numeric_limits<double>::quiet_NaN());
  table.add(std::move(added));
}

/// Outcomes of images, one axis that points may have in another length: those of more or fewer test
/// images than the first point's are left out.
constexpr const char* image_axis = "image_word";

bool of_other_images(const Labelled& table, const Labelled& point, const Variable& variable) {
  const Axis* known = table.axis(image_axis);
  return std::ranges::find(variable.axes, image_axis) != variable.axes.end() && known != nullptr &&
         known->values != point.axis(image_axis)->values;
}

void check_axes(Labelled& table, const SweepGrid& grid, std::size_t point, const Labelled& values) {
  for (const Axis& axis : values.axes) {
    const Axis* known = table.axis(axis.name);
    if (known == nullptr)
      table.add_axis(axis);
    else if (axis.name != image_axis)
      require(known->values == axis.values,
              "the point {} gives other values along '{}' than the first point (sweep keys that "
              "change the network, the "
              "number of chips or the baselines in files of their own)",
              grid.describe(point), axis.name);
  }
}

}  // namespace

Labelled empty_table(const SweepGrid& grid) {
  Labelled table;
  Variable done{.name = "done", .unit = "1", .long_name = "1 where the point has been computed"};
  for (const SweepAxis& axis : grid.axes) {
    table.add_axis(coordinate(axis));
    done.axes.push_back(axis.name);
  }
  done.values = std::vector<std::int64_t>(grid.points(), 0);
  table.add(std::move(done));
  return table;
}

void put_point(Labelled& table, const SweepGrid& grid, std::size_t point, const Labelled& values) {
  check_axes(table, grid, point, values);
  for (const Variable& variable : values.variables) {
    if (is_text(variable.values) || of_other_images(table, values, variable)) continue;
    if (find(table, variable.name) == nullptr) add_empty(table, grid, variable);
    const std::vector<double> numbers = as_numbers(variable.values);
    auto& all = std::get<std::vector<double>>(find(table, variable.name)->values);
    require(all.size() == numbers.size() * grid.points(),
            "the point {} gives '{}' another shape than the first point", grid.describe(point),
            variable.name);
    std::copy(numbers.begin(), numbers.end(),
              all.begin() + static_cast<std::ptrdiff_t>(point * numbers.size()));
  }
  add_images_chose(table, values);
  std::get<std::vector<std::int64_t>>(find(table, "done")->values)[point] = 1;
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
