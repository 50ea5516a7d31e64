#include "cosim/visits/layer_plan.hpp"

#include <algorithm>

#include "cosim/visits/visit.hpp"
#include "cosim/visits/visit_compute.hpp"
#include "cosim/visits/visit_generation.hpp"

namespace lightloom::cosim {
namespace {

/// Calls `use(visit)` for every visit of a layer's tiles in order of execution.
template <class Use>
void for_each_visit(const LayerSetup& setup, const Use& use) {
  const LayerMapping& m = setup.mapping;
  const bool columns_first = setup.column_outer;
  const int outer = columns_first ? m.column_tiles : m.row_tiles,
            inner = columns_first ? m.row_tiles : m.column_tiles;
  for (std::int64_t block = 0; block < setup.blocks; ++block)
    for (int group = 0; group < m.group_tiles; ++group)
      for (int a = 0; a < outer; ++a)
        for (int b = 0; b < inner; ++b)
          for (int replica = 0; replica < setup.replicas; ++replica)
            use(visit_of(setup, {group, columns_first ? b : a, columns_first ? a : b}, block,
                         replica));
}

/// Adds a part of the visit in hand.
void add(LayerPlan& plan, const VisitCost& part) {
  for (const auto& [stage, need, binds] : part.time.terms()) {
    if (need.ns <= 0) continue;
    plan.needs_ns[stage][need.part] += need.ns;
    if (!binds) continue;
    (is_stream(stage, need.part) ? plan.streams.back() : plan.tiles.back()[stage]) += need.ns;
    plan.pieces.push_back({plan.tiles.size() - 1, stage, need.part, need.ns});
  }
  for (const EnergyTerms::Term& term : part.energy.terms())
    plan.energy_pJ[term.component] += term.amount * term.each_pJ;
}

/// Kernels that wait in the tile buffer: those of all columns beside each other where they fit,
/// else those of the column in hand.
void count_kernels(LayerPlan& plan, const LayerSetup& setup, const Visit& visit,
                   const VisitGeneration& generation) {
  if (!visit.forms_kernels) return;
  if (setup.kernels_fit) {
    plan.kernel_bytes += generation.kernel_bytes;
    plan.kernels_formed = 1;
  } else {
    plan.kernel_bytes = std::max(plan.kernel_bytes, generation.kernel_bytes);
    ++plan.kernels_formed;
  }
}

/// Weights of the tile that are not there yet: rebuilt, or turned into settings.
void make_weights(LayerPlan& plan, const LayerSetup& setup, const Visit& visit) {
  if (setup.regenerate) {
    const VisitGeneration generation = generate(setup, visit);
    add(plan, generation.cost);
    add(plan, generation.settings);
    add(plan, keep_light_on(setup, visit, generation.generator));
    plan.generation_macs += generation.macs;
    plan.regenerated_tile_bytes = std::max(plan.regenerated_tile_bytes, generation.tile_bytes);
    count_kernels(plan, setup, visit, generation);
  }
  const bool as_digits = setup.regenerate ? !setup.drives_core : !setup.stored_as_settings;
  if (as_digits) add(plan, compute_settings(setup));
}

void add_dram_totals(LayerPlan& plan, const LayerMeters& meters, const memory::DramEnergy& dram) {
  const BurstMeter &weights = meters.weights, &inputs = meters.inputs, &outputs = meters.outputs;
  const BurstMeter &sums_in = meters.sums_read, &sums_out = meters.sums_written;
  plan.traffic = {weights.moved_bytes(), inputs.moved_bytes(), outputs.moved_bytes(),
                  sums_in.moved_bytes() + sums_out.moved_bytes()};
  plan.energy_pJ[Component::dram_transfer] =
      (weights.bursts() + inputs.bursts() + sums_in.bursts()) * (dram.read_pJ + dram.io_pJ) +
      (outputs.bursts() + sums_out.bursts()) * (dram.write_pJ + dram.io_pJ);
  plan.energy_pJ[Component::dram_activate] =
      (weights.activates() + inputs.activates() + outputs.activates() + sums_in.activates() +
       sums_out.activates()) *
      dram.activate_pJ;
}

void note_needs(RoomNeeds& needs, const LayerSetup& setup, const Visit& v) {
  const CostInput& input = setup.input();
  const bool sums =
      setup.mapping.column_tiles > 1 && input.schedule.dataflow != Dataflow::output_stationary;
  const double columns = static_cast<double>(v.view.columns) * v.view.groups,
               operand = setup.layer.product ? columns * v.view.rows : 0,  // of the tile
      in = (columns + operand) * input.activation_bits,
               out = static_cast<double>(v.view.rows) * v.view.groups *
                     (sums ? input.schedule.accumulator_bits
                           : setup.layer.repeats() * input.activation_bits);
  needs.weight_buffer = std::max(needs.weight_buffer, tile_weight_bytes(setup, v));
  needs.activation_buffer = std::max(needs.activation_buffer, (in + out) / 8);
  if (setup.regenerate)
    needs.tile_buffer = std::max(needs.tile_buffer, tile_buffer_bytes(setup, v));
}

/// Of what is stored, the part that later visits rely on finding in the weight buffer.
double kept_bytes(const LayerSetup& setup) {
  if (setup.blocks > 1 && setup.layer_fits) return setup.stored_bytes();
  return setup.regenerate && !setup.weights_refetched ? setup.bits.shared() / 8 : 0;
}

}  // namespace

LayerPlan plan_layer(const LayerSetup& setup) {
  LayerPlan plan{.mapping = setup.mapping,
                 .stored_bytes = setup.stored_bytes(),
                 .kept_bytes = kept_bytes(setup),
                 .replicas = setup.replicas,
                 .spills_output = setup.spills_output,
                 .weights_refetched = setup.weights_refetched,
                 .settings_per_weight = !setup.regenerate && setup.core().decompose_operations > 0
                                            ? settings_per_weight(setup)
                                            : 0};
  const auto visits = static_cast<std::size_t>(setup.mapping.tiles * setup.blocks * setup.replicas);
  plan.tiles.reserve(visits);
  plan.streams.reserve(visits);
  plan.bursts.reserve(visits);
  plan.pieces.reserve(4 * visits);
  LayerMeters meters(setup);
  for_each_visit(setup, [&](const Visit& visit) {
    plan.tiles.emplace_back();
    plan.streams.push_back(0);
    const VisitTraffic traffic = move_data(setup, visit, meters);
    plan.bursts.push_back(traffic.bursts);
    note_needs(plan.needs, setup, visit);
    plan.largest_weight_tile_bytes = std::max(plan.largest_weight_tile_bytes, traffic.weight_bytes);
    add(plan, traffic.cost);
    if (!setup.on_core) {
      add(plan, read_stored_tile(setup, visit));
      if (visit.replica == 0) make_weights(plan, setup, visit);
      add(plan, program(setup, visit));
    }
    add(plan, compute(setup, visit));
    add(plan, post_process(setup, visit));
  });
  add_dram_totals(plan, meters, setup.context.dram);
  return plan;
}

}  // namespace lightloom::cosim
