#include "cosim/mapping.hpp"

#include <algorithm>
#include <cassert>

#include "core/error.hpp"

namespace lightloom::cosim {
namespace {

int divide_up(int value, int step) { return (value + step - 1) / step; }

/// An entry of a group's matrix.
struct MatrixEntry {
  int group, row, column;
};

/// Its offset in the row-major weight.
std::size_t weight_offset(const nn::LayerShape& layer, const LayerMapping& mapping,
                          const MatrixEntry& entry) {
  const auto [group, row, column] = entry;
  const int channels = layer.in_channels / layer.groups;
  const int position = column / channels, channel = column % channels;
  const std::int64_t output = std::int64_t{group} * mapping.group_rows + row;
  return static_cast<std::size_t>((output * channels + channel) * layer.kernel_area() + position);
}

std::size_t places(TileShape tile) {
  return static_cast<std::size_t>(tile.rows) * static_cast<std::size_t>(tile.columns);
}

}  // namespace

LayerMapping map_layer(const nn::LayerShape& layer, TileShape tile, GroupPacking packing) {
  require(tile.rows > 0 && tile.columns > 0,
          "core has {} rows and {} columns (both must be positive)", tile.rows, tile.columns);
  require(layer.groups > 0 && layer.in_channels % layer.groups == 0 &&
              layer.out_channels % layer.groups == 0,
          "layer '{}' has {} groups (which must divide its {} input and {} output channels)",
          layer.name, layer.groups, layer.in_channels, layer.out_channels);
  LayerMapping mapping{.tile = tile, .groups = layer.groups};
  mapping.group_rows = layer.matrix_rows();
  mapping.group_columns = layer.matrix_columns();
  mapping.row_tiles = divide_up(mapping.group_rows, tile.rows);
  mapping.column_tiles = divide_up(mapping.group_columns, tile.columns);
  if (packing == GroupPacking::block_diagonal && mapping.row_tiles == 1 &&
      mapping.column_tiles == 1) {
    const int fit = std::min(tile.rows / mapping.group_rows, tile.columns / mapping.group_columns);
    mapping.groups_per_tile = std::clamp(fit, 1, layer.groups);
  }
  mapping.group_tiles = divide_up(layer.groups, mapping.groups_per_tile);
  mapping.tiles = std::int64_t{mapping.group_tiles} * mapping.row_tiles * mapping.column_tiles;
  mapping.used_weights = layer.weights();
  mapping.padded_weights = mapping.tiles * tile.rows * tile.columns - mapping.used_weights;
  mapping.input_vectors = layer.positions();
  return mapping;
}

TileView tile_view(const LayerMapping& mapping, std::int64_t tile) {
  assert(tile >= 0 && tile < mapping.tiles);
  const int column_tile = static_cast<int>(tile % mapping.column_tiles);
  const int row_tile = static_cast<int>(tile / mapping.column_tiles % mapping.row_tiles);
  const int group_tile = static_cast<int>(tile / mapping.column_tiles / mapping.row_tiles);
  TileView view;
  view.first_group = group_tile * mapping.groups_per_tile;
  view.groups = std::min(mapping.groups_per_tile, mapping.groups - view.first_group);
  view.first_row = row_tile * mapping.tile.rows;
  view.rows = std::min(mapping.tile.rows, mapping.group_rows - view.first_row);
  view.first_column = column_tile * mapping.tile.columns;
  view.columns = std::min(mapping.tile.columns, mapping.group_columns - view.first_column);
  return view;
}

void gather_tile(const LayerWeights& from, const LayerMapping& mapping, std::int64_t tile,
                 std::span<float> target) {
  const auto& [layer, weights] = from;
  assert(static_cast<std::int64_t>(weights.size()) == layer.weights());
  assert(target.size() == places(mapping.tile));
  std::fill(target.begin(), target.end(), 0.0F);
  const TileView view = tile_view(mapping, tile);
  for (int s = 0; s < view.groups; ++s)
    for (int r = 0; r < view.rows; ++r) {
      float* row = target.data() + std::int64_t{s * view.rows + r} * mapping.tile.columns;
      for (int c = 0; c < view.columns; ++c)
        row[s * view.columns + c] = weights[weight_offset(
            layer, mapping, {view.first_group + s, view.first_row + r, view.first_column + c})];
    }
}

std::vector<float> gather_tiles(const nn::LayerShape& layer, const LayerMapping& mapping,
                                std::span<const float> weights) {
  const std::size_t size = places(mapping.tile);
  std::vector<float> tiles(static_cast<std::size_t>(mapping.tiles) * size);
  for (std::int64_t tile = 0; tile < mapping.tiles; ++tile)
    gather_tile({layer, weights}, mapping, tile,
                std::span(tiles).subspan(static_cast<std::size_t>(tile) * size, size));
  return tiles;
}

}  // namespace lightloom::cosim
