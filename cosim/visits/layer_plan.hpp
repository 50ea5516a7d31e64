#pragma once

#include <cstdint>
#include <vector>

#include "cosim/layers/cost_report.hpp"
#include "cosim/layers/time_parts.hpp"
#include "cosim/visits/layer_setup.hpp"
#include "cosim/visits/visit_class.hpp"

namespace lightloom::cosim {

/// A layer before scheduling: the visits of its tiles, and its dynamic energy. Visits of a class
/// are alike, so each says no more than which class it is of.
struct LayerPlan {
  LayerMapping mapping;
  LayerMeters meters;                    // of its traffic, before the first visit
  std::vector<VisitClass> classes;       // that there are
  std::vector<std::uint8_t> visits;      // in order of execution: numbers of their classes
  StageTimes least_ns;                   // of the visit that takes a stage least, streams included
  EnumArray<Stage, PartTimes> needs_ns;  // of all tiles, also of what worked beside a slower part
  Energies energy_pJ;
  Traffic traffic;
  TileSettings settings;  // of all visits
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

  [[nodiscard]] const VisitClass& visit(std::size_t number) const {
    return classes[visits[number]];
  }
};

/// Plans all visits of a layer's tiles.
LayerPlan plan_layer(const LayerSetup& setup);

/// The bursts of each visit behind those before.
std::vector<VisitBursts> bursts_by_visit(const LayerPlan& plan);

}  // namespace lightloom::cosim
