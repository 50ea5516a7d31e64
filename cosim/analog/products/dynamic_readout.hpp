#pragma once

#include <cstdint>
#include <vector>

#include "cosim/analog/products/symbol_light.hpp"
#include "cosim/analog/readout/tile_readout.hpp"

namespace lightloom::cosim {

/// What one thread works in while it reads a core that modulates both operands.
struct DynamicScratch {
  SymbolNormals normals;
  SymbolPower power;
  PackedTile weights;
  std::vector<float> inputs, ones;
  std::vector<int> bases;
};

/// `read_out` of a core that modulates both operands. Positions go through it in groups of
/// `vectors`, which share their symbols: one draw of every modulated weight and of the laser for
/// all of a group, one of every modulated input for all rows. The variance of an output of S
/// symbols is additive^2 S + (noise_lsb step)^2 + shot^2 P, the laser's part sum over symbols of
/// relative n_s (y_s + leak P_s) with one n_s for all outputs of a symbol. `readout` is without
/// noise: only its step, codes and gain count; the block's inputs lie next to each other. Returns
/// how many conversions were out of range.
std::int64_t read_out_dynamic(const SymbolBlock& block, const Readout& readout,
                              const SymbolAddress& address, DynamicScratch& scratch);

}  // namespace lightloom::cosim
