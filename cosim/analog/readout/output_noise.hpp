#pragma once

#include <span>
#include <vector>

#include "cosim/analog/readout/tile_readout.hpp"

namespace lightloom::cosim {

/// What the cells of a tile do at every reading, packed like its weights: variance of each weight,
/// and share of an input's light that reaches the detectors through it. In units of the core.
struct CellTiles {
  PackedTile variance, light;
};

/// Noise of the outputs of a block, in units of the core.
struct OutputNoise {
  float additive = 0;               // variance
  float shot = 0;                   // variance per power
  float signal = 0;                 // variance per output squared
  float leak = 0;                   // relative laser noise times the share a pair lets through
  const float* power = nullptr;     // (positions), or (positions, rows) with `by_row`
  const float* variance = nullptr;  // (positions, rows) of the cells; null: none
  const float* outputs = nullptr;   // (positions, rows) without noise; for `signal`
  bool by_row = false;
  float dark = 0;                      // relative laser noise times the light of a code 0
  const float* weight_sums = nullptr;  // (rows) of the tile; for `dark`
};

/// Turns standard normals (positions, rows) into that noise, in place: the normal times
/// sqrt(additive + shot power + variance + signal outputs^2), and the position's laser draw times
/// `leak` its power and `dark` the sum of the row's weights.
void scale_noise(const OutputNoise& noise, const ReadoutBlock& block, int rows,
                 std::span<float> normals);

/// Products (positions, rows) of a tile with the inputs of a block, without noise.
void multiply_block(const PackedTile& tile, ReadoutBlock block, std::vector<float>& sums);

/// Light of a block, in units of the core.
struct CellLight {
  std::vector<float> power;     // that reaches the pair of every output (positions, rows)
  std::vector<float> variance;  // that the cells add to it (positions, rows)
  std::vector<float> lit;       // room for the inputs
};

/// The light of a block where each input has `dark` more than its code says. The block's inputs
/// must lie next to each other (see gather_inputs).
void measure_cells(const CellTiles& cells, const ReadoutBlock& block, float dark, CellLight& light);

}  // namespace lightloom::cosim
