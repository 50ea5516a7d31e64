#pragma once

#include <cstdint>
#include <vector>

namespace lightloom::nn {

/// How `integer` rounds `weights` normal numbers that share a scale: the probability of each level
/// -(2^(bits-1) - 1) ... 2^(bits-1) - 1. The largest magnitude is taken where one in `weights` lies
/// above it; from 4 bits down the scale clips as `best_clip` finds it. Bits 2 to 12.
std::vector<double> normal_levels(int bits, std::int64_t weights);

}  // namespace lightloom::nn
