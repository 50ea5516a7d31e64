#pragma once

#include <vector>

#include "core/cards/card.hpp"

namespace lightloom::photonic {

/// Phase-change (or resistive) cells whose transmission is a weight; a signed weight takes two, one
/// minus the other.
struct PcmCard {
  enum class Levels { geometric, linear };
  Levels levels =
      Levels::geometric;  // transmissions ratio^i, or evenly spaced between the same ends
  int level_bits = 5;     // 2^bits levels per cell; 0: continuous between the ends
  double ratio = 0.872;   // of neighbouring geometric levels
  double lowest = 0;      // lowest transmission; 0: ratio^(2^bits - 1)

  /// Noise of one write and drift, in the shape fitted to electronic cells (Nandakumar et al.,
  /// ICECS 2019, as in aihwkit), x the transmission over its highest value: sigma = scale (p0 + p1
  /// x + p2 x^2); T(t) = T ((t + t0) / t0)^-nu.
  double programming_scale = 1;
  double programming_p0 = 0.0105392, programming_p1 = 0.0786, programming_p2 = -0.046924;
  double drift_scale = 1;        // of the exponent nu; 0: no drift
  double elapsed_s = 0;          // since programming
  double reference_s = 20;       // t0
  bool compensate_drift = true;  // one common factor per tile restores the mean
  double read_scale = 1;         // of the read noise, new at every reading
  double stuck_low_fraction =
      0;  // cells stuck at the lowest or highest transmission, drawn once per chip
  double stuck_high_fraction = 0;
  double insertion_loss_db = 1;  // through the crossbar, besides splitting and weights
};
void describe(Section& section, PcmCard& card);

/// Transmissions a cell can be set to, ascending; only the two ends for a continuous cell.
std::vector<double> pcm_levels(const PcmCard& card);
/// Standard deviation of a written transmission x in [0, 1].
double pcm_programming_sigma(const PcmCard& card, double x);

/// What both cells of a signed weight are told to let through.
struct CellPair {
  double plus = 0, minus = 0;
};

/// The settings of the cells of weights T+ - T-. Of all pairs of levels the one is taken whose
/// expected squared error is smallest, that of the difference and of both cells' programming
/// together; then the one of least light. (Of cells with more than 256 levels, the lower of the two
/// takes one of the lowest 256.) Continuous cells: one of them stays at the lowest.
class CellPairs {
 public:
  explicit CellPairs(const PcmCard& card);
  /// For a weight between -(1 - lowest) and 1 - lowest.
  [[nodiscard]] CellPair nearest(double weight) const;

 private:
  struct Choice {
    double from = 0;  // weight from which on it is the best
    CellPair pair;    // of a positive weight
  };
  double lowest_;
  std::vector<Choice> choices_;  // by `from`; empty: continuous
};

/// Mean and standard deviation of the drift exponent of a cell written to x: clip(-0.0155 ln x +
/// 0.0244, 0.049, 0.1) and clip(-0.0125 ln x - 0.0059, 0.008, 0.045), times drift_scale.
struct DriftExponent {
  double mean = 0, sigma = 0;
};
DriftExponent pcm_drift_exponent(const PcmCard& card, double x);
/// Standard deviation of one reading, relative to the transmission: Q sqrt(ln((t + t_r) / (2
/// t_r))), t_r = 250 ns, Q = min(0.0088 / x^0.65, 0.2); 0 before t_r.
double pcm_read_sigma(const PcmCard& card, double x);

}  // namespace lightloom::photonic
