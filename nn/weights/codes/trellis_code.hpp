#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lightloom::nn {

/// A computed trellis code (Tseng et al., QTIP, NeurIPS 2024): a ring of bits moves on by `bits` a
/// weight, the last `state_bits` of them are the state x, and the weight is a function of x alone.
struct TrellisCode {
  int bits = 2;         // per weight, 1 to 4
  int state_bits = 12;  // 4 to 16, at least `bits`
};

/// Standard deviation of the levels of all states, as published with the code.
inline constexpr double trellis_spread = 147.80;

/// The level of a state: the four bytes of (34038481 x + 76625530) mod 2^32 added up, less 510; an
/// integer within +-510.
float trellis_level(std::uint32_t state);
/// Those of all 2^state_bits states.
std::vector<float> trellis_levels(int state_bits);

/// Levels of one ring of weights from its `bits`-bit words, one a weight. The state of a weight is
/// the `state_bits` bits that end with its word, read round the ring: nothing but the words is
/// stored, and a ring needs no other to be read.
void trellis_decode(const TrellisCode& code, std::span<const std::uint32_t> words,
                    std::span<float> levels);

/// Words whose levels come near `targets` in squared error. One pass of the Viterbi algorithm over
/// the targets turned by half a ring finds the bits where the ring closes, a second one the best
/// path through them, as the code's authors close it; rings too short for a state are searched
/// whole. `states`: `trellis_levels` of the code.
std::vector<std::uint32_t> trellis_encode(const TrellisCode& code, std::span<const float> states,
                                          std::span<const float> targets);

}  // namespace lightloom::nn
