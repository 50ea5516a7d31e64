#pragma once

#include <string>
#include <vector>

namespace lightloom::experiments {

/// Seconds of "90", "90s", "5 min", "1h", "30d" or "1y" (365.25 days); a bare number is seconds.
/// Throws `Error` for anything else, a negative and an infinite time.
double duration_s(const std::string& text);
/// Of a list with commas, "1h,1d,30d".
std::vector<std::string> duration_list(const std::string& text);
/// "1 h", "30 d", "1.5 h": in the largest unit that it is at least one of.
std::string duration_text(double seconds);

}  // namespace lightloom::experiments
