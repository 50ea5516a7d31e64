#include "photonic/readout/converter.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::photonic {
namespace {

double power_law_value(PowerLaw law, double bits) {
  switch (law) {
    case PowerLaw::fixed:
      return 1;
    case PowerLaw::sar:
      return bits;
    case PowerLaw::flash:
      return std::exp2(bits) - 1;
    case PowerLaw::dac:
      return std::exp2(bits) / (bits + 1);
    case PowerLaw::walden:
      return std::exp2(bits);
  }
  return 1;
}

double time_law_value(TimeLaw law, int bits) {
  switch (law) {
    case TimeLaw::fixed:
      return 1;
    case TimeLaw::sar:
      return bits;
    case TimeLaw::ramp:
      return std::exp2(bits) - 1;
  }
  return 1;
}

}  // namespace

double Converter::energy_pJ() const {
  if (rate_GHz <= 0) return 0;
  const double published = power_mW / rate_GHz;
  if (bits == 0 || reference_bits == 0) return published;
  return published * power_law_value(power_law, power_law == PowerLaw::walden ? enob() : bits) /
         power_law_value(power_law, reference_bits);
}

double Converter::one_bit_energy_pJ() const {
  if (rate_GHz <= 0) return 0;
  const double published = power_mW / rate_GHz;
  const int reference = reference_bits > 0 ? reference_bits : bits;
  if (reference == 0) return published;
  return published * power_law_value(power_law, 1) / power_law_value(power_law, reference);
}

double Converter::conversion_ns() const {
  if (bits == 0 || reference_bits == 0) return time_ns;
  return time_ns * time_law_value(time_law, bits) / time_law_value(time_law, reference_bits);
}

int Converter::interleaved(double symbol_rate_GHz) const {
  return rate_GHz > 0 ? std::max(1, static_cast<int>(std::ceil(symbol_rate_GHz / rate_GHz - 1e-9)))
                      : 1;
}

double Converter::error_lsb() const {
  if (bits == 0) return 0;
  constexpr double bow = 4.0 / 45, bend = 27.0 / 175;
  return std::sqrt(1.0 / 12 + noise_lsb * noise_lsb + inl_lsb * inl_lsb * (bow + bend));
}

double Converter::enob() const { return bits - std::log2(std::sqrt(12.0) * error_lsb()); }

double curve_error_lsb(const ConverterCurve& curve, double level, double u) {
  return curve.offset_lsb + curve.gain * level + curve.bow_lsb * (1 - u * u) +
         curve.bend_lsb * bend_peak * (u - u * u * u);
}

StreamAddress adc_address(std::uint64_t seed, std::uint32_t chip) {
  return {.seed = seed, .purpose = Purpose::converter, .chip = chip, .layer = 1};
}

StreamAddress dac_address(std::uint64_t seed, std::uint32_t chip) {
  return {.seed = seed, .purpose = Purpose::converter, .chip = chip, .layer = 2};
}

std::vector<ConverterCurve> draw_curves(const Converter& converter, const StreamAddress& address,
                                        std::size_t count) {
  if (!converter.has_curves()) return {};
  const Stream stream(address);
  std::vector<ConverterCurve> curves(count);
  for (std::size_t k = 0; k < count; ++k)
    curves[k] = {.offset_lsb = converter.offset_lsb * stream.normal(k, 0),
                 .gain = converter.gain_sigma * stream.normal(k, 1),
                 .bow_lsb = converter.inl_lsb * stream.normal(k, 2),
                 .bend_lsb = converter.inl_lsb * stream.normal(k, 3)};
  return curves;
}

void describe(Section& section, Converter& converter) {
  section.value("bits", converter.bits, {.low = 0, .high = 24});
  section.value("rate_GHz", converter.rate_GHz, not_negative);
  section.value("power_mW", converter.power_mW, not_negative);
  section.value("area_um2", converter.area_um2, not_negative);
  section.value("noise_lsb", converter.noise_lsb, not_negative);
  section.value("offset_lsb", converter.offset_lsb, not_negative);
  section.value("gain_sigma", converter.gain_sigma, {.low = 0, .high = 0.5});
  section.value("inl_lsb", converter.inl_lsb, not_negative);
  section.value("full_scale", converter.full_scale, not_negative);
  section.value("reference_bits", converter.reference_bits, {.low = 0, .high = 24});
  section.choice("power_law", converter.power_law,
                 {{"fixed", PowerLaw::fixed},
                  {"sar", PowerLaw::sar},
                  {"flash", PowerLaw::flash},
                  {"dac", PowerLaw::dac},
                  {"walden", PowerLaw::walden}});
  section.value("time_ns", converter.time_ns, not_negative);
  section.choice("time_law", converter.time_law,
                 {{"fixed", TimeLaw::fixed}, {"sar", TimeLaw::sar}, {"ramp", TimeLaw::ramp}});
  if (converter.bits == 0 &&
      (converter.offset_lsb > 0 || converter.gain_sigma > 0 || converter.inl_lsb > 0))
    section.problem("bits",
                    "is 0, an ideal converter: it has no steps that offset_lsb, gain_sigma and "
                    "inl_lsb could be counted in (give it bits, or leave these out)");
}

}  // namespace lightloom::photonic
