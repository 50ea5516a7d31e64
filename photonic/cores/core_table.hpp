#pragma once

#include <memory>
#include <span>
#include <vector>

#include "photonic/cores/core_card.hpp"

namespace lightloom::photonic {

/// One builder per kind; `make_core` lists them.
std::unique_ptr<TensorCore> make_ideal_core(const CoreCard& card);
std::unique_ptr<TensorCore> make_mrr_core(const CoreCard& card);
std::unique_ptr<TensorCore> make_mzi_core(const CoreCard& card);
std::unique_ptr<TensorCore> make_pcm_core(const CoreCard& card);

/// Checks the sizes `TensorCore::realise` is called with and returns the number of tiles.
std::size_t checked_tiles(const CoreDescription& description, std::span<const float> targets,
                          std::span<const float> realised, std::span<const float> scales);
/// Largest modulus of a tile, 1 for a zero tile.
float largest_weight(std::span<const float> tile);
/// Sums of squares of the error and the target of one tile.
void add_errors(std::span<const float> target, std::span<const float> realised,
                RealisationReport& report);

}  // namespace lightloom::photonic
