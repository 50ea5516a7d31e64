#include "cosim/network/residency.hpp"

#include <algorithm>

#include "cosim/generator/generator_table.hpp"

namespace lightloom::cosim {
namespace {

/// Room that layers need while their words come from DRAM.
double fetching_bytes(const SharedPlans& plans, int weight_places) {
  double largest_tile = 0, kept = 0;
  for (const auto& plan : plans) {
    largest_tile = std::max(largest_tile, plan->largest_weight_tile_bytes);
    kept = std::max(kept, plan->kept_bytes);
  }
  return kept + weight_places * largest_tile;
}

}  // namespace

Residency resident_layers(const CostInput& input, const SharedPlans& cold, int weight_places,
                          const HereWords& here) {
  const double capacity = input.memory.weight_buffer.bytes();
  double all = 0;
  for (const auto& plan : cold) all += plan->stored_bytes;
  double room =
      all <= capacity ? capacity : capacity - here.most_bytes - fetching_bytes(cold, weight_places);
  Residency residency;
  residency.here = here;
  for (const auto& plan : cold) {
    const bool stays = plan->stored_bytes <= room;
    residency.stays.push_back(stays);
    if (!stays) continue;
    room -= plan->stored_bytes;
    residency.bytes += plan->stored_bytes;
  }
  return residency;
}

bool tiles_have_cores(const CostContext& context, const SharedPlans& plans) {
  const CostInput& input = context.input;
  const bool lit = hands_over_light(input.generator) &&
                   std::any_of(input.layers.begin(), input.layers.end(), [](const CostLayer& l) {
                     return l.way == WeightDelivery::regenerate;
                   });
  std::size_t visits = 0;
  for (const auto& plan : plans) visits += plan->visits.size();
  return !lit && !input.core.operands.present() &&
         visits <= static_cast<std::size_t>(context.choice.cores);
}

}  // namespace lightloom::cosim
