#include "experiments/cards/durations.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

struct TimeUnit {
  std::string_view name;
  double seconds;
};
/// From the longest to the shortest.
constexpr std::array time_units{TimeUnit{"y", 365.25 * 86400}, TimeUnit{"d", 86400},
                                TimeUnit{"h", 3600}, TimeUnit{"min", 60}, TimeUnit{"s", 1}};

std::string_view without_spaces(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

double duration_s(const std::string& text) {
  const std::string_view all = without_spaces(text);
  double value = 0;
  const auto [end, problem] = std::from_chars(all.data(), all.data() + all.size(), value);
  const std::string_view unit =
      without_spaces(all.substr(static_cast<std::size_t>(end - all.data())));
  double factor = unit.empty() ? 1 : 0;
  for (const TimeUnit& known : time_units)
    if (unit == known.name) factor = known.seconds;
  require(problem == std::errc{} && factor > 0 && value >= 0 && std::isfinite(value * factor),
          "'{}' is no time (write a number from 0 on with s, min, h, d or y, such as 1h or 30d)",
          text);
  return value * factor;
}

std::vector<std::string> duration_list(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t first = 0; first <= text.size();) {
    const std::size_t end = std::min(text.find(',', first), text.size());
    words.push_back(text.substr(first, end - first));
    duration_s(words.back());
    first = end + 1;
  }
  return words;
}

std::string duration_text(double seconds) {
  for (const TimeUnit& unit : time_units)
    if (seconds >= unit.seconds) return fmt::format("{:.4g} {}", seconds / unit.seconds, unit.name);
  return fmt::format("{:.4g} s", seconds);
}

}  // namespace lightloom::experiments
