#pragma once

#include <functional>
#include <span>
#include <vector>

#include "photonic/cores/tensor_core.hpp"

namespace lightloom::photonic {

/// One tile of them, (rows, columns) row-major.
struct Tile {
  std::span<const float> target;
  TileAddress address;
  std::span<float> realised;
  float& scale;
};

/// Fills `realised` and `scale` of one tile and reports its devices and clipped weights.
using TileWork = std::function<RealisationReport(const Tile&)>;

/// What the `realise` of every core is around its tiles: refuses counts that are no whole number of
/// tiles and weights that are no finite numbers, runs the tiles on all threads, counts tiles and
/// weights, makes zeros of what nobody uses, and adds up reports and errors in order.
RealisationReport realise_tiles(const CoreDescription& description, const TileBatch& batch,
                                const TileWork& work);

/// The part of a tile of a batch that is used, with its weights (rows, columns) row-major.
struct UsedWeights {
  std::uint32_t tile = 0;  // number in the batch
  UsedPart part;
  std::vector<float> weights;
};
UsedWeights used_weights(const CoreDescription& description, const TileBatch& batch,
                         const Tile& tile);

/// Largest modulus of a tile, 1 for a zero tile.
float largest_weight(std::span<const float> tile);

/// Makes zeros of what nobody uses of tiles that were realised whole, and has the report's squares
/// be those of what is used. Devices and clipped weights stay those of whole tiles, which are set.
void leave_out_unused(const CoreDescription& description, const TileBatch& batch,
                      RealisationReport& report);

}  // namespace lightloom::photonic
