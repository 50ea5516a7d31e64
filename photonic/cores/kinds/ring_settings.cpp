#include "photonic/cores/kinds/ring_settings.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "photonic/cores/kinds/ring_set_points.hpp"
#include "photonic/cores/tiles.hpp"

namespace lightloom::photonic {
namespace {

/// Of full scale, what a weight may miss and not be counted; of the root mean square of a tile's
/// weights, what all may miss and the tile keep its scale.
constexpr double weight_tolerance = 0.01, tile_tolerance = 0.01;
/// Smallest share of full scale that a tile is brought to: two bits of the read-out.
constexpr double smallest_share = 0.25;
constexpr double share_step = 0.840896415253714543;  // 2^(-1/4)

double sum_of_squares(std::span<const float> values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return sum;
}

/// Phase at which a ring alone on its bus comes down to `weight`, the loss of its carriers
/// included.
double lone_reach(const RingBus& bus, double weight) {
  const auto above = [&](double phase) { return ring_weight(bus.driven(phase), phase) > weight; };
  constexpr int places = 256;
  double low = 0, high = std::numbers::pi / places;
  for (; high < std::numbers::pi && above(high); high += std::numbers::pi / places) low = high;
  while (high - low > 1e-12) {
    const double middle = 0.5 * (low + high);
    (above(middle) ? low : high) = middle;
  }
  return high;
}

}  // namespace

RingSettingFinder::RingSettingFinder(const RingBus& bus, Correction correction, double limit)
    : bus_(bus),
      limits_{limit},
      reach_rad_(ring_phase_for(bus.driven(0), -limit)),
      certain_(true),
      alone_(correction == Correction::none || bus.independent()) {
  if (alone_) return;
  if (bus.channels() == 1) {
    reach_rad_ = lone_reach(bus, -limit);
    return;
  }
  const RingBusRange certain = certain_range_for(bus, limit);
  certain_ = certain.weight >= smallest_share * limit;
  // Where hardly anything is certain, lines stand so close that a ring may stand on its
  // neighbour's.
  reach_rad_ = certain_ ? certain.reach_rad : 2 * std::numbers::pi / bus.channels();
  const double least = certain_ ? certain.weight : smallest_share * limit;
  for (double next = share_step * limit; next > least; next *= share_step) limits_.push_back(next);
  if (least < limit) limits_.push_back(least);
}

RingSettings RingSettingFinder::find(std::span<const float> target, std::size_t columns) const {
  constexpr double any = std::numeric_limits<double>::infinity();
  const double tolerated = tile_tolerance * tile_tolerance * sum_of_squares(target);
  RingSettings best, trial;
  double least = any;  // squared miss of the best, in network units
  for (const double limit : limits_) {
    // Where the last is certain, the others must be good enough; else the best of all is wanted.
    const bool last = limit == limits_.back();
    if (!try_limit(target, {columns, limit, certain_ && !last ? tolerated : least}, trial))
      continue;
    std::swap(best, trial);
    least = best.squared_miss * best.scale * best.scale;
    if (least <= tolerated) break;
  }
  return best;
}

/// Sets all buses with the largest weight at the trial's limit. false, at the first bus that makes
/// it so, where they miss more than the trial may.
bool RingSettingFinder::try_limit(std::span<const float> target, const Trial& trial,
                                  RingSettings& found) const {
  const auto& [columns, limit, most] = trial;
  found.phases.resize(target.size());
  found.scale = largest_weight(target) / static_cast<float>(limit);
  found.squared_miss = 0;
  found.missed = 0;
  const double scale = found.scale;
  RingSetPoints solver(bus_, {.reach_rad = reach_rad_, .tolerance = weight_tolerance * limit});
  std::vector<double> wanted;
  for (std::size_t first = 0; first < target.size();) {
    const std::size_t count =
        std::min(static_cast<std::size_t>(bus_.channels()), columns - first % columns);
    wanted.resize(count);
    for (std::size_t k = 0; k < count; ++k) wanted[k] = target[first + k] / scale;
    const std::span<double> phases(&found.phases[first], count);
    first += count;
    if (alone_) {
      for (std::size_t k = 0; k < count; ++k) phases[k] = ring_phase_for(bus_.driven(0), wanted[k]);
      continue;
    }
    const RingBusMiss miss = solver.solve(wanted, phases);
    found.squared_miss += miss.squared;
    found.missed += miss.missed;
    if (found.squared_miss * scale * scale > most) return false;
  }
  return true;
}

}  // namespace lightloom::photonic
