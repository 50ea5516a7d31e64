#include <algorithm>
#include <cmath>

#include "calibration/rings/combs.hpp"

namespace lightloom::calibration {
namespace {

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double spread_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return values.size() < 2 ? 0 : std::sqrt(sum / static_cast<double>(values.size() - 1));
}

/// Whether every line is deeper than its two neighbours, then shallower, and so on: under an
/// envelope the depths of a comb scatter far more than those of neighbours.
bool turns_about(const std::vector<double>& depths) {
  std::vector<double> over;  // over both neighbours, of every second line with the other sign
  for (std::size_t i = 1; i + 1 < depths.size(); ++i) {
    const double least = std::min({depths[i - 1], depths[i], depths[i + 1]});
    if (!(least > 0)) return false;
    const double own = std::log(depths[i] / std::sqrt(depths[i - 1] * depths[i + 1]));
    over.push_back(i % 2 == 0 ? own : -own);
  }
  return over.size() >= 4 && std::abs(mean_of(over)) > 3 * spread_of(over) + 0.12;
}

}  // namespace

Alternation alternation_of(const Comb& comb, const std::vector<Resonance>& lines) {
  std::vector<double> depths[2], all;
  for (std::size_t i = 0; i < comb.lines.size(); ++i) {
    const Resonance& line = lines[comb.lines[i]];
    if (line.split) return {};
    all.push_back(line.depth);
    depths[i % 2].push_back(line.depth);
  }
  if (depths[1].size() < 2) return {};
  const double even = mean_of(depths[0]), odd = mean_of(depths[1]),
               within = std::max(spread_of(depths[0]), spread_of(depths[1]));
  const bool apart = std::abs(even - odd) > 3 * within + 0.12 * std::max(even, odd);
  return {even, odd, apart || turns_about(all)};
}

}  // namespace lightloom::calibration
