#include "experiments/sweep/merge.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <utility>

#include "core/error.hpp"
#include "experiments/results/files/provenance.hpp"
#include "experiments/sweep/array_order.hpp"
#include "experiments/sweep/axis_union.hpp"
#include "experiments/sweep/sweep_comparison.hpp"
#include "experiments/sweep/sweep_table.hpp"

namespace lightloom::experiments {
namespace {

struct Part {
  std::string path;
  Labelled table;
  std::size_t first = 0;  // point that it holds
};

Part read_part_file(const std::string& path) {
  Part part{.path = path, .table = read_labelled(path)};
  require(text_attribute(part.table, "kind") == "sweep",
          "'{}' is no result of a sweep (merge takes what `lightloom sweep` writes)", path);
  const Variable* done = part.table.variable("done");
  require(done != nullptr && std::holds_alternative<std::vector<std::int64_t>>(done->values),
          "'{}': the mask of finished points is damaged (compute the part again)", path);
  const std::size_t points = size_of(done->values);
  while (part.first < points && !is_done(part.table, part.first)) ++part.first;
  return part;
}

/// What files of one sweep have in common.
void require_same_sweep(const Part& one, const Part& other) {
  for (const auto& [attribute, what] :
       {std::pair{"card_hash", "cards"},
        std::pair{"input_files", "contents of files that the card names"},
        std::pair{"program_version", "versions of the program"},
        std::pair{"git_revision", "revisions of the program"}}) {
    const std::string a = text_attribute(one.table, attribute),
                      b = text_attribute(other.table, attribute);
    require(a == b, "'{}' and '{}' are of different {}: {} and {} (merge parts of one sweep)",
            one.path, other.path, what, a, b);
  }
  require(
      size_of(one.table.variable("done")->values) == size_of(other.table.variable("done")->values),
      "'{}' and '{}' have grids of different size", one.path, other.path);
}

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

/// The point's values as a point of its own, ready to be put into another table.
Labelled point_of(const Part& part, const SweepGrid& grid, std::size_t point) {
  Labelled values;
  const std::size_t swept = grid.dimensions();
  for (std::size_t i = swept; i < part.table.axes.size(); ++i) values.add_axis(part.table.axes[i]);
  for (const Variable& variable : part.table.variables) {
    const auto* numbers = std::get_if<std::vector<double>>(&variable.values);
    if (numbers == nullptr || is_comparison(variable.name) || grid.is_coordinate(variable.name))
      continue;
    require(variable.axes.size() >= swept,
            "'{}': '{}' lies along fewer axes than its grid has (the file is damaged; compute the "
            "part again)",
            part.path, variable.name);
    const std::size_t each = numbers->size() / grid.points();
    const auto from = numbers->begin() + static_cast<std::ptrdiff_t>(point * each);
    values.add(
        {.name = variable.name,
         .axes = {variable.axes.begin() + static_cast<std::ptrdiff_t>(swept), variable.axes.end()},
         .values = std::vector<double>(from, from + static_cast<std::ptrdiff_t>(each)),
         .unit = variable.unit,
         .long_name = variable.long_name});
  }
  return values;
}

void require_equal(MergedSweep& merged, const Labelled& values, std::size_t point,
                   const std::string& path) {
  Labelled& table = merged.table;
  for (const Axis& axis : values.axes) {
    const Axis* known = table.axis(axis.name);
    if (axis.name != image_axis && known != nullptr && known->values != axis.values)
      add_missing_values(table, axis);
  }
  for (const Variable& variable : values.variables) {
    const auto known = numbers_at(table, point, values, variable);
    const auto& given = std::get<std::vector<double>>(variable.values);
    const bool equal = known && std::ranges::equal(given, *known, same_bits);
    require(equal,
            "'{}' holds another '{}' at {} than a file before it (they were computed by other "
            "programs or machines; compute one of them again)",
            path, variable.name, merged.grid.describe(point));
  }
}

void add_points(MergedSweep& merged, const Part& part) {
  for (std::size_t point = part.first; point < merged.grid.points(); ++point) {
    if (!is_done(part.table, point)) continue;
    const Labelled values = point_of(part, merged.grid, point);
    if (is_done(merged.table, point))
      require_equal(merged, values, point, part.path);
    else
      put_point(merged.table, merged.grid, point, values);
  }
  add_images_chose(merged.table, part.table);
}

}  // namespace

MergedSweep merge_sweeps(const std::vector<std::string>& files) {
  require(!files.empty(), "merge needs the files of a sweep's parts");
  std::vector<Part> parts;
  for (const std::string& file : files) {
    parts.push_back(read_part_file(file));
    require_same_sweep(parts.front(), parts.back());
  }
  // A table has its axes and variables from its first point.
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) { return a.first < b.first; });
  const Labelled& first = parts.front().table;
  MergedSweep merged{
      .grid = read_grid(parse_yaml(text_attribute(first, "card"), parts[0].path), first)};
  require(merged.grid.points() == size_of(first.variable("done")->values),
          "'{}': the grid of its card is not that of its points (compute the part again)",
          parts[0].path);
  merged.table = empty_table(merged.grid);
  merged.table.attributes = first.attributes;
  merged.table.attributes.erase("part");
  merged.table.attributes.erase("images_chose");
  merged.table.attributes.erase(brought_by_key);
  ArrayOrder order(merged.table, merged.grid);
  for (const Part& part : parts) add_points(merged, part);
  for (const Part& part : parts) order.absorb(merged.table, part.table, merged.grid);
  order.apply(merged.table, count_done(merged.table) == merged.grid.points());
  return merged;
}

}  // namespace lightloom::experiments
