#pragma once

#include <cstddef>
#include <cstdint>

#include "nn/data/image_set.hpp"

namespace lightloom::nn {

/// Generated stroke digits, deterministic from `seed`; `part` tells training (0) from test images
/// (1).
ImageSet make_glyphs(std::size_t count, std::uint64_t seed, std::uint32_t part);

}  // namespace lightloom::nn
