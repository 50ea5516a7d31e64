#include "experiments/sweep/axis_union.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <optional>

#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

/// Texts of values and where they are. Throws `Error` for one that is there twice.
std::map<std::string, std::size_t> index_of(const Axis& axis) {
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < size_of(axis.values); ++i)
    require(index.emplace(value_text(axis.values, i), i).second,
            "points of the sweep differ along '{}', which holds {} twice (points may have other "
            "layers, chips or baselines, each named once)",
            axis.name, value_text(axis.values, i));
  return index;
}

Axis& axis_of(Labelled& table, const std::string& name) {
  return *std::ranges::find(table.axes, name, &Axis::name);
}

std::size_t length_of(const Labelled& table, const std::string& axis) {
  return size_of(table.axis(axis)->values);
}

/// An array around one of its axes: how many blocks it has before it, values along it, and numbers
/// behind each of these.
struct AroundAxis {
  std::size_t outer = 1, old = 0, inner = 1;
};

AroundAxis around(const Labelled& table, const Variable& variable, std::size_t axis,
                  std::size_t anew) {
  AroundAxis parts{.old = length_of(table, variable.axes[axis])};
  for (std::size_t k = 0; k < axis; ++k) parts.outer *= length_of(table, variable.axes[k]);
  for (std::size_t k = axis + 1; k < variable.axes.size(); ++k)
    parts.inner *= variable.axes[k] == variable.axes[axis] ? anew  // has been taken anew before
                                                           : length_of(table, variable.axes[k]);
  return parts;
}

/// The array with one axis taken anew: value i was at `from[i]`, or nowhere.
std::vector<double> taken_anew(const std::vector<double>& array, const AroundAxis& parts,
                               const std::vector<std::optional<std::size_t>>& from) {
  const auto& [outer, old, inner] = parts;
  std::vector<double> anew(outer * from.size() * inner, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t i = 0; i < from.size(); ++i)
      if (from[i])
        std::copy_n(array.begin() + static_cast<std::ptrdiff_t>((o * old + *from[i]) * inner),
                    inner,
                    anew.begin() + static_cast<std::ptrdiff_t>((o * from.size() + i) * inner));
  return anew;
}

/// Gives the axis these values, of which the i-th was at `from[i]`, or nowhere.
void take_anew(Labelled& table, const std::string& name, Values values,
               const std::vector<std::optional<std::size_t>>& from) {
  for (Variable& variable : table.variables) {
    auto* numbers = std::get_if<std::vector<double>>(&variable.values);
    if (numbers == nullptr) continue;
    for (std::size_t axis = variable.axes.size(); axis-- > 0;)
      if (variable.axes[axis] == name)
        *numbers = taken_anew(*numbers, around(table, variable, axis, from.size()), from);
  }
  axis_of(table, name).values = std::move(values);
}

}  // namespace

std::string value_text(const Values& values, std::size_t index) {
  return std::visit([&](const auto& list) { return fmt::format("{}", list[index]); }, values);
}

void add_missing_values(Labelled& table, const Axis& more) {
  const Axis& known = *table.axis(more.name);
  require(known.values.index() == more.values.index(),
          "points of the sweep give '{}' values of another kind: {} and {}", more.name,
          size_of(known.values) > 0 ? value_text(known.values, 0) : "none",
          size_of(more.values) > 0 ? value_text(more.values, 0) : "none");
  const auto known_index = index_of(known), more_index = index_of(more);
  std::vector<std::optional<std::size_t>> from(size_of(known.values));
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = i;
  Values values = known.values;
  for (std::size_t i = 0; i < size_of(more.values); ++i) {
    if (known_index.contains(value_text(more.values, i))) continue;
    std::visit(
        [&](auto& list) { list.push_back(std::get<std::decay_t<decltype(list)>>(more.values)[i]); },
        values);
    from.emplace_back();
  }
  if (from.size() > size_of(known.values)) take_anew(table, more.name, std::move(values), from);
}

std::vector<std::size_t> places_of(const Values& values, const Values& among) {
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < size_of(among); ++i) index.emplace(value_text(among, i), i);
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < size_of(values); ++i)
    places.push_back(index.at(value_text(values, i)));
  return places;
}

void reorder(Labelled& table, const std::string& axis, const std::vector<std::size_t>& order) {
  if (std::is_sorted(order.begin(), order.end())) return;
  std::vector<std::optional<std::size_t>> from(order.begin(), order.end());
  Values values = table.axis(axis)->values;
  std::visit(
      [&](auto& list) {
        const auto before = list;
        for (std::size_t i = 0; i < order.size(); ++i) list[i] = before[order[i]];
      },
      values);
  take_anew(table, axis, std::move(values), from);
}

}  // namespace lightloom::experiments
