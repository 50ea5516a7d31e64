#pragma once

#include <cstdint>
#include <span>

namespace lightloom::nn {

inline constexpr int mixed_bits = 16;

/// A weight as a matrix, row-major: a row an output channel, a column an input and place of a
/// kernel.
struct MixedShape {
  std::int64_t rows = 0, columns = 0;
};

/// Makes weights of any law nearly normal (Tseng et al., QuIP#, ICML 2024): fixed random signs and
/// an orthonormal Walsh-Hadamard transform along both axes, in place. An axis that is no power of
/// two is cut into those that it is the sum of, the largest first.
void mix(const MixedShape& shape, std::span<float> values);
/// The inverse, by the same additions in the same order on every machine.
void unmix(const MixedShape& shape, std::span<float> values);

/// Additions of either, of numbers of `mixed_bits`: n log2 n for every vector of n along an axis.
std::int64_t mixing_adds(const MixedShape& shape);

}  // namespace lightloom::nn
