#include "experiments/results/files/tidy_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <span>
#include <sstream>

#include "core/archives/npy.hpp"
#include "core/cards/words.hpp"
#include "core/error.hpp"
#include "experiments/results/files/provenance.hpp"

namespace lightloom::experiments {
namespace {

std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char letter : text) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
  return quoted + "\"";
}

/// The shortest digits that read back as the same number of its width.
std::string cell(double number) { return std::isnan(number) ? "" : fmt::format("{}", number); }
std::string cell(float number) { return std::isnan(number) ? "" : fmt::format("{}", number); }
std::string cell(std::int64_t number) { return fmt::format("{}", number); }

std::string cell_at(const Values& values, std::size_t i) {
  return std::visit([i](const auto& list) { return cell(list[i]); }, values);
}

/// The table of these axes, made where there is none.
TidyTable& table_along(std::vector<TidyTable>& tables, const Variable& array) {
  const auto known = std::ranges::find(tables, array.axes, &TidyTable::axes);
  if (known != tables.end()) return *known;
  tables.push_back({.axes = array.axes, .places = {}, .arrays = {}, .rows = size_of(array.values)});
  return tables.back();
}

/// Gives the place of a point to all tables with points in them, or to one of its own.
void add_place(std::vector<TidyTable>& tables, const Variable& place) {
  bool taken = false;
  for (TidyTable& table : tables) {
    if (table.axes.empty() || table.axes.front() != place.axes.front()) continue;
    table.places.push_back(&place);
    taken = true;
  }
  if (!taken) table_along(tables, place).arrays.push_back(&place);
}

/// An array over one axis that the attribute `coordinates` names.
bool is_place(const Variable& array, const std::vector<std::string>& coordinates) {
  return array.axes.size() == 1 && std::ranges::find(coordinates, array.name) != coordinates.end();
}

/// One more along the fastest axis, with a carry to the slower ones.
void advance(std::vector<std::size_t>& at, const std::vector<const Axis*>& axes) {
  for (std::size_t a = at.size(); a-- > 0;) {
    if (++at[a] < size_of(axes[a]->values)) return;
    at[a] = 0;
  }
}

std::string joined(const std::vector<std::string>& cells) {
  return fmt::format("{}\n", fmt::join(cells, ","));
}

bool matches_any(const std::string& name, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches(pattern, name); });
}

void require_known(const Labelled& data, const std::string& pattern) {
  std::vector<std::string> names;
  for (const Variable& array : data.variables) names.push_back(array.name);
  if (std::any_of(names.begin(), names.end(),
                  [&](const std::string& name) { return matches(pattern, name); }))
    return;
  require(data.axis(pattern) == nullptr,
          "'{}' is an axis of the file, not an array (it is a column of the arrays along it)",
          pattern);
  const std::string near = nearest_word(pattern, names);
  throw Error(fmt::format(
      "the file holds no array '{}' ({})", pattern,
      near.empty() ? "lightloom inspect lists them" : fmt::format("did you mean '{}'?", near)));
}

}  // namespace

std::vector<std::string> coordinate_names(const Labelled& data) {
  std::vector<std::string> found;
  std::istringstream names(text_attribute(data, "coordinates"));
  for (std::string name; names >> name;) found.push_back(name);
  return found;
}

std::vector<TidyTable> tidy_tables(const Labelled& data) {
  const std::vector<std::string> coordinates = coordinate_names(data);
  std::vector<TidyTable> tables;
  for (const Variable& array : data.variables)
    if (!is_place(array, coordinates)) table_along(tables, array).arrays.push_back(&array);
  for (const Variable& array : data.variables)
    if (is_place(array, coordinates)) add_place(tables, array);
  return tables;
}

std::string tidy_csv(const Labelled& data, const TidyTable& table) {
  std::vector<const Axis*> axes;
  std::vector<std::string> cells;
  for (const std::string& name : table.axes) {
    axes.push_back(data.axis(name));
    cells.push_back(cell(name));
  }
  for (const Variable* array : table.places) cells.push_back(cell(array->name));
  for (const Variable* array : table.arrays) cells.push_back(cell(array->name));
  std::string text = joined(cells);
  std::vector<std::size_t> at(axes.size());
  for (std::size_t row = 0; row < table.rows; ++row, advance(at, axes)) {
    cells.clear();
    for (std::size_t a = 0; a < axes.size(); ++a) cells.push_back(cell_at(axes[a]->values, at[a]));
    for (const Variable* array : table.places) cells.push_back(cell_at(array->values, at.front()));
    for (const Variable* array : table.arrays) cells.push_back(cell_at(array->values, row));
    text += joined(cells);
  }
  return text;
}

std::string npy_of(const Labelled& data, const Variable& array) {
  std::vector<std::int64_t> shape;
  for (const std::string& name : array.axes)
    shape.push_back(static_cast<std::int64_t>(size_of(data.axis(name)->values)));
  return std::visit(
      [&]<class T>(const std::vector<T>& list) -> std::string {
        if constexpr (std::is_same_v<T, std::string>) {
          throw Error(fmt::format(
              "array '{}' holds texts, which .npy has no form for (write .csv or .json)",
              array.name));
        } else {
          const char* type = std::is_integral_v<T> ? "<i8" : sizeof(T) == 4 ? "<f4" : "<f8";
          const auto* bytes = reinterpret_cast<const std::uint8_t*>(list.data());
          return npy_bytes(type, shape, {bytes, list.size() * sizeof(T)});
        }
      },
      array.values);
}

Labelled chosen_arrays(const Labelled& data, const std::vector<std::string>& patterns) {
  if (patterns.empty()) return data;
  for (const std::string& pattern : patterns) require_known(data, pattern);
  const std::vector<std::string> coordinates = coordinate_names(data);
  std::set<std::string> axes;
  for (const Variable& array : data.variables)
    if (matches_any(array.name, patterns)) axes.insert(array.axes.begin(), array.axes.end());
  Labelled chosen{.axes = {}, .variables = {}, .attributes = data.attributes};
  for (const Axis& axis : data.axes)
    if (axes.contains(axis.name)) chosen.add_axis(axis);
  for (const Variable& array : data.variables)
    if (matches_any(array.name, patterns) ||
        (is_place(array, coordinates) && axes.contains(array.axes.front())))
      chosen.add(array);
  return chosen;
}

}  // namespace lightloom::experiments
