#include "cosim/studies/realised_matrix.hpp"

#include <cassert>

namespace lightloom::cosim {
namespace {

/// Network weight of a full-scale weight of a row of a tile or, of cores that have them, of a slice
/// of one (`part`).
float scale_of(const LayerOnCore& layer, std::size_t part, std::size_t row, std::size_t rows) {
  const std::size_t tile = part / static_cast<std::size_t>(layer.slices);
  return layer.scales[part] *
         (layer.row_scales.empty() ? 1.0F : layer.row_scales[tile * rows + row]);
}

/// The weights of one part, added to those of the matrix.
void add_part(const LayerOnCore& layer, const PackedDevices& devices, std::size_t part,
              RealisedMatrix& found) {
  const auto tile = static_cast<std::int64_t>(part) / layer.slices;
  const TileView view = tile_view(layer.mapping, tile);
  const PackedTile& packed = devices.tiles[part];
  const auto columns = static_cast<std::size_t>(layer.shape.in_channels);
  for (int r = 0; r < view.rows; ++r) {
    const auto row = static_cast<std::size_t>(r);
    const float scale = devices.sign * scale_of(layer, part, row,
                                                static_cast<std::size_t>(layer.mapping.tile.rows));
    float* to = found.weights.data() + (static_cast<std::size_t>(view.first_row) + row) * columns +
                static_cast<std::size_t>(view.first_column);
    for (int c = 0; c < view.columns; ++c)
      to[c] += scale * packed.weights[static_cast<std::size_t>(c) *
                                          static_cast<std::size_t>(packed.padded_rows) +
                                      row];
  }
}

LayerOnCore layer_of(const TargetMatrix& target) {
  LayerOnCore layer;
  layer.shape = {.name = "matrix",
                 .kind = nn::LayerShape::Kind::linear,
                 .in_channels = target.columns,
                 .out_channels = target.rows};
  return layer;
}

}  // namespace

LayerTargets matrix_targets(const ChipCore& chip, const TargetMatrix& target) {
  LayerOnCore layer = layer_of(target);
  return layer_targets(layer, chip, target.weights, 0);
}

RealisedMatrix realise_matrix(const ChipCore& chip, const TargetMatrix& target) {
  assert(target.weights.size() ==
         static_cast<std::size_t>(target.rows) * static_cast<std::size_t>(target.columns));
  LayerOnCore layer = layer_of(target);
  RealisedMatrix found;
  found.report = write_layer(layer, chip, target.weights, 0);
  found.row_tiles = layer.mapping.row_tiles;
  found.column_tiles = layer.mapping.column_tiles;
  const auto rows = static_cast<std::size_t>(chip.card().rows),
             slices = static_cast<std::size_t>(layer.slices);
  found.full_scale.assign(layer.scales.size() / slices * rows, 0.0F);
  found.weights.assign(target.weights.size(), 0.0F);
  for (std::size_t part = 0; part < layer.scales.size(); ++part) {
    for (std::size_t r = 0; r < rows; ++r)
      found.full_scale[part / slices * rows + r] += scale_of(layer, part, r, rows);
    for (const PackedDevices& devices : layer.devices) add_part(layer, devices, part, found);
  }
  return found;
}

}  // namespace lightloom::cosim
