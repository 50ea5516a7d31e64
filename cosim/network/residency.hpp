#pragma once

#include <vector>

#include "cosim/network/layer_plans.hpp"

namespace lightloom::cosim {

/// Which layers' stored words are still in the weight buffer from the batch before.
struct Residency {
  std::vector<bool> stays;  // by layer; empty: none
  double bytes = 0;
  [[nodiscard]] bool of(std::size_t layer) const { return !stays.empty() && stays[layer]; }
};

/// What stays over a stream of batches, from the plans of a cold one whose places for fetched tiles
/// are `weight_places`. If what all layers store fits the weight buffer, all of it. Else the room
/// that fetching needs stays free (the places of the largest tile and, of the layer that needs
/// most, its shared streams, or where its tiles are visited block by block all it stores), and
/// layers stay in order of execution as far as they fit into the rest. Nothing of a layer that does
/// not fit stays.
Residency resident_layers(const CostInput& input, const SharedPlans& cold, int weight_places);

}  // namespace lightloom::cosim
