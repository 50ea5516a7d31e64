#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/graph/layer_shape.hpp"

namespace lightloom::cosim {

/// Size of a core's weight tile.
struct TileShape {
  int rows = 0;     // outputs
  int columns = 0;  // inputs
};

/// How grouped layers whose group matrix is smaller than a tile use it.
enum class GroupPacking {
  separate,        // one group a tile, the rest is padding
  block_diagonal,  // as many whole groups as fit along the diagonal; the off-diagonal blocks are
                   // padding
};

/// A layer's matrices cut into core-sized tiles.
///
/// The matrix of one group has rows = out_channels / groups and columns in the order of an NHWC
/// im2col: kernel row, kernel column, input channel (fastest). It is cut into row_tiles x
/// column_tiles tiles. If a whole group matrix fits more than once, `groups_per_tile` groups share
/// a tile as a block diagonal. Tiles are numbered
///     (group_tile * row_tiles + row_tile) * column_tiles + column_tile.
struct LayerMapping {
  TileShape tile;
  int groups = 1;
  int group_rows = 0;       // rows of one group's matrix
  int group_columns = 0;    // columns of one group's matrix
  int row_tiles = 0;        // per group
  int column_tiles = 0;     // per group
  int groups_per_tile = 1;  // above 1 only if row_tiles = column_tiles = 1
  int group_tiles = 0;      // ceil(groups / groups_per_tile)
  std::int64_t tiles = 0;
  std::int64_t used_weights = 0;    // places in tiles that hold a weight of the layer
  std::int64_t padded_weights = 0;  // places that hold a zero
  std::int64_t input_vectors = 0;   // per image and tile: output positions

  [[nodiscard]] double utilisation() const {
    return static_cast<double>(used_weights) / static_cast<double>(used_weights + padded_weights);
  }
};

/// What one tile holds: for each of `groups` consecutive groups a block of rows x columns of that
/// group's matrix. Block s lies at tile rows s*rows.., tile columns s*columns.. (one block at the
/// origin unless groups share the tile).
struct TileView {
  int first_group = 0;
  int groups = 1;
  int first_row = 0, rows = 0;        // of the group's matrix; without padding
  int first_column = 0, columns = 0;  // of the group's matrix; without padding
};

/// Cuts a layer into tiles. Throws `Error` for a shape whose channels are not divisible by its
/// groups.
LayerMapping map_layer(const nn::LayerShape& layer, TileShape tile,
                       GroupPacking packing = GroupPacking::block_diagonal);

/// Where tile number `tile` lies, 0 <= tile < mapping.tiles.
TileView tile_view(const LayerMapping& mapping, std::int64_t tile);

/// A layer with its weights [out, in/groups, kernel height, kernel width], row-major.
struct LayerWeights {
  const nn::LayerShape& layer;
  std::span<const float> weights;
};

/// Copies tile number `tile` out of a layer's weights into `target` (tile.rows, tile.columns),
/// row-major, zero where there is padding.
void gather_tile(const LayerWeights& from, const LayerMapping& mapping, std::int64_t tile,
                 std::span<float> target);

/// All tiles in order: (tiles, rows, columns).
std::vector<float> gather_tiles(const nn::LayerShape& layer, const LayerMapping& mapping,
                                std::span<const float> weights);

}  // namespace lightloom::cosim
