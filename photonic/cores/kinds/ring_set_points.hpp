#pragma once

#include <span>
#include <vector>

#include "photonic/devices/ring_bus.hpp"

namespace lightloom::photonic {

/// How close the settings of a bus come to what is asked of it.
struct RingBusMiss {
  double squared = 0;  // sum of (weight - wanted)^2
  int missed = 0;      // weights further away than the tolerance
  int rounds = 0;      // linearisations it took
};

/// Finds the phases in [0, reach] that bring all rings of a bus to their weights at once. Newton's
/// method from where each ring alone would have to stand; where that does not arrive because the
/// bus cannot make the weights, bounded least squares by Levenberg and Marquardt, from where it
/// stopped and from the middle of the reach. Holds its working memory: one a thread.
class RingSetPoints {
 public:
  struct Options {
    double reach_rad = 0;
    double tolerance = 0;  // of a weight, to be counted as missed
  };
  RingSetPoints(const RingBus& bus, const Options& options) : bus_(bus), options_(options) {}

  /// `phases` receives the settings for the weights `wanted`, as many, at most the bus' channels.
  RingBusMiss solve(std::span<const double> wanted, std::span<double> phases);

  /// Flop of one linearisation and the step that it gives, for a bus of so many rings.
  static double round_flop(int rings);

 private:
  void start(std::span<const double> wanted, std::span<double> phases) const;
  double linearise(std::span<const double> wanted, std::span<const double> phases);
  bool newton_step();
  bool damped_step(std::span<const double> phases, double damping);
  void newton(std::span<const double> wanted, std::span<double> phases);
  double least_squares(std::span<const double> wanted, std::span<double> phases);

  const RingBus& bus_;
  Options options_;
  RingBusSlopes at_;
  std::vector<double> miss_;    // wanted - weight
  std::vector<double> matrix_;  // of the linear system
  std::vector<double> step_;    // its right side, then its solution
  std::vector<double> trial_, other_;
  std::vector<std::size_t> free_;  // phases not held at a bound
  int rounds_ = 0;
};

/// Rounds that a bus is charged for: what weights within the certain range take on average, rounded
/// up (`RingSetPoints.TakesAsManyRoundsAsAreCharged`).
inline constexpr int ring_set_point_rounds = 5;

}  // namespace lightloom::photonic
