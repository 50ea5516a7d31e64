#pragma once

#include <cstdint>

#include "cosim/visits/visit.hpp"

namespace lightloom::cosim {

/// What rebuilding the weights of a visit's tile takes.
struct VisitGeneration {
  VisitCost cost;
  VisitCost settings;        // of the generator's own devices
  GenerationCost generator;  // the generator's own share
  std::int64_t macs = 0;
  double tile_bytes = 0;    // in the tile buffer; 0: the light drives the core
  double kernel_bytes = 0;  // of level 1, there too; 0: they stay light, or there are none
};

/// Reads the coefficients and generates the tile, into the tile buffer or straight into the core.
VisitGeneration generate(const LayerSetup& setup, const Visit& visit);

/// Bytes that the tile buffer has to hold at once for the visit's regenerated tile.
double tile_buffer_bytes(const LayerSetup& setup, const Visit& visit);

/// A generator whose light sets the core keeps it on while the core computes.
VisitCost keep_light_on(const LayerSetup& setup, const Visit& visit,
                        const GenerationCost& generator);

/// Turns the weights of a tile into device settings on the digital unit, where the core needs that.
VisitCost compute_settings(const LayerSetup& setup);

}  // namespace lightloom::cosim
