#include "experiments/results/page_data.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/letters.hpp"
#include "core/parallel.hpp"
#include "experiments/results/files/tidy_tables.hpp"
#include "experiments/results/page_values.hpp"

namespace lightloom::experiments {
namespace {

/// The first of all, in this order.
constexpr std::array<std::string_view, 9> telling{
    "accuracy_chips_mean", "accuracy_source", "accuracy_chips_std", "time", "energy", "speedup",
    "energy_gain",         "steady_time",     "steady_energy"};

bool is_drawn(const Variable& array) {
  return !array.name.starts_with("outcomes_") && array.name != "test_fingerprint";
}

std::size_t rank(const Variable& array) {
  return static_cast<std::size_t>(std::find(telling.begin(), telling.end(), array.name) -
                                  telling.begin());
}

double rounded(double value) {
  if (!std::isfinite(value)) return value;
  std::array<char, 32> text{};
  const auto [end, problem] =
      std::to_chars(text.begin(), text.end(), value, std::chars_format::general, 7);
  std::from_chars(text.begin(), end, value);
  return value;
}

void round_numbers(std::vector<Variable>& arrays) {
  parallel_for_dynamic(static_cast<std::ptrdiff_t>(arrays.size()), [&](std::ptrdiff_t i) {
    Values& values = arrays[static_cast<std::size_t>(i)].values;
    if (auto* numbers = std::get_if<std::vector<double>>(&values))
      for (double& value : *numbers) value = rounded(value);
  });
}

/// Names of the arrays that are embedded: where points are in any case, then the most telling.
std::vector<std::string> chosen(const Labelled& data, std::size_t most) {
  const std::vector<std::string> places = coordinate_names(data);
  const auto rank_of = [&](const Variable& array) {
    return std::ranges::find(places, array.name) != places.end() ? 0 : 1 + rank(array);
  };
  std::vector<const Variable*> order;
  for (const Variable& array : data.variables)
    if (is_drawn(array)) order.push_back(&array);
  std::stable_sort(order.begin(), order.end(), [&](const Variable* a, const Variable* b) {
    const std::size_t first = rank_of(*a), second = rank_of(*b);
    return first != second ? first < second : size_of(a->values) < size_of(b->values);
  });
  std::vector<std::string> names;
  std::size_t bytes = 0;
  for (const Variable* array : order) {
    const std::size_t its = page_bytes(array->values);
    if (bytes + its > most) continue;
    bytes += its;
    names.push_back(array->name);
  }
  return names;
}

void make_visible(std::string& text) { text = visible_text(text); }

void make_visible(Values& values) {
  if (auto* texts = std::get_if<std::vector<std::string>>(&values))
    for (std::string& text : *texts) make_visible(text);
}

/// Names, units and texts of arrays and axes without what nobody would see.
template <class Described>
void make_texts_visible(std::vector<Described>& all) {
  for (Described& one : all) {
    make_visible(one.name);
    make_visible(one.unit);
    make_visible(one.long_name);
    make_visible(one.values);
  }
}

void make_texts_visible(Labelled& page) {
  make_texts_visible(page.axes);
  make_texts_visible(page.variables);
  for (Variable& variable : page.variables)
    for (std::string& axis : variable.axes) make_visible(axis);
  decltype(page.attributes) attributes;
  for (auto& [name, value] : page.attributes) {
    if (auto* text = std::get_if<std::string>(&value)) make_visible(*text);
    attributes[visible_text(name)] = std::move(value);
  }
  page.attributes = std::move(attributes);
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Labelled page_data(const Labelled& data, std::size_t most) {
  const std::vector<std::string> names = chosen(data, most);
  Labelled page{.axes = {}, .variables = {}, .attributes = data.attributes};
  std::string left_out;
  for (const Axis& axis : data.axes)
    if (axis.name != "image_word") page.axes.push_back(axis);
  for (const Variable& array : data.variables) {
    if (has(names, array.name))
      page.variables.push_back(array);
    else if (is_drawn(array))
      left_out += (left_out.empty() ? "" : ", ") + array.name;
  }
  if (!left_out.empty()) page.attributes["left_out"] = left_out;
  page.attributes.erase("card_given");
  round_numbers(page.variables);
  make_texts_visible(page);
  return page;
}

}  // namespace lightloom::experiments
