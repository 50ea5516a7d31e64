#pragma once

#include <cstddef>
#include <span>

namespace lightloom {

/// The Walsh-Hadamard transform in natural (Hadamard) order, in place, not normalised: H H = n. `x`
/// holds n vectors of `width` numbers, transformed across the vectors; n = x.size() / width is a
/// power of two. n log2 n sums a number of a vector.
void walsh_hadamard(std::span<float> x, std::size_t width = 1);

}  // namespace lightloom
