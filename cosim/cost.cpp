#include "cosim/cost.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "cosim/cost_plan.hpp"
#include "cosim/pipeline.hpp"
#include "memory/dram_energy.hpp"

namespace lightloom::cosim {
namespace {

void check(const CostInput& input) {
  require(!input.layers.empty(), "cost simulation has no layers");
  require(input.batch > 0, "batch is {} (must be at least 1)", input.batch);
  require(input.activation_bits > 0 && input.activation_bits <= 32,
          "activation_bits is {} (must lie between 1 and 32)", input.activation_bits);
  for (const CostLayer& layer : input.layers) {
    if (layer.way != Way::regenerate) continue;
    require(input.generator.kind != GeneratorKind::none,
            "layer '{}' regenerates its weights but the generator is none (choose electronic or "
            "photonic)",
            layer.shape.name);
    require(input.generator.kind != GeneratorKind::photonic ||
                input.generator.handover == Handover::digital ||
                input.core.cost.decompose_operations == 0,
            "generator hands over analog weights but the core '{}' needs settings computed from "
            "them (use digital)",
            input.core.kind);
  }
}

/// Stages that this simulation has, in order.
std::vector<Stage> present_stages(const std::vector<LayerPlan>& plans) {
  std::array<bool, stage_count> used{};
  used[static_cast<std::size_t>(Stage::memory)] = true;
  used[static_cast<std::size_t>(Stage::program)] = true;
  used[static_cast<std::size_t>(Stage::compute)] = true;
  for (const LayerPlan& plan : plans)
    for (const auto& tile : plan.tiles)
      for (std::size_t s = 0; s < stage_count; ++s) used[s] = used[s] || tile[s] > 0;
  std::vector<Stage> stages;
  for (std::size_t s = 0; s < stage_count; ++s)
    if (used[s]) stages.push_back(static_cast<Stage>(s));
  return stages;
}

/// Places behind a stage: what the card asks for, as far as the buffer holds the largest tile.
int slots_behind(const CostInput& input, Stage stage, const std::vector<LayerPlan>& plans) {
  if (stage == Stage::program) return input.programming.shadow_settings ? 2 : 1;
  const bool weights = stage == Stage::memory;
  double tile_bytes = 0;
  for (const LayerPlan& plan : plans)
    tile_bytes = std::max(tile_bytes,
                          weights ? plan.largest_weight_tile_bytes : plan.regenerated_tile_bytes);
  const double capacity =
      weights ? input.memory.weight_buffer.bytes() : input.memory.tile_buffer.bytes();
  const int wanted = weights ? input.schedule.weight_slots : input.schedule.tile_slots;
  const double fit = tile_bytes > 0 ? std::floor(capacity / tile_bytes) : wanted;
  return std::max(1, static_cast<int>(std::min<double>(wanted, fit)));
}

PipelineInput pipeline_of(const CostInput& input, const std::vector<LayerPlan>& plans,
                          const std::vector<Stage>& stages) {
  PipelineInput pipeline{.stages = static_cast<int>(stages.size())};
  for (std::size_t s = 0; s + 1 < stages.size(); ++s)
    pipeline.slots.push_back(slots_behind(input, stages[s], plans));
  for (const LayerPlan& plan : plans)
    for (const auto& tile : plan.tiles)
      for (const Stage stage : stages)
        pipeline.times.push_back(tile[static_cast<std::size_t>(stage)]);
  const memory::DramCard& dram = input.memory.dram;  // the very first access finds its bank closed
  pipeline.times[0] +=
      (dram.timing.rcd_read + dram.timing.cl + dram.controller.pipeline_cycles) * dram.clock_ns;
  return pipeline;
}

/// Power that flows as long as the system is on, by component.
Energies static_power_mW(const CostContext& context) {
  const CostInput& input = context.input;
  const memory::DramOrganization& dram = input.memory.dram.organization;
  Energies power{};
  const auto set = [&](Component component, double value) {
    power[static_cast<std::size_t>(component)] = value;
  };
  set(Component::dram_background, context.dram.background_open_mW * dram.ranks * dram.units() +
                                      memory::refresh_power_mW(input.memory.dram));
  double leakage = 0;
  for (const memory::BufferFigures* f :
       {&context.weight_buffer, &context.tile_buffer, &context.activation_buffer})
    leakage += f->leakage_mW + f->refresh_mW;
  set(Component::buffer_leakage, leakage);
  const bool electronic = input.generator.kind != GeneratorKind::none;
  const bool photonic = input.generator.kind == GeneratorKind::photonic;
  set(Component::generator_static, (electronic ? input.generator.electronic.static_power_mW : 0) +
                                       (photonic ? input.generator.photonic.static_power_mW : 0));
  set(Component::hold,
      static_cast<double>(input.core.cost.devices) * input.core.cost.hold_power_mW);
  set(Component::core_static, input.core.cost.static_power_mW);
  return power;
}

std::vector<AreaPart> areas_of(const CostContext& context) {
  const CostInput& input = context.input;
  std::vector<AreaPart> areas{{"weight buffer", context.weight_buffer.area_mm2},
                              {"tile buffer", context.tile_buffer.area_mm2},
                              {"activation buffer", context.activation_buffer.area_mm2}};
  double parts = 0;
  for (const auto& part : input.core.cost.parts) {
    areas.push_back({"core " + part.component, part.area_mm2});
    parts += part.area_mm2;
  }
  areas.push_back({"core", std::max(0.0, input.core.cost.area_mm2 - parts)});
  if (input.generator.kind != GeneratorKind::none)
    areas.push_back({"electronic generator", input.generator.electronic.area_mm2});
  if (input.generator.kind == GeneratorKind::photonic)
    areas.push_back({"photonic generator", input.generator.photonic.area_mm2});
  areas.push_back({"digital unit", input.digital.area_mm2});
  return areas;
}

LayerCost layer_cost(const CostInput& input, const CostLayer& layer, LayerPlan& plan) {
  return {.name = layer.shape.name,
          .way = layer.way,
          .mapping = plan.mapping,
          .energy_pJ = plan.energy_pJ,
          .traffic = plan.traffic,
          .macs = layer.shape.macs() * input.batch,
          .generation_macs = plan.generation_macs,
          .spills_output = plan.spills_output,
          .weights_refetched = plan.weights_refetched};
}

Stage largest(const std::array<double, stage_count>& times) {
  return static_cast<Stage>(std::max_element(times.begin(), times.end()) - times.begin());
}

/// Cuts the timeline at the ends of the layers and shares out what runs all the time.
void share_time(CostReport& report, const PipelineResult& run, const std::vector<Stage>& stages,
                const Energies& power) {
  const std::size_t width = stages.size();
  std::size_t tile = 0;
  double start = 0;
  for (LayerCost& layer : report.layers) {
    for (const std::size_t end = tile + layer.mapping.tiles; tile < end; ++tile)
      for (std::size_t s = 0; s < width; ++s)
        layer.critical_ns[static_cast<std::size_t>(stages[s])] += run.critical[tile * width + s];
    layer.start_ns = start;
    layer.end_ns = start = run.ends[tile * width - 1];
    layer.bound_by = largest(layer.critical_ns);
    for (std::size_t c = 0; c < component_count; ++c)
      layer.energy_pJ[c] += power[c] * layer.time_ns();  // mW ns = pJ
  }
}

void add_up(CostReport& report, const PipelineResult& run, const std::vector<Stage>& stages) {
  std::array<double, stage_count> critical{};
  for (const LayerCost& layer : report.layers) {
    for (std::size_t c = 0; c < component_count; ++c) report.energy_pJ[c] += layer.energy_pJ[c];
    for (std::size_t s = 0; s < stage_count; ++s) critical[s] += layer.critical_ns[s];
    report.traffic.weight_bytes += layer.traffic.weight_bytes;
    report.traffic.input_bytes += layer.traffic.input_bytes;
    report.traffic.output_bytes += layer.traffic.output_bytes;
    report.tiles += layer.mapping.tiles;
  }
  report.bound_by = largest(critical);
  for (std::size_t s = 0; s < stages.size(); ++s) {
    const StageUse& use = run.stages[s];
    report.stages.push_back({.stage = stages[s],
                             .busy_ns = use.busy,
                             .wait_data_ns = use.wait_data,
                             .wait_slot_ns = use.wait_slot,
                             .wait_dependency_ns = use.wait_dependency,
                             .fill_ns = use.before_first,
                             .drain_ns = use.after_last,
                             .critical_ns = critical[static_cast<std::size_t>(stages[s])]});
  }
}

}  // namespace

CostReport simulate_cost(const CostInput& input) {
  check(input);
  const CostContext context(input);
  std::vector<LayerPlan> plans;
  bool input_in_dram = true;  // the network's input
  for (std::size_t i = 0; i < input.layers.size(); ++i) {
    plans.push_back(plan_layer(context, i, input_in_dram));
    input_in_dram = plans.back().spills_output;
  }
  const std::vector<Stage> stages = present_stages(plans);
  const PipelineResult run = run_pipeline(pipeline_of(input, plans, stages));
  CostReport report;
  report.time_ns = run.total;
  for (std::size_t i = 0; i < plans.size(); ++i)
    report.layers.push_back(layer_cost(input, input.layers[i], plans[i]));
  share_time(report, run, stages, static_power_mW(context));
  add_up(report, run, stages);
  report.areas = areas_of(context);
  return report;
}

}  // namespace lightloom::cosim
