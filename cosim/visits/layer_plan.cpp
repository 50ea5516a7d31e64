#include "cosim/visits/layer_plan.hpp"

#include <algorithm>
#include <array>

#include "cosim/visits/visit_class.hpp"

namespace lightloom::cosim {
namespace {

/// Calls `use(tile, block, replica)` for every visit of a layer's tiles in order of execution.
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
            use(TilePlace{group, columns_first ? b : a, columns_first ? a : b}, block, replica);
}

/// Kernels that wait in the tile buffer: those of all columns beside each other where they fit,
/// else those of the column in hand.
void count_kernels(LayerPlan& plan, const LayerSetup& setup, const VisitClass& visit) {
  if (!visit.forms_kernels) return;
  if (setup.kernels_fit) {
    plan.kernel_bytes += visit.kernel_bytes;
    plan.kernels_formed = 1;
  } else {
    plan.kernel_bytes = std::max(plan.kernel_bytes, visit.kernel_bytes);
    ++plan.kernels_formed;
  }
}

/// What the visits of a class need at most, and the time they take at least: once for all of them.
void note_extremes(LayerPlan& plan, const VisitClass& visit) {
  StageTimes times = visit.tile;
  times[Stage::compute] = std::max(times[Stage::compute], visit.stream);
  if (plan.classes.size() == 1) plan.least_ns = times;
  for (const Stage stage : all_of_enum<Stage>())
    plan.least_ns[stage] = std::min(plan.least_ns[stage], times[stage]);
  const auto note = [](double& most, double bytes) { most = std::max(most, bytes); };
  note(plan.needs.weight_buffer, visit.needs.weight_buffer);
  note(plan.needs.tile_buffer, visit.needs.tile_buffer);
  note(plan.needs.activation_buffer, visit.needs.activation_buffer);
  note(plan.largest_weight_tile_bytes, visit.moved.weights);
  note(plan.regenerated_tile_bytes, visit.regenerated_tile_bytes);
}

/// Adds a visit of a class.
void add(LayerPlan& plan, const VisitClass& visit) {
  for (const TimeTerms::Term& term : visit.times)
    plan.needs_ns[term.stage][term.need.part] += term.need.ns;
  for (const EnergyTerms::Term& term : visit.energies)
    plan.energy_pJ[term.component] += term.amount * term.each_pJ;
  plan.settings.conversions += visit.settings.conversions;
  plan.settings.switchings += visit.settings.switchings;
  plan.generation_macs += visit.generation_macs;
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

}  // namespace

LayerPlan plan_layer(const LayerSetup& setup) {
  LayerPlan plan{.mapping = setup.mapping,
                 .meters = LayerMeters(setup),
                 .stored_bytes = setup.stored_bytes(),
                 .kept_bytes = setup.kept_bytes(),
                 .replicas = setup.replicas,
                 .spills_output = setup.spills_output,
                 .weights_refetched = setup.weights_refetched,
                 .settings_per_weight = !setup.regenerate && setup.core().decompose_operations > 0
                                            ? settings_per_weight(setup)
                                            : 0};
  plan.visits.reserve(
      static_cast<std::size_t>(setup.mapping.tiles * setup.blocks * setup.replicas));
  LayerMeters meters = plan.meters;
  constexpr int unknown = -1;
  std::array<int, visit_classes> numbers;  // among the classes that there are
  numbers.fill(unknown);
  for_each_visit(setup, [&](const TilePlace& tile, std::int64_t block, int replica) {
    int& number = numbers[class_of(setup, tile, block, replica)];
    if (number == unknown) {
      number = static_cast<int>(plan.classes.size());
      plan.classes.push_back(visit_class(setup, visit_of(setup, tile, block, replica), meters));
      note_extremes(plan, plan.classes.back());
    }
    const VisitClass& alike = plan.classes[static_cast<std::size_t>(number)];
    plan.visits.push_back(static_cast<std::uint8_t>(number));
    add(plan, alike);
    count_kernels(plan, setup, alike);
    meters.take(alike.moved);
  });
  add_dram_totals(plan, meters, setup.context.dram);
  return plan;
}

std::vector<VisitBursts> bursts_by_visit(const LayerPlan& plan) {
  std::vector<VisitBursts> bursts;
  LayerMeters meters = plan.meters;
  VisitBursts before;
  for (const std::uint8_t visit : plan.visits) {
    meters.take(plan.classes[visit].moved);
    const VisitBursts after = meters.bursts();
    bursts.push_back({after.weights - before.weights, after.inputs - before.inputs,
                      after.outputs - before.outputs});
    before = after;
  }
  return bursts;
}

}  // namespace lightloom::cosim
