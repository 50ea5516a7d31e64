#include "calibration/elements/spoiled.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lightloom::calibration {
namespace {

/// How often the first value of `sorted` (from an end) is there, if far more often than the next
/// ones.
std::size_t atom_of(const std::vector<double>& sorted, double tolerance) {
  std::size_t count = 1;
  while (count < sorted.size() && std::abs(sorted[count] - sorted[0]) <= tolerance) ++count;
  if (count < 5 || count == sorted.size()) return 0;
  std::size_t most = 1, run = 1;
  for (std::size_t i = count + 1; i < std::min(sorted.size(), count + 200); ++i) {
    run = std::abs(sorted[i] - sorted[i - 1]) <= tolerance ? run + 1 : 1;
    most = std::max(most, run);
  }
  return count >= 10 * most || (most == 1 && count >= 5) ? count : 0;
}

/// The least step between neighbours among the first values of `sorted`.
double least_step(const std::vector<double>& sorted, double tolerance) {
  double least = INFINITY;
  for (std::size_t i = 1; i < std::min<std::size_t>(sorted.size(), 300); ++i)
    if (const double step = std::abs(sorted[i] - sorted[i - 1]); step > tolerance)
      least = std::min(least, step);
  return least;
}

/// An end of the readings, and the other one.
struct EndOfReadings {
  double end = 0, other = 0, tolerance = 0, step = 0;
};

/// Readings, in their order, that stay at an end for three and more and leave it by more than a
/// smooth peak of that width can in the instrument's steps: a parabola that lies within one step
/// over three readings has fallen by less than six of them at the second beyond. None where others
/// in between do the same (every drive measured several times).
std::size_t cut_off_at(const EndOfReadings& at, std::span<const double> readings) {
  std::size_t count = 0, to = 0;
  const std::size_t size = readings.size();
  const auto is = [&](std::size_t i, double value) {
    return std::abs(readings[i] - value) <= at.tolerance;
  };
  for (std::size_t from = 0; from < size; from = to) {
    for (to = from + 1; to < size && is(to, readings[from]);) ++to;
    const auto leaves = [&](std::size_t i) {
      return std::abs(readings[i] - readings[from]) > 8 * at.step;
    };
    if (to - from < 3 || from < 2 || to + 2 > size || !leaves(from - 2) || !leaves(to + 1))
      continue;
    if (is(from, at.end))
      count += to - from;
    else if (!is(from, at.other))
      return 0;
  }
  return count;
}

}  // namespace

SpoiledReadings find_spoiled(std::span<const double> readings) {
  SpoiledReadings result;
  result.spoiled.assign(readings.size(), 0);
  std::vector<double> sorted(readings.begin(), readings.end());
  std::sort(sorted.begin(), sorted.end());
  const double tolerance = 1e-9 * std::max(std::abs(sorted.front()), std::abs(sorted.back()));
  for (const bool top : {true, false}) {
    if (top) std::reverse(sorted.begin(), sorted.end());
    std::size_t count = atom_of(sorted, tolerance);
    const double end = sorted.front();
    if (count == 0) {
      const auto all =
          static_cast<std::size_t>(std::count_if(readings.begin(), readings.end(), [&](double y) {
            return std::abs(y - end) <= tolerance;
          }));
      const std::size_t cut =
          cut_off_at({end, sorted.back(), tolerance, least_step(sorted, tolerance)}, readings);
      count = cut >= 4 && 2 * cut >= all ? all : 0;
    }
    if (top) std::reverse(sorted.begin(), sorted.end());
    if (count == 0) continue;
    for (std::size_t i = 0; i < readings.size(); ++i)
      if (std::abs(readings[i] - end) <= tolerance) result.spoiled[i] = top ? 1 : 2;
    const std::string which = top ? "saturated" : "a floor";
    result.problems.push_back(
        fmt::format("{}: {} of {} readings are {:.6g}, the {} ({}; they are not fitted)", which,
                    count, readings.size(), end, top ? "largest" : "least",
                    top ? "the detector or its range is at its end"
                        : "the noise floor or the range of the instrument"));
  }
  return result;
}

}  // namespace lightloom::calibration
