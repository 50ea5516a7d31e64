#include "experiments/designs/design_section.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <set>

#include "core/cards/words.hpp"
#include "core/error.hpp"
#include "experiments/designs/axis_section.hpp"
#include "experiments/designs/draws.hpp"

namespace lightloom::experiments {
namespace {

const std::vector<std::string> designs{"list", "random", "latin-hypercube"};

bool is_product(const std::vector<SweepAxis>& axes) {
  return std::ranges::all_of(axes, [](const SweepAxis& axis) { return axis.when.empty(); });
}

SweepGrid read_product(const Tree& sweep) {
  SweepGrid grid{.axes = read_axes(sweep)};
  for (const SweepAxis& axis : grid.axes)
    require(!axis.range,
            "{}: 'sweep.{}' is a range of numbers, of which a grid takes none (list values, or "
            "draw points: design: random or latin-hypercube)",
            sweep.origin, axis.key);
  if (!is_product(grid.axes)) {
    grid.list = every_combination(grid.axes);
    return grid;
  }
  std::size_t points = 1;
  for (const SweepAxis& axis : grid.axes) {
    require(points <= most_points / axis.values.size(),
            "the sweep has more than 10^6 points (split it)");
    points *= axis.values.size();
  }
  return grid;
}

/// The whole number under a key of the section; none without the key.
std::optional<std::uint64_t> whole_number(const Tree& sweep, const char* key) {
  const Tree* found = sweep.find(key);
  if (found == nullptr) return std::nullopt;
  std::uint64_t number = 0;
  const std::string& text = found->scalar;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  require(found->kind == Tree::Kind::scalar && problem == std::errc{} &&
              end == text.data() + text.size(),
          "{}: 'sweep.{}' is {} and must be a whole number", found->origin, key, flow_text(*found));
  return number;
}

SweepGrid read_drawn(const Tree& sweep, const std::string& design) {
  require_known_keys(sweep, "sweep", {"design", "count", "seed", "axes"});
  const auto count = whole_number(sweep, "count");
  require(count && *count >= 1 && *count <= most_points,
          "{}: 'sweep.count' is {} and must say how many points the design draws, 1 to 10^6",
          sweep.origin, count ? fmt::format("{}", *count) : "not there");
  const Tree* axes = sweep.find("axes");
  require(axes != nullptr && axes->kind == Tree::Kind::mapping,
          "{}: 'sweep.axes' must name the keys that the design draws (for example axes: "
          "{{core.rows: {{from: 8, to: 64, integer: true}}}})",
          sweep.origin);
  SweepGrid grid{.axes = read_axes(*axes)};
  const DrawAsked asked{.count = *count, .seed = whole_number(sweep, "seed").value_or(0)};
  grid.list =
      design == "random" ? random_points(grid.axes, asked) : latin_hypercube(grid.axes, asked);
  return grid;
}

/// The values that points of a list give to one key.
struct ListedKey {
  Tree values = Tree::list();
  std::map<std::string, std::size_t> index;  // by their text
  std::size_t add(const Tree& value) {
    const auto [known, is_new] = index.emplace(flow_text(value), values.items.size());
    if (is_new) values.items.push_back(value);
    return known->second;
  }
};

/// Keys in order of their first appearance.
struct ListedKeys {
  std::vector<std::string> names;
  std::vector<ListedKey> keys;
  std::size_t place_of(const std::string& name) {
    const auto found = std::ranges::find(names, name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    names.push_back(name);
    keys.emplace_back();
    return names.size() - 1;
  }
};

using ListedPoint = std::map<std::size_t, std::size_t>;  // from keys to their values

std::vector<ListedPoint> listed_points(const Tree& points, ListedKeys& keys) {
  std::vector<ListedPoint> found;
  std::map<ListedPoint, std::size_t> seen;
  for (const Tree& point : points.items) {
    require(point.kind == Tree::Kind::mapping,
            "{}: point {} of the sweep is {} and must be a mapping from keys to values",
            point.origin, found.size() + 1, flow_text(point));
    ListedPoint& listed = found.emplace_back();
    for (const auto& [key, value] : point.pairs) {
      const std::size_t place = keys.place_of(key);
      require(listed.emplace(place, keys.keys[place].add(value)).second,
              "{}: point {} of the sweep names '{}' twice (keep one)", value.origin, found.size(),
              key);
    }
    const auto [first, is_new] = seen.emplace(listed, found.size());
    require(is_new, "{}: point {} of the sweep is point {} again (keep one)", point.origin,
            found.size(), first->second);
  }
  return found;
}

SweepGrid read_list(const Tree& sweep) {
  require_known_keys(sweep, "sweep", {"design", "points"});
  const Tree* points = sweep.find("points");
  require(points != nullptr && points->kind == Tree::Kind::list && !points->items.empty(),
          "{}: 'sweep.points' must be a list of points (for example points: [{{core.rows: 8}}, "
          "{{core.rows: 64, batch: 4}}])",
          sweep.origin);
  ListedKeys keys;
  const std::vector<ListedPoint> listed = listed_points(*points, keys);
  require(!keys.names.empty(), "{}: the points of the sweep name no keys (name one)",
          points->origin);
  SweepGrid grid;
  for (std::size_t i = 0; i < keys.names.size(); ++i) {
    Tree& values = keys.keys[i].values;
    values.origin = points->origin;
    grid.axes.push_back(
        {.key = keys.names[i], .name = {}, .unit = {}, .values = values.items, .labels = {}});
    label_values(values, grid.axes.back());
  }
  require_different(grid.axes);
  name_axes(grid.axes);
  PointList list{.cells = std::vector<double>(listed.size() * grid.axes.size(),
                                              std::numeric_limits<double>::quiet_NaN()),
                 .points = listed.size(),
                 .drawn = listed.size()};
  for (std::size_t point = 0; point < listed.size(); ++point)
    for (const auto& [axis, value] : listed[point])
      list.cells[point * grid.axes.size() + axis] = static_cast<double>(value);
  grid.list = std::move(list);
  return grid;
}

}  // namespace

SweepGrid read_sweep_section(const Tree& sweep) {
  const Tree* design = sweep.find("design");
  if (design == nullptr) return read_product(sweep);
  const std::string name = flow_text(*design), near = nearest_word(name, designs);
  require(std::ranges::find(designs, name) != designs.end(),
          "{}: 'sweep.design' is {} and must be {}{}", design->origin, name,
          fmt::join(designs, ", "), near.empty() ? "" : fmt::format(" (did you mean {}?)", near));
  return name == "list" ? read_list(sweep) : read_drawn(sweep, name);
}

}  // namespace lightloom::experiments
