#pragma once

#include "cosim/visits/dram_traffic.hpp"
#include "cosim/visits/visit.hpp"

namespace lightloom::cosim {

/// Bytes of one visit that pass the DRAM.
struct MovedBytes {
  double weights = 0;  // into the weight buffer
  double inputs = 0, outputs = 0;
  double sums_read = 0, sums_written = 0;  // partial sums without room
};

/// Whole bursts.
struct VisitBursts {
  double weights = 0, inputs = 0, outputs = 0;  // partial sums among inputs and outputs
};

/// The kinds of DRAM traffic of a layer, metered over all its visits in order.
struct LayerMeters {
  explicit LayerMeters(const LayerSetup& setup);
  void take(const MovedBytes& bytes);
  /// Of all that has been taken.
  [[nodiscard]] VisitBursts bursts() const;

  BurstMeter weights, inputs, outputs;
  BurstMeter sums_read, sums_written;
};

struct VisitTraffic {
  MovedBytes bytes;
  VisitCost cost;
};

/// DRAM traffic of the visit: weights it is first to need, its part of the inputs on the first pass
/// over the rows, its part of the outputs on the last column, and between columns the partial sums
/// that the activation buffer has no room for.
VisitTraffic move_data(const LayerSetup& setup, const Visit& visit, const LayerMeters& meters);

/// Bytes that the weight buffer has to hold at once for the visit's tile.
double tile_weight_bytes(const LayerSetup& setup, const Visit& visit);

/// Reading the weights of a stored tile out of the weight buffer; nothing for a copy and for a tile
/// that is regenerated.
VisitCost read_stored_tile(const LayerSetup& setup, const Visit& visit);

}  // namespace lightloom::cosim
