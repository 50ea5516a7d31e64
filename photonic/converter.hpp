#pragma once

#include "core/card.hpp"

namespace lightloom::photonic {

/// A data converter (ADC or DAC). One description gives its quantisation, its noise, its energy and its area.
struct Converter {
  int bits = 0;               // 0: ideal, no quantisation
  double rate_GHz = 0;        // conversions per second
  double power_mW = 0;        // at that rate
  double area_um2 = 0;
  double noise_lsb = 0;       // standard deviation of input-referred noise, in steps (ADC)
  double full_scale = 0;      // ADC: range in units of one full-scale product; 0: calibrated per layer

  /// Energy of one conversion.
  [[nodiscard]] double energy_pJ() const { return rate_GHz > 0 ? power_mW / rate_GHz : 0.0; }
};

void describe(Section& section, Converter& converter);

}  // namespace lightloom::photonic
