#include "photonic/devices/drift.hpp"

#include <cmath>
#include <limits>

#include "core/random/random.hpp"

namespace lightloom::photonic {

void describe(Section& section, DriftCard& card) {
  section.value("sigma_rad", card.sigma_rad, not_negative);
  section.value("common_sigma_rad", card.common_sigma_rad, not_negative);
  section.value("time_constant_s", card.time_constant_s, positive);
  section.value("step_s", card.step_s, positive);
  section.value("steps", card.steps, {.low = 0, .high = 1e6});
}

std::vector<double> drifted_phases(const DriftCard& card, std::uint64_t seed, std::uint32_t chip,
                                   std::size_t count) {
  if (card.steps == 0 || (card.sigma_rad == 0 && card.common_sigma_rad == 0)) return {};
  const Stream stream({.seed = seed, .purpose = Purpose::drift, .chip = chip});
  const double keep = std::exp(-card.step_s / card.time_constant_s),
               kick = std::sqrt(1 - keep * keep);
  const auto path = [&](std::uint64_t device) {
    double value = 0;
    for (int step = 0; step < card.steps; ++step)
      value = keep * value + kick * stream.normal(device, static_cast<std::uint64_t>(step));
    return value;
  };
  constexpr std::uint64_t shared = std::numeric_limits<std::uint64_t>::max();
  const double common = card.common_sigma_rad > 0 ? card.common_sigma_rad * path(shared) : 0.0;
  std::vector<double> phases(count, common);
  if (card.sigma_rad > 0)
    for (std::size_t k = 0; k < count; ++k) phases[k] += card.sigma_rad * path(k);
  return phases;
}

}  // namespace lightloom::photonic
