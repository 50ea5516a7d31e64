#include "cosim/network/network_plan.hpp"

#include <algorithm>
#include <cmath>

#include "cosim/visits/map_placement.hpp"

namespace lightloom::cosim {
namespace {

bool any_time(const SharedPlans& plans, Stage stage) {
  return std::any_of(plans.begin(), plans.end(),
                     [&](const auto& plan) { return total(plan->needs_ns[stage]) > 0; });
}

/// Places in a buffer: what the card asks for, as far as it holds the largest tile.
int places(int wanted, double capacity_bytes, double tile_bytes) {
  const double fit = tile_bytes > 0 ? std::floor(capacity_bytes / tile_bytes) : wanted;
  return std::max(1, static_cast<int>(std::min<double>(wanted, fit)));
}

BufferPlaces buffer_places(const CostContext& context, const SharedPlans& plans,
                           double kept_bytes) {
  const CostInput& input = context.input;
  double weight_tile = 0, regenerated_tile = 0;
  for (const auto& plan : plans) {
    weight_tile = std::max(weight_tile, plan->largest_weight_tile_bytes);
    regenerated_tile = std::max(regenerated_tile, plan->regenerated_tile_bytes);
  }
  const ScheduleCard& card = input.schedule;
  const int cores = context.choice.cores;
  return {
      .weights = places(card.weight_slots * cores, input.memory.weight_buffer.bytes() - kept_bytes,
                        weight_tile),
      .tiles = places(card.tile_slots * cores, input.memory.tile_buffer.bytes(), regenerated_tile),
      .settings = input.programming.shadow_settings ? 2 : 1,
      .inputs = card.input_slots * cores,
      .outputs = card.output_slots * cores};
}

/// The very first access finds its bank closed.
double first_access_ns(const memory::DramCard& dram) {
  return (dram.timing.rcd_read + dram.timing.cl + dram.controller.pipeline_cycles) * dram.clock_ns;
}

/// Appends a layer's tiles.
void append(ScheduleInput& schedule, const LayerPlan& plan) {
  const auto first = static_cast<std::int64_t>(schedule.tiles.size());
  const std::size_t visits = plan.visits.size();
  schedule.layer_starts.insert(schedule.layer_starts.end(), visits, first);
  schedule.input_after.insert(schedule.input_after.end(), visits, first - 1);
  const auto place = static_cast<std::size_t>(first);
  schedule.tiles.resize(place + visits);
  schedule.streams.resize(place + visits);
  StageTimes* tile = schedule.tiles.data() + place;
  double* stream = schedule.streams.data() + place;
  for (const std::uint8_t visit : plan.visits) {
    *tile++ = plan.classes[visit].tile;
    *stream++ = plan.classes[visit].stream;
  }
}

ScheduleInput schedule_of(const CostContext& context, const SharedPlans& plans, double kept_bytes) {
  ScheduleInput schedule;
  schedule.places = buffer_places(context, plans, kept_bytes);
  schedule.cores = context.choice.cores;
  schedule.generates = any_time(plans, Stage::generate);
  schedule.decomposes = any_time(plans, Stage::decompose);
  schedule.post_processes = any_time(plans, Stage::post_process);
  const memory::DramCard& dram = context.input.memory.dram;
  const memory::DramTiming& t = dram.timing;
  // Bus idle between the last write data and the first read data, the longer of the two changes.
  schedule.direction_change_ns =
      (t.cwl + t.wtr_l + dram.organization.span_cycles()) * dram.clock_ns;
  return schedule;
}

/// The latency of the very first access, in front of what the first tile fetches: weights if there
/// are any, else inputs.
TimePiece first_access(const SharedPlans& plans, double wait_ns) {
  const StageTimes& first = plans.front()->visit(0).tile;
  const Stage stage = first[Stage::fetch_weights] > 0 ? Stage::fetch_weights : Stage::fetch_inputs;
  return {0, stage, TimePart::dram_latency, wait_ns};
}

}  // namespace

NetworkPlan plan_network(const CostContext& context, LayerPlans& plans,
                         const Residency& residency) {
  NetworkPlan plan;
  std::vector<LayerSetup> setups;
  for (std::size_t i = 0; i < context.input.layers.size(); ++i) {
    setups.push_back(layer_setup(context, i));
    setups.back().resident = residency.of(i);
    setups.back().on_core = residency.on_cores;
  }
  place_maps(setups);
  plan.here = residency.bytes > 0 ? residency.here : words_here(setups);
  for (std::size_t i = 0; i < setups.size(); ++i) setups[i].here_bits = plan.here.of(i);
  for (std::size_t i = 0; i < setups.size(); ++i) plan.layers.push_back(plans.of(i, setups[i]));
  plan.schedule = schedule_of(context, plan.layers, residency.bytes + plan.here.most_bytes);
  plan.first_access = first_access(plan.layers, first_access_ns(context.input.memory.dram));
  return plan;
}

const ScheduleInput& fill_schedule(NetworkPlan& plan) {
  ScheduleInput& schedule = plan.schedule;
  if (!schedule.tiles.empty()) return schedule;
  std::size_t tiles = 0;
  for (const auto& layer : plan.layers) tiles += layer->visits.size();
  schedule.tiles.reserve(tiles);
  schedule.streams.reserve(tiles);
  schedule.layer_starts.reserve(tiles);
  schedule.input_after.reserve(tiles);
  for (const auto& layer : plan.layers) append(schedule, *layer);
  schedule.tiles.front()[plan.first_access.stage] += plan.first_access.ns;
  return schedule;
}

}  // namespace lightloom::cosim
