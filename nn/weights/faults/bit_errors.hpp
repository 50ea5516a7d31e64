#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/cards/card.hpp"
#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

/// Errors of the memory that holds stored words: every bit flips independently, always the same
/// ones for a seed, so that the errors at a lower rate are a subset of those at a higher one
/// (persistence across voltage; RandBET, Stutz et al., MLSys 2021).
struct BitErrorCard {
  double voltage = 0;        // of the memory, relative to the lowest without errors: `rate` and
                             // `access_energy` are read off the card's curve; 0: not given
  double access_energy = 1;  // of the memory, relative to that at voltage 1
  double rate = 0;  // probability of a flip per bit, both directions, unless one of these is given:
  double rate_0_to_1 = -1;           // of a stored zero; negative: `rate`
  double rate_1_to_0 = -1;           // of a stored one
  std::vector<std::string> streams;  // names of the streams attacked; empty: all that are exposed
  std::uint64_t seed = 0;
};
/// Whether any bit can flip.
bool has_errors(const BitErrorCard& card);
/// Keys: rate, rate_0_to_1, rate_1_to_0, streams, seed; voltage with curve {voltage, rate, energy}
/// in place of a rate.
void describe(Section& section, BitErrorCard& card);

/// Flips bits of a layer's words in place and returns how many. The bit's address is (seed, layer,
/// stream number, word, bit).
std::int64_t flip_bits(const BitErrorCard& card, std::uint32_t layer,
                       std::span<CodedStream> streams);

/// The weight a faulty memory gives: materialises, stores, flips, regenerates. A `backward` after
/// it refers to the faulty words. Returns the number of flipped bits.
std::int64_t materialise_with_errors(WeightCode& source, const BitErrorCard& card,
                                     std::uint32_t layer, std::span<float> dense);

/// How a memory's bit error rate and access energy go with its supply voltage: data, by
/// interpolation in the voltage (of the logarithm of the rate).
struct VoltageCurve {
  std::vector<double> voltage;  // relative to the lowest without errors, rising
  std::vector<double> rate;     // bit errors per bit, falling, above zero
  std::vector<double> energy;   // per access, relative to that at voltage 1
};
/// Keys: voltage, rate, energy (lists of one length).
void describe(Section& section, VoltageCurve& curve);

struct VoltagePoint {
  double rate = 0, energy = 1;
};
/// Throws `Error` outside the curve.
VoltagePoint at_voltage(const VoltageCurve& curve, double voltage);

}  // namespace lightloom::nn
