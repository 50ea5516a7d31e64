#pragma once

#include <span>

namespace lightloom::cosim {

/// The full scale of a `bits`-bit converter for signals like `samples` (absolute values) that
/// minimises the expected squared error of clipping and rounding: sum over samples of max(0, |y| -
/// FS)^2 + step^2 / 12, step = FS / 2^(bits-1). Searched over FS = max / 2^(k/8), k = 0..64.
/// Returns 1 for samples that are all zero.
double best_full_scale(std::span<const float> samples, int bits);

}  // namespace lightloom::cosim
