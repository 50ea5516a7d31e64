#include "cosim/layers/time_parts.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace lightloom::cosim {

std::string_view part_name(TimePart part) {
  static constexpr std::string_view names[] = {"core",         "activation buffer", "weight buffer",
                                               "tile buffer",  "generator",         "settings",
                                               "programming",  "post processing",   "DRAM",
                                               "DRAM latency", "DRAM turnarounds",  "weight path"};
  static_assert(std::size(names) == PartTimes::size());
  return names[static_cast<std::size_t>(part)];
}

double total(const PartTimes& times) { return std::accumulate(times.begin(), times.end(), 0.0); }

TimePart largest(const PartTimes& times) {
  return static_cast<TimePart>(std::max_element(times.begin(), times.end()) - times.begin());
}

void add(PartTimes& sum, const PartTimes& times) {
  for (const TimePart part : all_of_enum<TimePart>()) sum[part] += times[part];
}

}  // namespace lightloom::cosim
