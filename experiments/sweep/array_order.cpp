#include "experiments/sweep/array_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "experiments/results/files/provenance.hpp"
#include "experiments/sweep/sweep_comparison.hpp"
#include "experiments/sweep/sweep_table.hpp"

namespace lightloom::experiments {
namespace {

constexpr const char* key = "brought_by";

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

ArrayOrder::ArrayOrder(const Labelled& table, const SweepGrid& grid) : swept_(grid.axes.size()) {
  const std::size_t first = first_done(table, grid.points());
  for (std::size_t i = swept_; i < table.axes.size(); ++i)
    axes_[table.axes[i].name] = {first, i - swept_};
  for (std::size_t i = 0; i < table.variables.size(); ++i) {
    const std::string& name = table.variables[i].name;
    if (name != "done" && !is_comparison(name)) arrays_[name] = {first, i};
  }
  read(text_attribute(table, key));
}

void ArrayOrder::read(const std::string& text) {
  std::istringstream lines(text);
  std::string kind, name;
  for (Place place; lines >> kind >> place.point >> place.position >> name;) {
    Places& places = kind == "axis" ? axes_ : arrays_;
    if (const auto known = places.find(name); known != places.end()) known->second = place;
  }
}

bool ArrayOrder::note_one(Places& places, const std::string& name, Place place) {
  const auto [known, is_new] = places.try_emplace(name, place);
  if (is_new || known->second < place) return false;
  known->second = place;
  return true;
}

void ArrayOrder::note(Labelled& table, std::size_t point, const Labelled& values) {
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

void ArrayOrder::apply(Labelled& table, bool complete) const {
  sort_by_place(table.axes.begin() + static_cast<std::ptrdiff_t>(swept_), table.axes.end(), axes_);
  sort_by_place(table.variables.begin() + 1, table.variables.end(), arrays_);  // behind `done`
  table.attributes.erase(key);
  std::set<std::size_t> points;
  for (const Places* places : {&axes_, &arrays_})
    for (const auto& [name, place] : *places) points.insert(place.point);
  if (!complete && points.size() > 1) table.attributes[key] = text();
}

std::string ArrayOrder::text() const {
  std::string text;
  for (const auto& [kind, places] : {std::pair{"axis", &axes_}, std::pair{"array", &arrays_}})
    for (const auto& [name, place] : *places)
      text += fmt::format("{} {} {} {}\n", kind, place.point, place.position, name);
  return text;
}

}  // namespace lightloom::experiments
