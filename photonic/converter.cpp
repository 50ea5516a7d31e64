#include "photonic/converter.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::photonic {
namespace {

double power_law_value(PowerLaw law, int bits) {
  switch (law) {
    case PowerLaw::fixed:
      return 1;
    case PowerLaw::sar:
      return bits;
    case PowerLaw::flash:
      return std::exp2(bits) - 1;
    case PowerLaw::dac:
      return std::exp2(bits) / (bits + 1);
  }
  return 1;
}

}  // namespace

double Converter::energy_pJ() const {
  if (rate_GHz <= 0) return 0;
  const double published = power_mW / rate_GHz;
  if (bits == 0 || reference_bits == 0) return published;
  return published * power_law_value(power_law, bits) / power_law_value(power_law, reference_bits);
}

int Converter::interleaved(double symbol_rate_GHz) const {
  return rate_GHz > 0 ? std::max(1, static_cast<int>(std::ceil(symbol_rate_GHz / rate_GHz - 1e-9)))
                      : 1;
}

void describe(Section& section, Converter& converter) {
  section.value("bits", converter.bits, {.low = 0, .high = 24});
  section.value("rate_GHz", converter.rate_GHz, not_negative);
  section.value("power_mW", converter.power_mW, not_negative);
  section.value("area_um2", converter.area_um2, not_negative);
  section.value("noise_lsb", converter.noise_lsb, not_negative);
  section.value("full_scale", converter.full_scale, not_negative);
  section.value("reference_bits", converter.reference_bits, {.low = 0, .high = 24});
  section.choice("power_law", converter.power_law,
                 {{"fixed", PowerLaw::fixed},
                  {"sar", PowerLaw::sar},
                  {"flash", PowerLaw::flash},
                  {"dac", PowerLaw::dac}});
}

}  // namespace lightloom::photonic
