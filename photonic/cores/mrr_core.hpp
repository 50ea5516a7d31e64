#pragma once

#include <span>
#include <vector>

#include "photonic/cores/core_card.hpp"

namespace lightloom::photonic {

/// Rounds of set-point correction for the crosstalk between the rings of a bus, and flop of one
/// ring at one wavelength.
inline constexpr int ring_correction_rounds = 5;
inline constexpr int ring_evaluation_flop = 16;

/// The weights that one bus of rings realises: `phases` (channels) are the rings' round-trip phases
/// from their own wavelength, `weights` (channels) receives drop - through at every wavelength,
/// with all rings of the bus in the path. Interference between rings through the drop guide is not
/// modelled: powers add.
class RingBus {
 public:
  RingBus(const Ring& ring, int channels);
  void weights(std::span<const double> phases, std::span<double> weights) const;
  [[nodiscard]] int channels() const { return channels_; }

 private:
  Ring ring_;
  int channels_;
  std::vector<double> spacing_cos_, spacing_sin_;  // (ring, wavelength)
};

}  // namespace lightloom::photonic
