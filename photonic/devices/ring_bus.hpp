#pragma once

#include <span>
#include <vector>

#include "photonic/devices/ring.hpp"

namespace lightloom::photonic {

/// Weights of a bus at given phases, and how each follows each phase.
struct RingBusSlopes {
  std::vector<double> weights;   // (wavelength)
  std::vector<double> slopes;    // (ring, wavelength): d weight / d phase
  std::vector<double> through;   // (ring, wavelength): power that passes the ring
  std::vector<double> carriers;  // (ring, wavelength): d weight / d phase by the share that is
                                 // dropped; empty without loss of carriers
};

/// The weights that one bus of rings realises: drop - through at each of `channels` wavelengths,
/// equally spaced over one free spectral range, with all rings of the bus in the path; ring j
/// belongs to wavelength j. Interference between rings through the drop guide is not modelled:
/// powers add. A ring whose resonance carriers have moved by p rad keeps the amplitude
/// a exp(-carrier_loss_per_rad |p|) of a turn.
class RingBus {
 public:
  RingBus(const Ring& ring, int channels, double carrier_loss_per_rad = 0);

  /// `phases` (rings, at most `channels`) are round-trip phases from the rings' own wavelengths,
  /// all of them driven; `weights` receives as many.
  void weights(std::span<const double> phases, std::span<double> weights) const;
  /// The same where only `drives` of the phases is due to carriers (the rest costs no light).
  void weights(std::span<const double> phases, std::span<const double> drives,
               std::span<double> weights) const;
  /// Weights of driven phases and their derivatives. Resizes what it fills.
  void slopes(std::span<const double> phases, RingBusSlopes& result) const;

  /// The ring itself when it is driven `drive_rad` away.
  [[nodiscard]] Ring driven(double drive_rad) const;
  [[nodiscard]] int channels() const { return channels_; }
  /// Whether `ring_phase_for` of the undriven ring is all that a set point takes.
  [[nodiscard]] bool independent() const { return channels_ == 1 && carrier_loss_per_rad_ == 0; }

 private:
  void pass_ring(std::size_t j, double phase_rad, RingBusSlopes& result) const;

  Ring ring_;
  int channels_;
  double carrier_loss_per_rad_;
  std::vector<double> spacing_cos_, spacing_sin_;  // (ring, wavelength)
};

/// What a bus of rings reaches for certain: whatever weights of modulus at most `weight` are asked
/// for, phases within [0, `reach_rad`] give them all at once.
struct RingBusRange {
  double reach_rad = 0;
  double weight = 0;  // 0: nothing is certain
};

/// By the theorem of Poincare and Miranda: a continuous map of a box takes every value in
/// [-W, W]^n if its component k is at least W on the whole side phase_k = 0 and at most -W on the
/// whole side phase_k = reach, and both are bounded here with all other rings where they harm most.
RingBusRange certain_range(const RingBus& bus, double reach_rad);
/// The smallest reach that is certain of `weight`, or, where no reach is, of 98 % of the most that
/// any is.
RingBusRange certain_range_for(const RingBus& bus, double weight);

}  // namespace lightloom::photonic
