#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "photonic/cores/core_card.hpp"
#include "photonic/devices/ring_bus.hpp"

namespace lightloom::photonic {

/// The settings of a tile of rings, before codes and errors.
struct RingSettings {
  std::vector<double> phases;  // (rows, columns)
  float scale = 1;             // network weight of drop - through = 1
  double squared_miss = 0;     // of all weights, in units of drop - through
  std::int64_t missed = 0;     // weights off by more than 1 % of full scale
};

/// Finds them: each ring by itself (Correction::none), or all rings of a bus together. What a bus
/// cannot make beside its neighbours' wings it cannot make at a larger share of full scale either,
/// so a tile that misses its weights by more than 1 % (root mean squares) is brought to the next
/// smaller share, down to the one that is certain or, where less than a quarter is, to the one
/// that misses least. Its network weights are then worth less light:
/// the scale, and with it the read-out noise in network units, grows.
class RingSettingFinder {
 public:
  /// `limit`: weight of modulus that a tile's largest is brought to.
  RingSettingFinder(const RingBus& bus, Correction correction, double limit);

  /// Settings of a tile whose rows have `columns` weights.
  [[nodiscard]] RingSettings find(std::span<const float> target, std::size_t columns) const;

  /// No ring is set to a larger phase.
  [[nodiscard]] double reach_rad() const { return reach_rad_; }
  /// Shares of full scale that tiles are brought to, largest first.
  [[nodiscard]] std::span<const double> limits() const { return limits_; }

 private:
  struct Trial {
    std::size_t columns;
    double limit;
    double most;  // squared miss in network units, above which the trial has failed
  };
  bool try_limit(std::span<const float> target, const Trial& trial, RingSettings& found) const;

  const RingBus& bus_;
  std::vector<double> limits_;
  double reach_rad_;
  bool certain_;  // the last limit is one that buses reach whatever is asked
  bool alone_;    // each ring by itself
};

}  // namespace lightloom::photonic
