#pragma once

#include <cstddef>
#include <vector>

#include "core/cards/card.hpp"
#include "core/random/random.hpp"

namespace lightloom::photonic {

/// How a converter's power grows with its bits b, other things equal
/// (docs/models/photonic/devices.md#converter).
enum class PowerLaw {
  fixed,   // as given, whatever the bits
  sar,     // b
  flash,   // 2^b - 1
  dac,     // 2^b / (b + 1)
  walden,  // 2^ENOB: what noise and non-linearity take from the bits is not paid for
};

/// How long a conversion takes with b bits, other things equal.
enum class TimeLaw {
  fixed,  // as given, whatever the bits
  sar,    // b: one comparison a bit
  ramp,   // 2^b - 1: counts to the code (ramps, oscillators)
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
  /// Of one conversion at reference_bits that the next read waits for, in ns (ADC); 0: it runs
  /// beside the symbols that follow.
  double time_ns = 0;
  TimeLaw time_law = TimeLaw::fixed;
  /// Static errors, drawn once per chip and converter (see ConverterCurve): standard deviations of
  /// the offset in steps, of the relative gain, and of the integral non-linearity in steps.
  double offset_lsb = 0;
  double gain_sigma = 0;
  double inl_lsb = 0;

  /// Energy of one conversion. An ideal converter (bits 0) costs what its description costs at
  /// reference_bits.
  [[nodiscard]] double energy_pJ() const;
  /// Energy of switching this converter's output on or off, which a converter of one bit does: what
  /// a symbol costs where inputs are sent bit by bit. By its law from reference_bits (or bits) to
  /// one (effective) bit; with neither, as published.
  [[nodiscard]] double one_bit_energy_pJ() const;
  /// Time of one conversion that the next read waits for, by its law from reference_bits.
  [[nodiscard]] double conversion_ns() const;
  /// Converters that share the work at `symbol_rate_GHz`, for the area (interleaving above
  /// rate_GHz).
  [[nodiscard]] int interleaved(double symbol_rate_GHz) const;
  /// Root mean square error in steps of a signal that fills the range evenly, over chips: rounding,
  /// noise, and what no offset and gain take out of the non-linearity, sqrt(1/12 + noise^2 +
  /// inl^2 (4/45 + 27/175)). 0 for an ideal converter.
  [[nodiscard]] double error_lsb() const;
  /// Effective bits of such a signal, bits - log2(sqrt(12) error_lsb()). Not for ideal converters.
  [[nodiscard]] double enob() const;
  [[nodiscard]] bool has_curves() const {
    return bits > 0 && (offset_lsb > 0 || gain_sigma > 0 || inl_lsb > 0);
  }
};

/// The static transfer curve of one converter. At u in [-1, 1] between the ends of its range, where
/// the ideal level is `level` steps above zero, it is off by
///     offset + gain level + bow (1 - u^2) + bend (3 sqrt(3) / 2) (u - u^3)   steps:
/// bow and bend are the peaks of the two lowest non-linearities that vanish at both ends, which a
/// full-scale sine sees as its second (bow / 2) and third harmonic (bend 3 sqrt(3) / 8).
struct ConverterCurve {
  double offset_lsb = 0;
  double gain = 0;
  double bow_lsb = 0;
  double bend_lsb = 0;
};
/// 3 sqrt(3) / 2, which makes the peak of u - u^3 one.
inline constexpr double bend_peak = 2.598076211353316;
double curve_error_lsb(const ConverterCurve& curve, double level, double u);

/// Where the curves of a chip's ADCs (one a row) and DACs (one a column) are drawn.
StreamAddress adc_address(std::uint64_t seed, std::uint32_t chip);
StreamAddress dac_address(std::uint64_t seed, std::uint32_t chip);
/// The curves of `count` converters, drawn under `address`. Empty when they are perfect.
std::vector<ConverterCurve> draw_curves(const Converter& converter, const StreamAddress& address,
                                        std::size_t count);

void describe(Section& section, Converter& converter);

}  // namespace lightloom::photonic
