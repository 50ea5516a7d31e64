#pragma once

#include <vector>

#include "cosim/network/layer_plans.hpp"
#include "cosim/network/shared_words.hpp"

namespace lightloom::cosim {

/// What is still on chip from the batch before: layers' stored words in the weight buffer, or all
/// weights on the cores.
struct Residency {
  std::vector<bool> stays;  // by layer, in the weight buffer; empty: none
  double bytes = 0;         // there
  bool on_cores = false;    // every tile is on a core of its own
  HereWords here;           // layers find words of earlier ones of the batch as in a cold one
  [[nodiscard]] bool of(std::size_t layer) const { return !stays.empty() && stays[layer]; }
};

/// What stays over a stream of batches, from the plans of a cold one whose places for fetched tiles
/// are `weight_places`. If what all layers store fits the weight buffer, all of it. Else the room
/// that fetching needs stays free (the places of the largest tile and, of the layer that needs
/// most, its shared streams, or where its tiles are visited block by block all it stores), and
/// layers stay in order of execution as far as they fit into the rest. Nothing of a layer that does
/// not fit stays. `here`: what layers of the cold batch find there of each other's, which keeps its
/// room too.
Residency resident_layers(const CostInput& input, const SharedPlans& cold, int weight_places,
                          const HereWords& here = {});

/// Whether every visit of a tile has a core of its own, so that no core is ever written again.
/// Light that sets the cores is on no longer than they compute, and operands that are modulated
/// every symbol are not kept.
bool tiles_have_cores(const CostContext& context, const SharedPlans& plans);

}  // namespace lightloom::cosim
