#pragma once

#include <span>
#include <string>
#include <vector>

namespace lightloom::calibration {

/// Readings that say only that the instrument was at one of its ends.
struct SpoiledReadings {
  std::vector<char> spoiled;          // one a reading: 1 at the upper end, 2 at the lower
  std::vector<std::string> problems;  // in words
};

/// Finds readings that repeat the largest or the least value, at least five of them and ten times
/// as often as any other nearby: a saturated detector, a floor.
SpoiledReadings find_spoiled(std::span<const double> readings);

}  // namespace lightloom::calibration
