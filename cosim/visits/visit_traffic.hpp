#pragma once

#include "cosim/visits/dram_traffic.hpp"
#include "cosim/visits/visit.hpp"

namespace lightloom::cosim {

/// The kinds of DRAM traffic of a layer, metered over all its visits in order.
struct LayerMeters {
  explicit LayerMeters(const LayerSetup& setup);
  BurstMeter weights, inputs, outputs;
  BurstMeter sums_read, sums_written;  // partial sums without room
};

/// Bursts of one visit.
struct VisitBursts {
  double weights = 0, inputs = 0, outputs = 0;  // partial sums among inputs and outputs
};

struct VisitTraffic {
  VisitCost cost;
  VisitBursts bursts;
  double weight_bytes = 0;  // into the weight buffer
};

/// DRAM traffic of the visit: weights it is first to need, its part of the inputs on the first pass
/// over the rows, its part of the outputs on the last column, and between columns the partial sums
/// that the activation buffer has no room for. Takes the bursts from `meters`.
VisitTraffic move_data(const LayerSetup& setup, const Visit& visit, LayerMeters& meters);

/// Bytes that the weight buffer has to hold at once for the visit's tile.
double tile_weight_bytes(const LayerSetup& setup, const Visit& visit);

/// Reading the weights of a stored tile out of the weight buffer; nothing for a copy and for a tile
/// that is regenerated.
VisitCost read_stored_tile(const LayerSetup& setup, const Visit& visit);

}  // namespace lightloom::cosim
