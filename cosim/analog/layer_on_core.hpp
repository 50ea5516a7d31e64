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
  photonic::OutputErrors errors;
};

/// What the converters of a layer span, found on a calibration batch.
struct ConverterRanges {
  float input_full_scale = 1;   // network value of a coded input of 1
  float output_full_scale = 0;  // of the ADC, in units of the core
  float weight_full_scale = 1;  // of activations in the place of weights, as input_full_scale
  bool signed_inputs = false;
  std::vector<float> of_slices;  // output_full_scale of each slice; empty: all alike
  bool calibrated = false;
};

/// The devices of a layer's tiles that are read at once, packed.
struct PackedDevices {
  std::vector<PackedTile> tiles;
  std::vector<CellTiles> cells;                 // of noisy cells, or of which only a part is read
  std::vector<std::vector<float>> weight_sums;  // (rows) of every tile, where a code 0 is not dark
  float sign = 1;                               // of what they add to an output
};

/// A layer's weights as they stand on one chip, cut into tiles and packed for the read-out kernel.
/// A tile of a core with slices is as many parts, one a slice, that are read one by one: what is
/// listed by tile here is listed by part, those of a tile in a row.
struct LayerOnCore {
  nn::LayerShape shape;
  std::uint32_t number = 0;
  LayerMapping mapping;
  int slices = 1;
  InputLayout layout;
  std::vector<PackedDevices> devices;  // all at once, or those of positive and negative weights
  // Where a tile's inputs lie in the map, when they have to be copied next to each other: each
  // through a DAC with errors of its own, or to cells that are noisy. Empty: read where they lie.
  std::vector<std::vector<InputRun>> gathered;
  std::vector<float> scales;  // per tile: network weight of a full-scale weight
  std::vector<float>
      row_scales;  // (tiles, rows), on top, padded: of block floating point, or of
                   // `output_scales`, one an output of the layer, where there are any
  std::vector<float> output_scales;
  ConverterRanges ranges;  // of a layer that is written again, those it had
};

/// The tiles that a layer asks of a core.
struct LayerTargets {
  std::vector<float> weights;            // (tiles, rows, columns), in units of their rows' scales
  std::vector<photonic::UsedPart> used;  // (tiles)
  photonic::TileAddress address;
};
/// Cuts the weights of layer `layer.number` of shape `layer.shape` into tiles, for write number
/// `write`, and fills its mapping, layout and scales of rows.
LayerTargets layer_targets(LayerOnCore& layer, const ChipCore& chip, std::span<const float> weights,
                           std::uint32_t write);

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

/// Passes that an input vector takes through the core for the signs of its inputs, of which each is
/// read as often as the core reads: two for signed inputs of a core that codes intensities, or as
/// the core's card says.
int passes_of(const LayerOnCore& layer, const photonic::CoreDescription& core);

/// How the DACs code the inputs of a pass.
InputCode code_of_pass(const LayerOnCore& layer, const photonic::CoreDescription& core, int pass);
/// How a map is coded as a whole before a pass: that way, or, with block floating point, which
/// codes vector by vector, as it is.
InputCode code_of_map(const LayerOnCore& layer, const photonic::CoreDescription& core, int pass);

/// Positions that share one noise address and stay in cache; part of every result's address.
inline constexpr int block_positions = 256;

/// What one thread works in while it reads a layer out.
struct ReadoutScratch {
  struct Map {
    std::vector<float> coded, pixels;  // inputs, and the power of every pixel where it is needed
  };
  Map whole;              // the numbers of a pass
  std::vector<Map> bits;  // what is sent for every bit of them, where they are sent in bits
  std::vector<float> sigma, noise, laser, added, outputs;
  std::vector<float> sums;  // of reads that are added up before they are converted
  CellLight light;
  SentInputs sent;
  DynamicScratch dynamic;
};

/// One tile (or slice of it) in one pass of a block of positions over it.
struct TilePass {
  const ChipCore& chip;
  const LayerOnCore& layer;
  const PackedDevices& devices;
  const InputCode& code;
  std::int64_t tile = 0;
  std::uint64_t shot = 0;  // of its noise
  /// Number of the block's first input vector among all that the tile sees: those of a pass one
  /// after the other, the passes of an image, the images by their numbers.
  std::uint64_t first_vector = 0;
  int reading = 0;  // of the readings of every vector, which follow one another

  [[nodiscard]] const PackedTile& packed() const {
    return devices.tiles[static_cast<std::size_t>(tile)];
  }
  /// nullptr: the noise does not depend on the cells.
  [[nodiscard]] const CellTiles* cells() const {
    return devices.cells.empty() ? nullptr : &devices.cells[static_cast<std::size_t>(tile)];
  }
};

/// Calls `use(tile number, block, shot)` for every tile (or slice of it) and block of positions of
/// one pass over a coded map.
template <class Use>
void for_each_block(const LayerOnCore& layer, std::span<const float> coded,
                    std::uint64_t pass_address, const Use& use) {
  const auto positions = static_cast<int>(layer.mapping.input_vectors);
  for (std::int64_t tile = 0; tile < layer.mapping.tiles * layer.slices; ++tile)
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
