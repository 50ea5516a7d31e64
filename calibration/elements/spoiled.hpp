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

/// Finds readings that repeat the largest or the least value: a saturated detector, a floor. At
/// least five of them and ten times as often as any other nearby; or at least four, in rows of
/// three and more that no smooth peak ends so steeply (readings are in the order of the sweep).
SpoiledReadings find_spoiled(std::span<const double> readings);

}  // namespace lightloom::calibration
