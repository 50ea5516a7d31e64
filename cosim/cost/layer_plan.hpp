#pragma once

#include <array>
#include <vector>

#include "cosim/cost/cost_simulation.hpp"
#include "memory/dram/dram_energy.hpp"

namespace lightloom::cosim {

/// What all layers share: figures of the memories, worked out once.
struct CostContext {
  explicit CostContext(const CostInput& cost_input);

  const CostInput& input;
  memory::DramEnergy dram;
  memory::BufferFigures weight_buffer, tile_buffer, activation_buffer;
  double weight_GBps = 0, tile_GBps = 0;
  double activation_GBps = 0;  // of each core: all of them stream from one buffer
};

/// A layer before scheduling: service times of its tiles in order of execution, and its dynamic
/// energy.
struct LayerPlan {
  LayerMapping mapping;
  std::vector<StageTimes> tiles;  // in order of execution, a tile as often as it is visited
  std::vector<std::array<double, 3>> bursts;  // by visit: weights, inputs, outputs
  Energies energy_pJ{};
  Traffic traffic;
  std::int64_t generation_macs = 0;
  double largest_weight_tile_bytes = 0;  // in the weight buffer
  double regenerated_tile_bytes = 0;     // in the tile buffer; 0: not used
  int replicas = 1;
  bool spills_output = false;
  bool weights_refetched = false;
};

/// Bytes of a layer's feature maps for the whole batch.
double input_map_bytes(const CostInput& input, const nn::LayerShape& shape);
double output_map_bytes(const CostInput& input, const nn::LayerShape& shape);

/// Plans layer `index`. `input_in_dram`: the layer before could not keep its output on chip.
LayerPlan plan_layer(const CostContext& context, std::size_t index, bool input_in_dram);

/// All layers of the context's input planned in order, and the input of the schedule. Ways must be
/// reload or regenerate (choose_ways and expand_layers have done their work).
struct NetworkPlan {
  std::vector<LayerPlan> layers;
  ScheduleInput schedule;
};
NetworkPlan plan_network(const CostContext& context);

}  // namespace lightloom::cosim
