#include "cosim/cost/network_report.hpp"

#include <algorithm>

#include "cosim/network/buffer_refresh.hpp"
#include "cosim/network/standing_cost.hpp"

namespace lightloom::cosim {
namespace {

/// What each part would need for a layer with nothing else in its way. A part that serves two
/// stages serves both at once; what is the cores' own is there as often as there are cores.
PartTimes least_times(const CostInput& input, const LayerPlan& plan) {
  PartTimes least;
  for (const Stage stage : all_of_enum<Stage>())
    for (const TimePart part : all_of_enum<TimePart>()) {
      const bool each_core =
          part == TimePart::core || part == TimePart::programming || part == TimePart::weight_path;
      const double units = each_core ? input.schedule.cores : 1;
      least[part] = std::max(least[part], plan.needs_ns[stage][part] / units);
    }
  return least;
}

/// Adds what a planned (part of a) layer costs to its entry.
void add_plan(LayerCost& cost, const CostInput& input, const ExpandedLayer& part,
              const LayerPlan& plan) {
  const CostLayer& layer = part.layer;
  if (plan.mapping.tiles >= cost.mapping.tiles) {
    cost.mapping = plan.mapping;
    cost.value_shares = layer.value_shares;
  }
  add(cost.energy_pJ, plan.energy_pJ);
  cost.traffic.weight_bytes += plan.traffic.weight_bytes;
  cost.traffic.input_bytes += plan.traffic.input_bytes;
  cost.traffic.output_bytes += plan.traffic.output_bytes;
  cost.traffic.sum_bytes += plan.traffic.sum_bytes;
  cost.input_bytes = std::max(cost.input_bytes, input_map_bytes(input, layer));
  cost.macs += layer.shape.macs() * input.batch;
  cost.weight_conversions += plan.settings.conversions;
  cost.weight_switchings += plan.settings.switchings;
  cost.generation_macs += plan.generation_macs;
  cost.digital_operations += layer.digital.operations() * input.batch;
  cost.activation_macs += layer.digital.activation_macs * input.batch;
  if (layer.product) cost.product_macs += layer.shape.macs() * input.batch;
  cost.replicas = std::max(cost.replicas, plan.replicas);
  cost.regenerated_tile_bytes = std::max(cost.regenerated_tile_bytes, plan.regenerated_tile_bytes);
  cost.kernel_bytes = std::max(cost.kernel_bytes, plan.kernel_bytes);
  cost.kernels_formed = std::max(cost.kernels_formed, plan.kernels_formed);
  add(cost.least_ns, least_times(input, plan));
  cost.visits += static_cast<std::int64_t>(plan.visits.size());
  cost.spills_output = cost.spills_output || plan.spills_output;
  cost.weights_refetched = cost.weights_refetched || plan.weights_refetched;
}

void add(StageTimes& sum, const StageTimes& times) {
  for (const Stage stage : all_of_enum<Stage>()) sum[stage] += times[stage];
}

/// When the last of a layer's tiles [first, end) has left the core and the digital unit.
double finished(const ScheduleResult& run, std::size_t first, std::size_t end) {
  double latest = 0;
  for (std::size_t tile = first; tile < end; ++tile)
    for (const Stage stage : {Stage::compute, Stage::post_process})
      latest = std::max(latest, run.ends[tile][stage]);
  return latest;
}

/// Cuts the timeline at the ends of the layers and shares out what runs all the time.
void share_time(CostReport& report, const ScheduleResult& run, const Energies& power) {
  std::size_t tile = 0;
  double start = 0;
  for (LayerCost& layer : report.layers) {
    const bool last = &layer == &report.layers.back();
    const std::size_t first = tile;
    for (const std::size_t end = tile + static_cast<std::size_t>(layer.visits); tile < end; ++tile)
      add(layer.critical_ns, run.critical[tile]);
    layer.start_ns = start;
    layer.end_ns = start = last ? run.total : finished(run, first, tile);
    for (const Component c : all_of_enum<Component>())
      layer.energy_pJ[c] += power[c] * layer.time_ns();  // mW ns = pJ
  }
}

/// Names the parts that the critical path is made of, and those that keep each stage busy.
void name_parts(CostReport& report, const std::vector<ExpandedLayer>& expanded,
                const NetworkPlan& plan, const ScheduleResult& run) {
  EnumArray<Stage, PartTimes> busy;
  std::size_t first = 0;
  auto turn = run.turns.rbegin();  // in order of time, so in that of layers
  for (std::size_t i = 0; i < expanded.size(); ++i) {
    LayerCost& layer = report.layers[expanded[i].origin];
    const auto name = [&](const TimePiece& piece) {
      const std::size_t tile = first + piece.tile;
      const bool stream = is_stream(piece.stage, piece.part),
                 computes = piece.stage == Stage::compute;
      if (!computes || stream == run.streamed[tile]) busy[piece.stage][piece.part] += piece.ns;
      if (run.critical[tile][piece.stage] > 0 &&
          (!computes || stream == run.critical_streams[tile]))
        layer.critical_parts_ns[piece.part] += piece.ns;
    };
    const LayerPlan& planned = *plan.layers[i];
    for (std::size_t k = 0; k < planned.visits.size(); ++k)
      for (const auto& [stage, need, binds] : planned.visit(k).times)
        if (binds) name({k, stage, need.part, need.ns});
    if (i == 0) name(plan.first_access);
    first += planned.visits.size();
    for (; turn != run.turns.rend() && turn->tile < static_cast<std::int64_t>(first); ++turn)
      layer.critical_parts_ns[TimePart::dram_turnaround] += turn->ns;
  }
  for (LayerCost& layer : report.layers) {
    layer.bound_by = largest(layer.critical_parts_ns);
    add(report.critical_parts_ns, layer.critical_parts_ns);
  }
  report.bound_by = largest(report.critical_parts_ns);
  for (StageCost& stage : report.stages) {
    const double all = total(busy[stage.stage]);  // of all cores
    for (const TimePart part : all_of_enum<TimePart>())
      stage.busy_parts_ns[part] = all > 0 ? busy[stage.stage][part] / all * stage.busy_ns : 0;
  }
}

void place_on_roofline(LayerCost& layer, const CostContext& context) {
  const CostInput& input = context.input;
  const double bytes = layer.traffic.sum(), macs = static_cast<double>(layer.macs);
  const double stream_GBps = context.dram_GBps * input.schedule.bandwidth_scale;
  const double peak = photonic::peak_macs_per_ns(input.core) * input.schedule.cores;
  layer.attained_macs_per_ns = layer.time_ns() > 0 ? macs / layer.time_ns() : 0;
  layer.intensity_macs_per_byte = bytes > 0 ? macs / bytes : 0;
  layer.roof_macs_per_ns = peak;
  const auto lower = [&](TimePart part, double roof) {
    if (roof >= layer.roof_macs_per_ns) return;
    layer.roof_macs_per_ns = roof;
    layer.roof = part;
  };
  if (bytes > 0) lower(TimePart::dram, layer.intensity_macs_per_byte * stream_GBps);
  for (const TimePart part :
       {TimePart::activation_buffer, TimePart::weight_buffer, TimePart::tile_buffer})
    if (layer.least_ns[part] > 0) lower(part, macs / layer.least_ns[part]);
}

void add_up(CostReport& report, const ScheduleResult& run, const ScheduleInput& schedule) {
  StageTimes critical;
  for (const LayerCost& layer : report.layers) {
    add(report.energy_pJ, layer.energy_pJ);
    add(critical, layer.critical_ns);
    report.traffic.weight_bytes += layer.traffic.weight_bytes;
    report.traffic.input_bytes += layer.traffic.input_bytes;
    report.traffic.output_bytes += layer.traffic.output_bytes;
    report.traffic.sum_bytes += layer.traffic.sum_bytes;
    report.resident_bytes += layer.resident_bytes;
    report.tiles += layer.mapping.tiles;
  }
  for (const Stage stage : all_of_enum<Stage>()) {
    if (stage == Stage::generate && !schedule.generates) continue;
    if (stage == Stage::decompose && !schedule.decomposes) continue;
    if (stage == Stage::post_process && !schedule.post_processes) continue;
    const StageUse& use = run.stages[stage];
    report.stages.push_back({.stage = stage,
                             .busy_ns = use.busy,
                             .wait_data_ns = use.wait_data,
                             .wait_slot_ns = use.wait_slot,
                             .wait_dependency_ns = use.wait_dependency,
                             .wait_shared_ns = use.wait_shared,
                             .wait_turn_ns = use.wait_turn,
                             .fill_ns = use.before_first,
                             .drain_ns = use.after_last,
                             .critical_ns = critical[stage]});
  }
}

/// Whether a layer's shared words wait for it since an earlier layer, and not from the batch
/// before.
bool waits_between_layers(const PlannedNetwork& planned, std::size_t layer) {
  const HereWords& here = planned.plan.here;
  if (here.of(layer) <= 0) return false;
  while (here.of(layer) > 0) layer = here.since[layer];
  return !planned.residency.of(layer);
}

}  // namespace

CostReport report_on(const ReadyLayers& ready, const PlannedNetwork& planned,
                     const ScheduleResult& run) {
  const CostInput& input = ready.input;
  const NetworkPlan& plan = planned.plan;
  const std::vector<ExpandedLayer>& expanded = ready.expanded;
  CostReport report{.layers = ready.entries, .cores_used = planned.context.choice.cores};
  for (std::size_t i = 0; i < expanded.size(); ++i) {
    LayerCost& entry = report.layers[expanded[i].origin];
    add_plan(entry, input, expanded[i], *plan.layers[i]);
    if (planned.residency.of(i)) entry.resident_bytes += plan.layers[i]->stored_bytes;
    if (!waits_between_layers(planned, i)) continue;
    entry.here_bytes += plan.here.of(i) / 8;
    entry.here_since = static_cast<int>(expanded[plan.here.since[i]].origin);
  }
  report.time_ns = run.total;
  share_time(report, run, static_power_mW(planned.context));
  add_refresh(report, input);
  for (LayerCost& layer : report.layers) place_on_roofline(layer, planned.context);
  add_up(report, run, plan.schedule);
  name_parts(report, expanded, plan, run);
  report.areas = areas_of(planned.context);
  report.weights_on_cores = planned.residency.on_cores;
  return report;
}

}  // namespace lightloom::cosim
