#include "experiments/designs/draws.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <unordered_set>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "experiments/designs/axis_section.hpp"

namespace lightloom::experiments {
namespace {

using Row = std::span<double>;

constexpr double absent = std::numeric_limits<double>::quiet_NaN();

bool exists(const SweepAxis& axis, std::span<const double> row) {
  return std::ranges::all_of(axis.when, [&](const AxisCondition& one) {
    return !std::isnan(row[one.axis]) && one.holds[static_cast<std::size_t>(row[one.axis])];
  });
}

/// A table of its points must fit the memory of a small machine.
void require_room(std::size_t points, std::size_t axes) {
  constexpr std::size_t most_cells = 20'000'000;
  require(points <= most_cells / axes,
          "the sweep has more than {} points of {} axes (points times axes may be 2 * 10^7: split "
          "it)",
          points - 1, axes);
}

class Combinations {
 public:
  explicit Combinations(const std::vector<SweepAxis>& axes)
      : axes_(axes), order_(order_of_decisions(axes)), row_(axes.size(), absent) {}

  /// Adds all points that agree with the row in the first `decided` axes of the order.
  void extend(std::size_t decided) {
    if (decided == order_.size()) return add();
    const std::size_t axis = order_[decided];
    if (!exists(axes_[axis], row_)) return extend(decided + 1);
    for (std::size_t value = 0; value < axes_[axis].values.size(); ++value) {
      row_[axis] = static_cast<double>(value);
      extend(decided + 1);
    }
    row_[axis] = absent;
  }
  PointList take() { return std::move(list_); }

 private:
  void add() {
    require(list_.points < most_points, "the sweep has more than 10^6 points (split it)");
    require_room(list_.points + 1, axes_.size());
    list_.cells.insert(list_.cells.end(), row_.begin(), row_.end());
    list_.drawn = ++list_.points;
  }

  const std::vector<SweepAxis>& axes_;
  std::vector<std::size_t> order_;
  std::vector<double> row_;
  PointList list_;
};

/// A list that takes every point once.
class DifferentPoints {
 public:
  explicit DifferentPoints(const std::vector<SweepAxis>& axes)
      : axes_(axes), order_(order_of_decisions(axes)) {}

  /// Takes away the axes that do not exist there; whether the point was new.
  bool add(Row row) {
    for (const std::size_t axis : order_)
      if (!exists(axes_[axis], row)) row[axis] = absent;
    ++list_.drawn;
    std::string bytes(row.size_bytes(), '\0');
    std::memcpy(bytes.data(), row.data(), row.size_bytes());
    if (!seen_.insert(std::move(bytes)).second) return false;
    list_.cells.insert(list_.cells.end(), row.begin(), row.end());
    ++list_.points;
    return true;
  }
  [[nodiscard]] std::size_t points() const { return list_.points; }
  [[nodiscard]] std::size_t drawn() const { return list_.drawn; }
  PointList take() { return std::move(list_); }

 private:
  const std::vector<SweepAxis>& axes_;
  std::vector<std::size_t> order_;
  std::unordered_set<std::string> seen_;
  PointList list_;
};

Stream stream_of(std::uint64_t seed, std::size_t axis) {
  return Stream(
      {.seed = seed, .purpose = Purpose::design, .layer = static_cast<std::uint32_t>(axis)});
}

/// Digits that tell 10^4 steps of the range apart, at least 6.
int digits_of(const AxisRange& range) {
  const double largest = std::max(std::abs(range.from), std::abs(range.to));
  const double needed = std::ceil(std::log10(largest / (range.to - range.from))) + 5;
  return static_cast<int>(std::clamp(needed, 6.0, 17.0));
}

double number_at(const AxisRange& range, double share) {
  const double half = range.whole ? 0.5 : 0;  // to either side of an integer
  const double low = range.from - half, high = range.to + half;
  const double number =
      range.logarithmic ? low * std::pow(high / low, share) : low + share * (high - low);
  const double rounded =
      range.whole ? std::round(number)
                  : std::strtod(fmt::format("{:.{}g}", number, digits_of(range)).c_str(), nullptr);
  return std::clamp(rounded, range.from, range.to) + 0.0;  // no -0
}

}  // namespace

double cell_at(const SweepAxis& axis, double share) {
  if (axis.range) return number_at(*axis.range, share);
  const auto values = static_cast<double>(axis.values.size());
  return std::min(std::floor(share * values), values - 1);
}

PointList every_combination(const std::vector<SweepAxis>& axes) {
  Combinations all(axes);
  all.extend(0);
  PointList list = all.take();
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    std::size_t point = 0;
    while (point < list.points && std::isnan(list.cells[point * axes.size() + axis])) ++point;
    require(point < list.points,
            "'sweep.{}' exists at no point (its conditions never hold together)", axes[axis].key);
  }
  return list;
}

PointList random_points(const std::vector<SweepAxis>& axes, const DrawAsked& asked) {
  require_room(asked.count, axes.size());
  std::vector<Stream> streams;
  for (std::size_t axis = 0; axis < axes.size(); ++axis)
    streams.push_back(stream_of(asked.seed, axis));
  DifferentPoints found(axes);
  std::vector<double> row(axes.size());
  for (std::size_t draw = 0, last_new = 0; found.points() < asked.count; ++draw) {
    require(draw - last_new < 1000 + 20 * found.points(),
            "the sweep's axes gave {} different points in {} draws, and {} were asked for (lower "
            "count, or sweep the whole grid)",
            found.points(), draw, asked.count);
    for (std::size_t axis = 0; axis < axes.size(); ++axis)
      row[axis] = cell_at(axes[axis], streams[axis].uniform(draw));
    if (found.add(row)) last_new = draw;
  }
  return found.take();
}

PointList latin_hypercube(const std::vector<SweepAxis>& axes, const DrawAsked& asked) {
  require_room(asked.count, axes.size());
  std::vector<double> rows(asked.count * axes.size());
  std::vector<std::uint32_t> strata(asked.count);
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    const Stream stream = stream_of(asked.seed, axis);
    fill_permutation(stream, 0, strata);
    for (std::size_t point = 0; point < asked.count; ++point) {
      const double share =
          (strata[point] + stream.uniform(point, 1)) / static_cast<double>(asked.count);
      rows[point * axes.size() + axis] = cell_at(axes[axis], share);
    }
  }
  DifferentPoints found(axes);
  for (std::size_t point = 0; point < asked.count; ++point)
    found.add(Row(rows).subspan(point * axes.size(), axes.size()));
  return found.take();
}

}  // namespace lightloom::experiments
