#pragma once

#include <cstdint>
#include <vector>

#include "cosim/layers/cost_report.hpp"
#include "cosim/layers/time_parts.hpp"
#include "cosim/visits/layer_setup.hpp"
#include "cosim/visits/visit_class.hpp"

namespace lightloom::cosim {

/// A layer before scheduling: service times of its tiles in order of execution, and its dynamic
/// energy.
struct LayerPlan {
  LayerMapping mapping;
  std::vector<StageTimes> tiles;         // in order of execution, a tile as often as it is visited
  std::vector<double> streams;           // by tile: of the activation buffer while it computes
  std::vector<TimePiece> pieces;         // what these times are made of
  EnumArray<Stage, PartTimes> needs_ns;  // of all tiles, also of what worked beside a slower part
  std::vector<VisitBursts> bursts;       // by visit
  Energies energy_pJ;
  Traffic traffic;
  std::int64_t generation_macs = 0;
  double largest_weight_tile_bytes = 0;  // in the weight buffer
  double regenerated_tile_bytes = 0;     // in the tile buffer; 0: not used
  double kernel_bytes = 0;               // of the kernels of level 1 that wait there at once,
  double kernels_formed = 0;             // and how often they are formed anew
  RoomNeeds needs;                       // of the tile that needs most
  double stored_bytes = 0;               // of the layer, as it comes from DRAM
  double kept_bytes = 0;                 // of these, what has to stay while the layer runs
  int replicas = 1;
  bool spills_output = false;
  bool weights_refetched = false;
  double settings_per_weight = 0;  // of what could come as device settings; 0: cannot
};

/// Plans all visits of a layer's tiles.
LayerPlan plan_layer(const LayerSetup& setup);

}  // namespace lightloom::cosim
