#include "photonic/devices/pcm.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "photonic/devices/cell_laws.hpp"

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

double pcm_programming_sigma(const PcmCard& card, double x) {
  const std::vector<double> law{card.programming_p0, card.programming_p1, card.programming_p2};
  return card.programming_scale * std::max(0.0, polynomial_at(law, x));
}

namespace {

/// A pair of levels for a weight w: (w - d)^2 + v = w^2 - 2 d w + d^2 + v, with the difference d
/// and the variance v of both writes.
struct Candidate {
  CellPair pair;
  double difference = 0, variance = 0;
  [[nodiscard]] double offset() const { return difference * difference + variance; }
  [[nodiscard]] double light() const { return pair.plus + pair.minus; }
};

/// All pairs of levels for positive weights, by their difference, those of less variance and light
/// first.
std::vector<Candidate> candidates(const PcmCard& card) {
  const std::vector<double> levels = pcm_levels(card);
  std::vector<double> variances;
  for (const double level : levels)
    variances.push_back(std::pow(pcm_programming_sigma(card, level), 2));
  std::vector<Candidate> all;
  for (std::size_t low = 0; low < std::min<std::size_t>(levels.size(), 256); ++low)
    for (std::size_t high = low; high < levels.size(); ++high)
      all.push_back({.pair = {levels[high], levels[low]},
                     .difference = levels[high] - levels[low],
                     .variance = variances[high] + variances[low]});
  std::ranges::sort(all, [](const Candidate& a, const Candidate& b) {
    return std::tuple(a.difference, a.variance, a.light()) <
           std::tuple(b.difference, b.variance, b.light());
  });
  return all;
}

/// Keeps one of each run of equal differences, as far as round-off tells them apart.
std::vector<Candidate> without_doubles(const std::vector<Candidate>& sorted) {
  constexpr double round_off = 1e-12;
  std::vector<Candidate> kept;
  for (const Candidate& next : sorted) {
    if (kept.empty() || next.difference > kept.back().difference + round_off)
      kept.push_back(next);
    else if (std::pair(next.variance, next.light()) <
             std::pair(kept.back().variance, kept.back().light()))
      kept.back() = next;
  }
  return kept;
}

}  // namespace

CellPairs::CellPairs(const PcmCard& card) : lowest_(pcm_levels(card).front()) {
  if (card.level_bits == 0) return;
  // The lower envelope of the lines d^2 + v - 2 d w over w: each is the best from where it crosses
  // the one before.
  std::vector<Candidate> envelope;
  for (const Candidate& next : without_doubles(candidates(card))) {
    const auto crossing = [&](const Candidate& last) {
      return (next.offset() - last.offset()) / (2 * (next.difference - last.difference));
    };
    while (!choices_.empty() && crossing(envelope.back()) <= choices_.back().from) {
      choices_.pop_back();
      envelope.pop_back();
    }
    choices_.push_back({envelope.empty() ? -1.0 : crossing(envelope.back()), next.pair});
    envelope.push_back(next);
  }
}

CellPair CellPairs::nearest(double weight) const {
  const double size = std::abs(weight);
  CellPair pair{lowest_ + size, lowest_};
  if (!choices_.empty())
    pair = std::prev(std::ranges::upper_bound(choices_, size, {}, &Choice::from))->pair;
  return weight < 0 ? CellPair{pair.minus, pair.plus} : pair;
}

DriftExponent pcm_drift_exponent(const PcmCard& card, double x) {
  static const CellLaw mean{{.polynomial = {0.0244}, .log = -0.0155, .low = 0.049, .high = 0.1}};
  static const CellLaw sigma{
      {.polynomial = {-0.0059}, .log = -0.0125, .low = 0.008, .high = 0.045}};
  return {card.drift_scale * law_at(mean, x), card.drift_scale * law_at(sigma, x)};
}

double pcm_read_sigma(const PcmCard& card, double x) {
  static const CellLaw q{{.factor = 0.0088, .exponent = 0.65, .high = 0.2}};
  return card.read_scale * law_at(q, x) * reading_growth(card.elapsed_s + card.reference_s, 250e-9);
}

}  // namespace lightloom::photonic
