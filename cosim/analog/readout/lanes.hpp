#pragma once

// Private to the folder: vectors of `readout_lanes` numbers.

#include <cstdint>

#include "cosim/analog/readout/tile_readout.hpp"

namespace lightloom::cosim {

// A compiler extension of g++ and clang: sixteen floats, lowered to whatever the machine has. See
// docs/decisions/0005-analog-execution.md for why this product is not a library's.
using Vector = float __attribute__((vector_size(4 * readout_lanes)));
using Lanes = std::int32_t __attribute__((vector_size(4 * readout_lanes)));

inline Vector load(const float* from) {
  Vector value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace lightloom::cosim
