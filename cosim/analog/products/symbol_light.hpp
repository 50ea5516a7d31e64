#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/random/random.hpp"
#include "cosim/analog/readout/tile_readout.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// One tile of a core that modulates both operands, and the block of positions that meets it. The
/// block's inputs lie next to each other, position by position.
struct SymbolBlock {
  const photonic::CoreDescription& core;
  const PackedTile& tile;
  const ReadoutBlock& block;

  [[nodiscard]] int inputs() const { return tile.runs.front().length; }
  /// Groups of positions that share their symbols.
  [[nodiscard]] int groups() const {
    return (block.positions + core.operands.vectors - 1) / core.operands.vectors;
  }
  /// Symbols of one group.
  [[nodiscard]] int symbols() const { return core.operands.symbols(inputs()); }
  [[nodiscard]] const float* position(int p) const { return block.map + block.bases[p]; }
};

/// Standard normals of a block. Empty where nothing is drawn.
struct SymbolNormals {
  std::vector<float> magnitude, phase;  // (positions, inputs), then (groups, inputs, rows)
  std::vector<float> laser;             // (groups, symbols)
  std::vector<float> output;            // (positions, rows), 4 * `readout_lanes` more readable
};

/// Draws them at an address whose purpose is set for each source, under the number `shot`.
/// `outputs`: whether outputs have noise of their own.
struct SymbolAddress {
  StreamAddress tile;
  std::uint64_t shot = 0;
};
void draw_symbols(const SymbolBlock& block, const SymbolAddress& address, bool outputs,
                  SymbolNormals& normals);

/// What a group's modulators send: values of inputs (positions of the group, width) and weights
/// (width, padded rows), whose products add up to the outputs. Light whose phase is off comes as
/// its two quadratures, which takes twice the width.
void modulate_inputs(const SymbolBlock& block, const SymbolNormals& normals, int group,
                     std::vector<float>& sent);
void modulate_weights(const SymbolBlock& block, const SymbolNormals& normals, int group,
                      std::span<float> sent);
/// Values next to each other per position or row: inputs, twice where phases are off.
int sent_width(const SymbolBlock& block);

/// The power P of ReadoutNoise by symbol: of the inputs (positions, symbols), and of the weights
/// (rows, symbols).
struct SymbolPower {
  std::vector<float> inputs, weights;
};
void measure_symbols(const SymbolBlock& block, SymbolPower& power);

}  // namespace lightloom::cosim
