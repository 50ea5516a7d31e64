#include "experiments/designs/axis_section.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/cards/words.hpp"
#include "core/error.hpp"
#include "experiments/cards/short_forms.hpp"

namespace lightloom::experiments {
namespace {

std::string place_of(const Tree& value, const std::string& key) {
  return fmt::format("{}: 'sweep.{}'", value.origin, key);
}

/// The number under `word` of a range.
double end_of(const Tree& range, const std::string& key, const char* word) {
  const Tree* found = range.find(word);
  require(found != nullptr, "{} has no '{}' (a range needs both ends, like {{from: 8, to: 64}})",
          place_of(range, key), word);
  const auto number = number_of(*found);
  require(number && std::isfinite(*number), "{}: '{}' is {}, which is no finite number",
          place_of(*found, key), word, flow_text(*found));
  return *number;
}

bool is_logarithmic(const Tree& range, const std::string& key) {
  const Tree* scale = range.find("scale");
  if (scale == nullptr) return false;
  require(
      scale->kind == Tree::Kind::scalar && (scale->scalar == "linear" || scale->scalar == "log"),
      "{}: 'scale' is {} and must be linear or log", place_of(*scale, key), flow_text(*scale));
  return scale->scalar == "log";
}

bool is_whole(const Tree& range, const std::string& key) {
  const Tree* whole = range.find("integer");
  if (whole == nullptr) return false;
  require(
      whole->kind == Tree::Kind::scalar && (whole->scalar == "true" || whole->scalar == "false"),
      "{}: 'integer' is {} and must be true or false", place_of(*whole, key), flow_text(*whole));
  return whole->scalar == "true";
}

AxisRange read_range(const Tree& tree, const std::string& key) {
  const AxisRange range{.from = end_of(tree, key, "from"),
                        .to = end_of(tree, key, "to"),
                        .logarithmic = is_logarithmic(tree, key),
                        .whole = is_whole(tree, key)};
  const std::string where = place_of(tree, key);
  require(range.from < range.to, "{} goes from {} to {} (the first must be the smaller)", where,
          range.from, range.to);
  require(!range.logarithmic || range.from > 0,
          "{} begins at {}, and an axis with scale: log needs numbers above 0", where, range.from);
  const auto whole = [](double end) { return end == std::trunc(end) && std::abs(end) < 0x1p53; };
  require(!range.whole || (whole(range.from) && whole(range.to)),
          "{} is an axis of integers from {} to {} (both ends must be whole numbers)", where,
          range.from, range.to);
  return range;
}

void take_values(const Tree& list, SweepAxis& axis) {
  require(list.kind == Tree::Kind::list && !list.items.empty(),
          "{} must be a list of values (for example [1, 2, 4])", place_of(list, axis.key));
  axis.values = list.items;
  label_values(list, axis);
}

SweepAxis read_axis(const Tree& tree, const std::string& key) {
  SweepAxis axis{.key = key, .name = {}, .unit = {}, .values = {}, .labels = {}};
  if (tree.kind != Tree::Kind::mapping) {
    take_values(tree, axis);
    return axis;
  }
  const Tree* values = tree.find("values");
  const std::string where = "sweep." + key;
  if (values == nullptr) {
    require_known_keys(tree, where, {"from", "to", "scale", "integer", "when", "values"});
    axis.range = read_range(tree, key);
  } else {
    require_known_keys(tree, where, {"values", "when"});
    take_values(*values, axis);
  }
  return axis;
}

/// An axis and the conditions that it was written with, or nullptr.
struct WrittenAxis {
  SweepAxis axis;
  const Tree* when = nullptr;
};

void collect(const Tree& tree, const std::string& path, std::vector<WrittenAxis>& found) {
  for (const auto& [key, value] : tree.pairs) {
    const std::string full = path.empty() ? key : fmt::format("{}.{}", path, key);
    if (value.kind == Tree::Kind::mapping && !describes_axis(value))
      collect(value, full, found);
    else
      found.push_back({read_axis(value, full),
                       value.kind == Tree::Kind::mapping ? value.find("when") : nullptr});
  }
}

/// Which of an axis' values is meant; their number for none. The text decides, or the name that a
/// section gives itself, so that a card read again from a results file says the same.
std::size_t index_of(const SweepAxis& axis, const Tree& value) {
  const auto same = [&](const Tree& one) {
    return flow_text(one) == flow_text(value) || label_of(one) == label_of(value);
  };
  return static_cast<std::size_t>(std::find_if(axis.values.begin(), axis.values.end(), same) -
                                  axis.values.begin());
}

std::string keys_of(const std::vector<SweepAxis>& axes) {
  std::vector<std::string> keys;
  for (const SweepAxis& axis : axes) keys.push_back(axis.key);
  return fmt::format("{}", fmt::join(keys, ", "));
}

/// One line of `when`: the axis that it names and the values.
AxisCondition read_condition(const TreeEntry& line, const std::vector<SweepAxis>& axes,
                             const std::string& of) {
  const auto other = std::find_if(axes.begin(), axes.end(),
                                  [&](const SweepAxis& axis) { return axis.key == line.key; });
  const std::string where = fmt::format("{}: the condition of 'sweep.{}'", line.value.origin, of);
  require(other != axes.end(), "{} names '{}', which is no axis of the sweep (its axes: {})", where,
          line.key, keys_of(axes));
  require(other->key != of, "{} names the axis itself (name another one)", where);
  require(!other->range,
          "{} names '{}', which is a range of numbers (conditions ask for values of a list)", where,
          line.key);
  AxisCondition condition{.axis = static_cast<std::size_t>(other - axes.begin()),
                          .holds = std::vector<bool>(other->values.size(), false)};
  const bool several =
      line.value.kind == Tree::Kind::list && index_of(*other, line.value) == other->values.size();
  require(!several || !line.value.items.empty(), "{} asks for no value of '{}' (name one)", where,
          line.key);
  for (const Tree& value : several ? line.value.items : std::vector<Tree>{line.value}) {
    const std::size_t index = index_of(*other, value);
    require(index < other->values.size(), "{} asks for '{}' to be {}, which it never is (it is {})",
            where, line.key, label_of(value), fmt::join(other->labels, ", "));
    condition.holds[index] = true;
  }
  return condition;
}

void add_conditions(SweepAxis& axis, const Tree& when, const std::vector<SweepAxis>& axes) {
  require(when.kind == Tree::Kind::mapping && !when.pairs.empty(),
          "{}: 'when' must name another axis and its values (for example when: {{weights.source: "
          "multilevel}})",
          place_of(when, axis.key));
  for (const TreeEntry& line : when.pairs)
    axis.when.push_back(read_condition(line, axes, axis.key));
}

}  // namespace

std::vector<SweepAxis> read_axes(const Tree& mapping) {
  std::vector<WrittenAxis> found;
  if (mapping.kind == Tree::Kind::mapping) collect(mapping, "", found);
  require(!found.empty(), "{}: the sweep has no axes (name keys and their values)", mapping.origin);
  std::vector<SweepAxis> axes;
  for (WrittenAxis& one : found) axes.push_back(std::move(one.axis));
  require_different(axes);
  name_axes(axes);
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (found[i].when != nullptr) add_conditions(axes[i], *found[i].when, axes);
  (void)order_of_decisions(axes);
  return axes;
}

void require_known_keys(const Tree& mapping, const std::string& where,
                        const std::vector<std::string>& known) {
  for (const auto& [key, value] : mapping.pairs) {
    if (std::ranges::find(known, key) != known.end()) continue;
    const std::string near = nearest_word(key, known);
    throw Error(fmt::format("{}: '{}.{}' is not a known key ({})", value.origin, where, key,
                            near.empty() ? fmt::format("it may be {}", fmt::join(known, ", "))
                                         : fmt::format("did you mean '{}'?", near)));
  }
}

std::vector<std::size_t> order_of_decisions(const std::vector<SweepAxis>& axes) {
  std::vector<std::size_t> order;
  std::vector<bool> decided(axes.size(), false);
  const auto ready = [&](std::size_t axis) {
    return !decided[axis] && std::ranges::all_of(axes[axis].when, [&](const AxisCondition& one) {
      return decided[one.axis];
    });
  };
  while (order.size() < axes.size()) {
    std::size_t next = 0;
    while (next < axes.size() && !ready(next)) ++next;
    if (next == axes.size()) {
      std::vector<std::string> left;
      for (std::size_t i = 0; i < axes.size(); ++i)
        if (!decided[i]) left.push_back(axes[i].key);
      throw Error(fmt::format(
          "the conditions of the sweep's axes go in a circle ({}: take one of them away)",
          fmt::join(left, ", ")));
    }
    decided[next] = true;
    order.push_back(next);
  }
  return order;
}

}  // namespace lightloom::experiments
