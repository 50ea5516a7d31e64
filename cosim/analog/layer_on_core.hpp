#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "cosim/analog/products/dynamic_readout.hpp"
#include "cosim/analog/readout/converter_errors.hpp"
#include "cosim/analog/readout/input_code.hpp"
#include "cosim/analog/readout/input_layout.hpp"
#include "cosim/analog/readout/output_noise.hpp"
#include "cosim/analog/readout/tile_readout.hpp"
#include "cosim/mapping.hpp"
#include "nn/graph/layer_shape.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// The tensor core of one chip: its card, where its random numbers come from, and the static errors
/// of its converters. The core must outlive it.
struct ChipCore {
  ChipCore(const photonic::TensorCore& tensor_core, std::uint64_t chip_seed, std::uint32_t chip);
  [[nodiscard]] const photonic::CoreDescription& card() const { return core.description(); }

  const photonic::TensorCore& core;
  std::uint64_t seed;
  std::uint32_t number;
  AdcCurves adcs;
  std::vector<photonic::ConverterCurve> dacs;
};

/// What the converters of a layer span, found on a calibration batch.
struct ConverterRanges {
  float input_full_scale = 1;   // network value of a coded input of 1
  float output_full_scale = 0;  // of the ADC, in units of the core
  float weight_full_scale = 1;  // of activations in the place of weights, as input_full_scale
  bool signed_inputs = false;
  bool calibrated = false;
};

/// A layer's weights as they stand on one chip, cut into tiles and packed for the read-out kernel.
struct LayerOnCore {
  nn::LayerShape shape;
  std::uint32_t number = 0;
  LayerMapping mapping;
  InputLayout layout;
  std::vector<PackedTile> tiles;
  // Where a tile's inputs lie in the map, when they have to be copied next to each other: each
  // through a DAC with errors of its own, or to cells that are noisy. Empty: read where they lie.
  std::vector<std::vector<InputRun>> gathered;
  std::vector<CellTiles> cells;                 // of noisy cells
  std::vector<std::vector<float>> weight_sums;  // (rows) of every tile, where a code 0 is not dark
  std::vector<float> scales;                    // per tile: network weight of a full-scale weight
  ConverterRanges ranges;                       // of a layer that is written again, those it had
};

/// Realises `weights` on the chip as layer `layer.number` of shape `layer.shape`, write number
/// `write`, and fills everything but the ranges.
photonic::RealisationReport write_layer(LayerOnCore& layer, const ChipCore& chip,
                                        std::span<const float> weights, std::uint32_t write);

/// A product of maps before its first image: nothing of it stands on the chip.
LayerOnCore product_on_core(const nn::LayerShape& shape, std::uint32_t number,
                            const photonic::CoreDescription& core);

/// Puts activations ([out, in / groups], of one image) in the place of the weights of a product
/// whose ranges are known. Returns how many were out of range.
std::int64_t place_activations(LayerOnCore& product, const ChipCore& chip,
                               std::span<const float> activations);

/// Passes that an input vector takes through the core: two for signed inputs of a core that codes
/// intensities.
int passes_of(const LayerOnCore& layer, const photonic::CoreDescription& core);

/// How the DACs code the inputs of a pass.
InputCode code_of_pass(const LayerOnCore& layer, const photonic::CoreDescription& core, int pass);

/// Positions that share one noise address and stay in cache; part of every result's address.
inline constexpr int block_positions = 256;

/// What one thread works in while it reads a layer out.
struct ReadoutScratch {
  std::vector<float> coded, pixels, sigma, noise, laser, outputs;
  CellLight light;
  SentInputs sent;
  DynamicScratch dynamic;
};

/// One tile in one pass of a block of positions over it.
struct TilePass {
  const ChipCore& chip;
  const LayerOnCore& layer;
  const InputCode& code;
  std::int64_t tile = 0;
  std::uint64_t shot = 0;  // of its noise

  [[nodiscard]] const PackedTile& packed() const {
    return layer.tiles[static_cast<std::size_t>(tile)];
  }
};

/// Calls `use(tile number, block, shot)` for every tile and block of positions of one pass over a
/// coded map.
template <class Use>
void for_each_block(const LayerOnCore& layer, std::span<const float> coded,
                    std::uint64_t pass_address, const Use& use) {
  const auto positions = static_cast<int>(layer.mapping.input_vectors);
  for (std::int64_t tile = 0; tile < layer.mapping.tiles; ++tile)
    for (int first = 0; first < positions; first += block_positions) {
      const ReadoutBlock block{.map = coded.data(),
                               .bases = layer.layout.bases.data() + first,
                               .positions = std::min(block_positions, positions - first)};
      use(tile, block, pass_address << 20 | static_cast<std::uint64_t>(first / block_positions));
    }
}

/// Copies a block's inputs together where they have to be.
void gather(const TilePass& pass, ReadoutScratch& scratch, ReadoutBlock& block);

}  // namespace lightloom::cosim
