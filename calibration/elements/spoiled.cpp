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

}  // namespace

SpoiledReadings find_spoiled(std::span<const double> readings) {
  SpoiledReadings result;
  result.spoiled.assign(readings.size(), 0);
  std::vector<double> sorted(readings.begin(), readings.end());
  std::sort(sorted.begin(), sorted.end());
  const double tolerance = 1e-9 * std::max(std::abs(sorted.front()), std::abs(sorted.back()));
  for (const bool top : {true, false}) {
    if (top) std::reverse(sorted.begin(), sorted.end());
    const std::size_t count = atom_of(sorted, tolerance);
    const double end = sorted.front();
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
