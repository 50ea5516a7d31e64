#include "cosim/layers/visit_traffic.hpp"

#include <algorithm>

namespace lightloom::cosim {
namespace {

/// Stored bytes that this visit is the first to need, or needs again because no buffer kept them.
double weight_bytes(const LayerSetup& setup, const Visit& v) {
  if (setup.resident || (!v.first_block && setup.layer_fits)) return 0;
  if (setup.stored_as_settings) return setup.setting_bytes();
  const LayerMapping& m = setup.mapping;
  const bool first_column = v.tile.column == 0;
  double bits = setup.bits.tile * v.used_share;
  if (v.tile.group == 0 && v.tile.row == 0 && first_column) bits += setup.bits.layer;
  const bool first_row = v.first_block && v.tile.row == 0;
  if (first_row || (v.forms_kernels && setup.weights_refetched))
    bits += setup.bits.column_tile / (m.column_tiles * m.group_tiles);
  if (first_column || setup.weights_refetched)
    bits += setup.bits.row_tile / (m.row_tiles * m.group_tiles);
  return bits / 8;
}

/// The part of the input map that the visit is first to need.
double input_share(const LayerSetup& setup, const Visit& v) {
  const LayerMapping& m = setup.mapping;
  const bool again = setup.input_bytes > input_map_bytes(setup.input(), setup.layer.shape);
  const double columns = static_cast<double>(m.column_tiles) * m.group_tiles;
  return again ? 1.0 / static_cast<double>(m.tiles) : (v.tile.row == 0 ? 1 / columns : 0);
}

double output_share(const LayerSetup& setup, const Visit& v) {
  const LayerMapping& m = setup.mapping;
  const double rows = static_cast<double>(m.row_tiles) * m.group_tiles;
  return v.tile.column + 1 == m.column_tiles ? 1 / rows : 0;
}

}  // namespace

LayerMeters::LayerMeters(const LayerSetup& setup)
    : weights(setup.input().memory.dram, setup.stored_bytes(),
              setup.input().schedule.bandwidth_scale),
      inputs(setup.input().memory.dram, input_map_bytes(setup.input(), setup.layer.shape),
             setup.input().schedule.bandwidth_scale),
      outputs(setup.input().memory.dram, output_map_bytes(setup.input(), setup.layer.shape),
              setup.input().schedule.bandwidth_scale) {}

VisitTraffic move_data(const LayerSetup& setup, const Visit& v, LayerMeters& meters) {
  const CostContext& context = setup.context;
  const double bytes = v.replica == 0 ? weight_bytes(setup, v) : 0;
  const double block_share = 1.0 / (static_cast<double>(setup.blocks) * setup.replicas);
  const VisitBursts before{meters.weights.bursts(), meters.inputs.bursts(),
                           meters.outputs.bursts()};
  VisitTraffic traffic{.weight_bytes = bytes};
  TimeTerms& time = traffic.cost.time;
  time.take(Stage::fetch_weights, {TimePart::dram, meters.weights.take_ns(bytes)},
            {TimePart::weight_buffer, bytes / context.weight_GBps});
  time.take(Stage::fetch_inputs,
            {TimePart::dram,
             meters.inputs.take_ns(setup.input_bytes * input_share(setup, v) * block_share)});
  time.take(Stage::write_back,
            {TimePart::dram,
             meters.outputs.take_ns(setup.output_bytes * output_share(setup, v) * block_share)});
  traffic.bursts = {meters.weights.bursts() - before.weights,
                    meters.inputs.bursts() - before.inputs,
                    meters.outputs.bursts() - before.outputs};
  traffic.cost.energy.spend(
      Component::weight_buffer,
      memory::write_energy_pJ(setup.input().memory.weight_buffer, context.weight_buffer, bytes));
  return traffic;
}

VisitCost read_stored_tile(const LayerSetup& setup, const Visit& v) {
  VisitCost cost;
  if (setup.regenerate || v.replica > 0) return cost;
  const double used =
      setup.stored_as_settings ? setup.setting_bytes() : setup.bits.tile * v.used_share / 8;
  cost.energy.spend(Component::weight_buffer,
                    memory::read_energy_pJ(setup.input().memory.weight_buffer,
                                           setup.context.weight_buffer, used));
  return cost;
}

}  // namespace lightloom::cosim
