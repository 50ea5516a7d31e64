#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lightloom::calibration {

/// Whether a cell is a time of day or a date with one: 22:00:05.5, 10:00:05 PM,
/// 2024-05-01T22:00:05Z, 2024/05/01 22:00, 01.05.2024 22:00:05, 5/1/2024 22:00.
bool is_moment(std::string_view cell);

/// Seconds since the first of moments that are all written alike; times of day that fall by more
/// than half a day go on to the next one. nullopt where one of them is no moment. Throws `Error`
/// that names `what` where days and months can be told apart in no way and it matters.
std::optional<std::vector<double>> seconds_since_first(const std::vector<std::string>& cells,
                                                       const std::string& what);

}  // namespace lightloom::calibration
