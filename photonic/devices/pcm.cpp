#include "photonic/devices/pcm.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::photonic {

void describe(Section& section, PcmCard& card) {
  section.choice("levels", card.levels,
                 {{"geometric", PcmCard::Levels::geometric}, {"linear", PcmCard::Levels::linear}});
  section.value("level_bits", card.level_bits, {.low = 0, .high = 12});
  section.value("ratio", card.ratio, {.low = 0.01, .high = 0.9999});
  section.value("lowest", card.lowest, {.low = 0, .high = 0.99});
  section.value("programming_scale", card.programming_scale, not_negative);
  section.value("programming_p0", card.programming_p0);
  section.value("programming_p1", card.programming_p1);
  section.value("programming_p2", card.programming_p2);
  section.value("drift_scale", card.drift_scale, not_negative);
  section.value("elapsed_s", card.elapsed_s, not_negative);
  section.value("reference_s", card.reference_s, positive);
  section.value("compensate_drift", card.compensate_drift);
  section.value("read_scale", card.read_scale, not_negative);
  section.value("stuck_low_fraction", card.stuck_low_fraction, fraction);
  section.value("stuck_high_fraction", card.stuck_high_fraction, fraction);
  section.value("insertion_loss_db", card.insertion_loss_db, not_negative);
}

std::vector<double> pcm_levels(const PcmCard& card) {
  const int count = 1 << card.level_bits;
  const double lowest = card.lowest > 0       ? card.lowest
                        : card.level_bits > 0 ? std::pow(card.ratio, count - 1)
                                              : 0.0;
  if (card.level_bits == 0) return {lowest, 1.0};
  std::vector<double> levels;
  for (int i = count - 1; i >= 0; --i) {
    const double share = static_cast<double>(i) / (count - 1);
    const bool geometric = card.levels == PcmCard::Levels::geometric;
    levels.push_back(geometric ? std::pow(lowest, share) : 1 - share * (1 - lowest));
  }
  return levels;
}

double nearest_level(const std::vector<double>& levels, double transmission) {
  const auto above = std::lower_bound(levels.begin(), levels.end(), transmission);
  if (above == levels.begin()) return levels.front();
  if (above == levels.end()) return levels.back();
  const double low = *(above - 1), high = *above;
  return transmission - low < high - transmission ? low : high;
}

double pcm_programming_sigma(const PcmCard& card, double x) {
  return card.programming_scale *
         std::max(0.0, card.programming_p0 + x * (card.programming_p1 + x * card.programming_p2));
}

DriftExponent pcm_drift_exponent(const PcmCard& card, double x) {
  const double log_x = std::log(std::max(x, 1e-6));
  return {card.drift_scale * std::clamp(-0.0155 * log_x + 0.0244, 0.049, 0.1),
          card.drift_scale * std::clamp(-0.0125 * log_x - 0.0059, 0.008, 0.045)};
}

double pcm_read_sigma(const PcmCard& card, double x) {
  constexpr double reading_s = 250e-9;
  const double since = card.elapsed_s + card.reference_s;
  const double q = std::min(0.0088 / std::pow(std::max(x, 1e-6), 0.65), 0.2);
  return card.read_scale * q *
         std::sqrt(std::max(0.0, std::log((since + reading_s) / (2 * reading_s))));
}

}  // namespace lightloom::photonic
