#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "cosim/layers/cost_input.hpp"
#include "cosim/layers/cost_report.hpp"

// A layer on a core counted anew from docs/models/cosim/schedule.md, for layers by themselves in
// buffers that hold what they need: nothing here calls what is tested.

namespace lightloom::cosim {

struct HandTile {
  int row = 0, column = 0;                               // which, along the axes of the matrix
  double rows = 0, columns = 0;                          // outputs and inputs that are used
  double block_rows = 0, block_columns = 0, groups = 1;  // of each of the groups that share it
  bool last_column = true;                               // its outputs are whole
};

struct HandLayer {
  std::vector<HandTile> tiles;
  int row_tiles = 1, column_tiles = 1;
  double vectors = 0;  // of the batch
  double blocks = 1;   // a tile is visited as often
  double passes = 1;
  double inputs = 0, outputs = 0, weights = 0;  // elements; maps of the batch

  [[nodiscard]] double visits() const { return static_cast<double>(tiles.size()) * blocks; }
};

/// Columns of tiles one after the other.
inline void hand_tiles(const nn::LayerShape& s, const CostInput& card, HandLayer& layer) {
  const int rows = s.out_channels / s.groups,
            columns = s.in_channels / s.groups * s.kernel_height * s.kernel_width;
  const int together = std::min(card.core.rows / rows, card.core.columns / columns);
  if (together >= 1) {
    for (int first = 0; first < s.groups; first += together) {
      const int groups = std::min(together, s.groups - first);
      layer.tiles.push_back({.rows = 1.0 * rows * groups,
                             .columns = 1.0 * columns * groups,
                             .block_rows = 1.0 * rows,
                             .block_columns = 1.0 * columns,
                             .groups = 1.0 * groups});
    }
    return;
  }
  for (int c = 0; c * card.core.columns < columns; ++c)
    for (int r = 0; r * card.core.rows < rows; ++r) {
      HandTile tile{.row = r, .column = c};
      tile.rows = tile.block_rows = std::min(card.core.rows, rows - r * card.core.rows);
      tile.columns = tile.block_columns =
          std::min(card.core.columns, columns - c * card.core.columns);
      tile.last_column = (c + 1) * card.core.columns >= columns;
      layer.row_tiles = std::max(layer.row_tiles, r + 1);
      layer.column_tiles = std::max(layer.column_tiles, c + 1);
      layer.tiles.push_back(tile);
    }
}

inline HandLayer hand_layer(const CostInput& card, std::size_t index = 0) {
  const nn::LayerShape& s = card.layers[index].shape;
  HandLayer layer;
  hand_tiles(s, card, layer);
  layer.vectors = 1.0 * s.out_height * s.out_width * card.batch;
  if (card.schedule.dataflow != Dataflow::weight_stationary)
    layer.blocks = std::ceil(layer.vectors / card.schedule.block_vectors);
  const bool both_signs =
      card.layers[index].signed_inputs && card.core.coding == photonic::InputCoding::intensity;
  layer.passes = both_signs ? 2 : 1;
  layer.inputs = 1.0 * s.in_height * s.in_width * s.in_channels * card.batch;
  layer.outputs = layer.vectors * s.out_channels;
  layer.weights =
      1.0 * s.out_channels * s.in_channels / s.groups * s.kernel_height * s.kernel_width;
  return layer;
}

/// Bytes of a visit at the activation buffer: the inputs once by a line buffer (and only for the
/// first row of tiles where they stay in registers), sums of the column before, sums or results.
struct HandBytes {
  double read = 0, written = 0;
};
inline HandBytes hand_activations(const CostInput& card, const HandLayer& layer,
                                  const HandTile& tile) {
  const nn::LayerShape& s = card.layers[0].shape;
  const Dataflow flow = card.schedule.dataflow;
  const double word = card.activation_bits / 8.0, sum = card.schedule.accumulator_bits / 8.0;
  const double outputs = layer.vectors / layer.blocks * tile.rows;
  const double channels =
      std::min(tile.block_columns, 1.0 * s.in_channels / s.groups) * tile.groups;
  const double map = 1.0 * s.in_height * s.in_width * channels * card.batch / layer.blocks;
  const bool held = flow == Dataflow::input_stationary && tile.row > 0;
  const bool sums_travel = flow != Dataflow::output_stationary;
  HandBytes bytes;
  if (!held) bytes.read += word * std::min(map, layer.vectors / layer.blocks * tile.columns);
  if (sums_travel && tile.column > 0) bytes.read += sum * outputs;
  if (tile.last_column) bytes.written = word * outputs;
  if (sums_travel && !tile.last_column) bytes.written = sum * outputs;
  return bytes;
}

/// Whole words of a buffer, where a share of a layer may be a rounding off.
inline double hand_words(double bytes, const memory::BufferCard& buffer) {
  return std::ceil(bytes / buffer.word_bytes - 1e-9);
}

/// Bursts of 64 bytes.
inline double hand_bursts(double bytes) { return std::ceil(bytes / 64 - 1e-9); }

/// A stage of a report; one of no time where it is not there.
inline StageCost hand_stage(const CostReport& report, Stage stage) {
  for (const StageCost& cost : report.stages)
    if (cost.stage == stage) return cost;
  return {};
}

}  // namespace lightloom::cosim
