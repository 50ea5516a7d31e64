#include "experiments/sweep/array_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <sstream>
#include <vector>

#include "experiments/results/files/provenance.hpp"
#include "experiments/sweep/axis_union.hpp"
#include "experiments/sweep/sweep_comparison.hpp"
#include "experiments/sweep/sweep_table.hpp"

namespace lightloom::experiments {
namespace {

std::size_t first_done(const Labelled& table, std::size_t points) {
  std::size_t point = 0;
  while (point < points && !is_done(table, point)) ++point;
  return point;
}

/// Names that have no place stay behind those that have one.
template <class List, class Places>
void sort_by_place(List first, List last, const Places& places) {
  std::stable_sort(first, last, [&](const auto& a, const auto& b) {
    const auto left = places.find(a.name), right = places.find(b.name);
    if (left == places.end() || right == places.end())
      return left != places.end() && right == places.end();
    return left->second < right->second;
  });
}

}  // namespace

ArrayOrder::ArrayOrder(const Labelled& table, const SweepGrid& grid)
    : swept_(grid.dimensions()), masks_(1 + (grid.list ? grid.axes.size() : 0)) {
  const std::size_t first = first_done(table, grid.points());
  for (std::size_t i = swept_; i < table.axes.size(); ++i)
    axes_[table.axes[i].name] = {first, i - swept_};
  for (std::size_t i = 0; i < table.variables.size(); ++i) {
    const std::string& name = table.variables[i].name;
    if (name != "done" && !grid.is_coordinate(name) && !is_comparison(name))
      arrays_[name] = {first, i};
  }
  read(text_attribute(table, brought_by_key));
}

/// Lines of what it is, the point and the place there, the name, and behind a tab an axis' value.
void ArrayOrder::read(const std::string& text) {
  std::istringstream lines(text);
  std::string kind, name;
  for (Place place; lines >> kind >> place.point >> place.position && std::getline(lines, name);) {
    name.erase(0, 1);
    const std::size_t tab = name.find('\t');
    if (kind == "value" && tab != std::string::npos)
      values_[name.substr(0, tab)][name.substr(tab + 1)] = place;
    else if (kind == "axis" || kind == "array")
      (kind == "axis" ? axes_ : arrays_)[name] = place;
  }
}

void ArrayOrder::absorb(const Labelled& merged, const Labelled& part, const SweepGrid& grid) {
  const ArrayOrder other(part, grid);
  for (const auto& [name, place] : other.axes_) note_one(axes_, name, place);
  for (const auto& [name, place] : other.arrays_) note_one(arrays_, name, place);
  for (const auto& [name, first] : other.axes_) {
    const Values& values = part.axis(name)->values;
    const auto noted = other.values_.find(name);
    Places places;
    if (noted != other.values_.end())
      places = noted->second;
    else
      for (std::size_t i = 0; i < size_of(values); ++i)
        places[value_text(values, i)] = {first.point, i};
    for (const auto& [value, place] : places) note_one(of_parts_[name], value, place);
    if (name != image_axis && (noted != other.values_.end() || values != merged.axis(name)->values))
      differ_.insert(name);
  }
  for (const std::string& name : differ_) values_[name] = of_parts_[name];
}

/// Before the table has the point's: only axes whose values differ among points have places for
/// them, and until then all points brought the same.
void ArrayOrder::note_values(const Labelled& table, std::size_t point, const Axis& axis) {
  const Axis* held = table.axis(axis.name);
  auto known = values_.find(axis.name);
  if (held == nullptr || (known == values_.end() && held->values == axis.values)) return;
  if (known == values_.end()) {
    known = values_.emplace(axis.name, Places{}).first;
    for (std::size_t i = 0; i < size_of(held->values); ++i)
      known->second[value_text(held->values, i)] = {axes_.at(axis.name).point, i};
  }
  for (std::size_t i = 0; i < size_of(axis.values); ++i)
    note_one(known->second, value_text(axis.values, i), {point, i});
}

bool ArrayOrder::note_one(Places& places, const std::string& name, Place place) {
  const auto [known, is_new] = places.try_emplace(name, place);
  if (is_new || known->second < place) return false;
  known->second = place;
  return true;
}

void ArrayOrder::put(Labelled& table, const SweepGrid& grid, std::size_t point,
                     const Labelled& values) {
  for (const Axis& axis : values.axes)
    if (axis.name != image_axis) note_values(table, point, axis);
  put_point(table, grid, point, values);
  for (std::size_t i = 0; i < values.axes.size(); ++i)
    note_one(axes_, values.axes[i].name, {point, i});
  for (std::size_t i = 0; i < values.variables.size(); ++i) {
    const Variable& brought = values.variables[i];
    const auto held = std::ranges::find(table.variables, brought.name, &Variable::name);
    if (held == table.variables.end() || !note_one(arrays_, brought.name, {point, i})) continue;
    held->unit = brought.unit;
    held->long_name = brought.long_name;
  }
}

/// Words in order of the points that bring them; numbers rise.
void ArrayOrder::sort_values(Labelled& table, const std::string& axis, const Places& places) const {
  const Values values = table.axis(axis)->values;
  std::vector<std::size_t> order(size_of(values));
  std::iota(order.begin(), order.end(), 0);
  const auto before = [&](std::size_t a, std::size_t b) {
    return std::visit(
        [&]<class T>(const std::vector<T>& list) {
          if constexpr (std::is_same_v<T, std::string>)
            return places.at(list[a]) < places.at(list[b]);
          else
            return list[a] < list[b];
        },
        values);
  };
  std::stable_sort(order.begin(), order.end(), before);
  reorder(table, axis, order);
}

void ArrayOrder::apply(Labelled& table, bool complete) const {
  sort_by_place(table.axes.begin() + static_cast<std::ptrdiff_t>(swept_), table.axes.end(), axes_);
  sort_by_place(table.variables.begin() + static_cast<std::ptrdiff_t>(masks_),
                table.variables.end(), arrays_);
  for (const auto& [axis, places] : values_) sort_values(table, axis, places);
  table.attributes.erase(brought_by_key);
  std::set<std::size_t> points;
  for (const Places* places : {&axes_, &arrays_})
    for (const auto& [name, place] : *places) points.insert(place.point);
  if (!complete && (points.size() > 1 || !values_.empty()))
    table.attributes[brought_by_key] = text();
}

std::string ArrayOrder::text() const {
  std::string text;
  for (const auto& [kind, places] : {std::pair{"axis", &axes_}, std::pair{"array", &arrays_}})
    for (const auto& [name, place] : *places)
      text += fmt::format("{} {} {} {}\n", kind, place.point, place.position, name);
  for (const auto& [axis, values] : values_)
    for (const auto& [value, place] : values)
      text += fmt::format("value {} {} {}\t{}\n", place.point, place.position, axis, value);
  return text;
}

}  // namespace lightloom::experiments
