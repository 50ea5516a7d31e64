#pragma once

#include <cstdint>

#include "core/random/random.hpp"

namespace lightloom::nn {

// Random numbers of slimmable networks: families of purposes that others have too, told apart by
// what stands in the place of the layer, beyond any that a network has.

inline constexpr std::uint32_t slim_layer = 0xFFFF0000u;

/// Order of the widths between the ends, by step.
inline StreamAddress width_draws(std::uint64_t seed) {
  return {.seed = seed, .purpose = Purpose::shuffle, .layer = slim_layer};
}
/// Order of the images that a gate learns from, by epoch.
inline StreamAddress gate_order(std::uint64_t seed) {
  return {.seed = seed, .purpose = Purpose::shuffle, .layer = slim_layer + 1};
}
/// First weights of a gate.
inline StreamAddress gate_weights(std::uint64_t seed) {
  return {.seed = seed, .purpose = Purpose::initial_weights, .layer = slim_layer};
}
/// Gumbel's noise on a gate's choices, by (image and choice, epoch).
inline StreamAddress gate_noise(std::uint64_t seed) {
  return {.seed = seed, .purpose = Purpose::gumbel_noise, .layer = slim_layer};
}

}  // namespace lightloom::nn
