#pragma once

#include "core/card.hpp"

namespace lightloom::photonic {

/// How a converter's power grows with its bits b, other things equal (photonics reference, section
/// 5).
enum class PowerLaw {
  fixed,  // as given, whatever the bits
  sar,    // b
  flash,  // 2^b - 1
  dac,    // 2^b / (b + 1)
};

/// A data converter (ADC or DAC). One description gives its quantisation, its noise, its energy and
/// its area.
struct Converter {
  int bits = 0;         // 0: ideal, no quantisation
  double rate_GHz = 0;  // conversions per second
  double power_mW = 0;  // at that rate and at reference_bits
  double area_um2 = 0;
  double noise_lsb = 0;    // standard deviation of input-referred noise, in steps (ADC)
  double full_scale = 0;   // ADC: range in units of one full-scale product; 0: calibrated per layer
  int reference_bits = 0;  // resolution that power_mW was published for; 0: that of `bits`
  PowerLaw power_law = PowerLaw::fixed;

  /// Energy of one conversion. An ideal converter (bits 0) costs what its description costs at
  /// reference_bits.
  [[nodiscard]] double energy_pJ() const;
  /// Converters that share the work at `symbol_rate_GHz`, for the area (interleaving above
  /// rate_GHz).
  [[nodiscard]] int interleaved(double symbol_rate_GHz) const;
};

void describe(Section& section, Converter& converter);

}  // namespace lightloom::photonic
