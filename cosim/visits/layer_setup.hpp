#pragma once

#include <cstdint>

#include "cosim/generator/generator_table.hpp"
#include "cosim/layers/cost_input.hpp"
#include "cosim/mapping.hpp"
#include "cosim/visits/dram_traffic.hpp"
#include "memory/buffers/buffer_card.hpp"
#include "memory/dram/dram_energy.hpp"

namespace lightloom::cosim {

/// What a plan is free to leave unused or to choose, for all layers alike.
struct PlanChoice {
  int cores = 1;                        // that get tiles, at most those of the card
  bool replicate = false;               // cores beyond a layer's tiles hold copies
  double most_settings_per_weight = 0;  // stored layers with no more come as device settings
};

/// Figures of the memories, worked out once.
struct MemoryFigures {
  explicit MemoryFigures(const memory::MemoryCard& card);

  memory::DramEnergy dram;
  RunCosts dram_runs;
  double dram_GBps = 0;  // of long runs
  memory::BufferFigures weight_buffer, tile_buffer, activation_buffer;
  double weight_GBps = 0, tile_GBps = 0;
  double activation_GBps = 0;  // for all cores that stream, and for the digital unit beside them
};

/// What all layers share. `cost_input` must outlive it.
struct CostContext : MemoryFigures {
  explicit CostContext(const CostInput& cost_input)
      : CostContext(cost_input, MemoryFigures(cost_input.memory)) {}
  /// `figures`: of the input's memory.
  CostContext(const CostInput& cost_input, const MemoryFigures& figures);

  const CostInput& input;
  PlanChoice choice;         // all cores and copies that the card has, weights as they are
  GeneratorCost generation;  // empty where the card has no generator
  GeneratorFigures generator;
};

/// Bytes of a layer's feature maps for the whole batch; both operands of a product of maps.
double input_map_bytes(const CostInput& input, const CostLayer& layer);
double output_map_bytes(const CostInput& input, const CostLayer& layer);

/// What a core has to know of a layer's inputs.
photonic::InputSigns input_signs(const CostLayer& layer);

/// What is decided about a layer before its first tile, and holds for all visits of its tiles.
/// Refers to its context and to a layer of the context's input.
struct LayerSetup {
  const CostContext& context;
  const CostLayer& layer;
  LayerMapping mapping;
  StoredBits bits;
  bool regenerate = false;
  bool stored_as_settings = false;  // device settings made beforehand come from DRAM
  bool column_outer = false;        // order of tiles: all rows of a column first
  bool kernels_fit = true;          // the kernels of level 1 of all columns stay in the tile buffer
  bool kernels_kept = true;         // they go there at all
  bool layer_fits = true;           // what is stored stays in the weight buffer over all blocks
  bool weights_refetched = false;   // the weight buffer cannot hold the shared streams
  bool spills_output = false;       // the activation buffer cannot hold it
  bool resident = false;            // what is stored is in the weight buffer from the batch before
  double here_bits = 0;             // of its tiles, in the weight buffer since an earlier layer
  bool on_core = false;             // its tiles are on their cores from the batch before
  bool drives_core = false;         // the generator's light sets the core, no digits in between
  std::int64_t blocks = 1;          // of input vectors
  int replicas = 1;                 // cores that hold a copy of each tile
  double vectors = 0;               // input vectors that every tile sees: those of the batch, or of
                                    // an image
  double input_bytes = 0, output_bytes = 0;  // DRAM traffic of activations
  double spilled_sums = 0;                   // share of the partial sums that passes the DRAM

  [[nodiscard]] const CostInput& input() const { return context.input; }
  [[nodiscard]] const photonic::CoreCost& core() const { return context.input.core.cost; }
  /// Outputs of a vector of the whole mapping: the layer's, or those of all images of a product of
  /// maps, whose weights are each image's own.
  [[nodiscard]] double mapped_outputs() const {
    return static_cast<double>(mapping.group_rows) * mapping.groups;
  }
  /// Read phases of every input vector: twice where inputs of both signs meet intensities, or as
  /// the core's card says.
  [[nodiscard]] int passes() const;
  /// Symbols of every input vector, over its phases.
  [[nodiscard]] std::int64_t symbols() const;
  /// Bytes of the device settings of one tile.
  [[nodiscard]] double setting_bytes() const;
  /// Bytes of a kernel's or weight's word in the tile buffer.
  [[nodiscard]] double word_bytes() const;
  /// Bytes of all that is stored of the layer, as it comes from DRAM: but for what is here.
  [[nodiscard]] double stored_bytes() const;
  /// Of these, what later visits rely on finding in the weight buffer.
  [[nodiscard]] double kept_bytes() const;
};

/// Settings of all tiles of a layer, by its weights: 1 where a tile has a setting for each weight
/// and none is padding.
double settings_per_weight(const LayerSetup& setup);

/// Decides about layer `index`, but for where its maps and partial sums are (place_maps). Throws
/// `Error` for a layer with too many tile visits.
LayerSetup layer_setup(const CostContext& context, std::size_t index);

}  // namespace lightloom::cosim
