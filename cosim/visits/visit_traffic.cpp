#include "cosim/visits/visit_traffic.hpp"

#include <algorithm>

namespace lightloom::cosim {
namespace {

/// Stored bytes that this visit is the first to need, or needs again because no buffer kept them.
double weight_bytes(const LayerSetup& setup, const Visit& v) {
  if (setup.resident || setup.on_core || (!v.first_block && setup.layer_fits)) return 0;
  if (setup.stored_as_settings) return setup.setting_bytes();
  const LayerMapping& m = setup.mapping;
  const bool first_column = v.tile.column == 0;
  double bits = (setup.bits.tile - setup.here_bits) * v.used_share;
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
  const bool again = setup.input_bytes > input_map_bytes(setup.input(), setup.layer);
  const double columns = static_cast<double>(m.column_tiles) * m.group_tiles;
  return again ? 1.0 / static_cast<double>(m.tiles) : (v.tile.row == 0 ? 1 / columns : 0);
}

double output_share(const LayerSetup& setup, const Visit& v) {
  const LayerMapping& m = setup.mapping;
  const double rows = static_cast<double>(m.row_tiles) * m.group_tiles;
  return v.tile.column + 1 == m.column_tiles ? 1 / rows : 0;
}

/// Of the partial sums of a visit, what passes the DRAM.
double spilled_sum_bytes(const LayerSetup& setup, const Visit& v) {
  const double rows = static_cast<double>(v.view.rows) * v.view.groups;
  return v.vectors * rows * setup.input().schedule.accumulator_bits / 8 * setup.spilled_sums;
}

BurstMeter meter(const LayerSetup& setup, double run_bytes) {
  return {setup.context.dram_runs, run_bytes, setup.input().schedule.bandwidth_scale};
}

double all_spilled_sum_bytes(const LayerSetup& setup) {
  return setup.vectors * setup.mapped_outputs() * setup.input().schedule.accumulator_bits / 8 *
         setup.spilled_sums;
}

}  // namespace

LayerMeters::LayerMeters(const LayerSetup& setup)
    : weights(meter(setup, setup.stored_bytes())),
      inputs(meter(setup, input_map_bytes(setup.input(), setup.layer))),
      outputs(meter(setup, output_map_bytes(setup.input(), setup.layer))),
      sums_read(meter(setup, all_spilled_sum_bytes(setup))),
      sums_written(sums_read) {}

void LayerMeters::take(const MovedBytes& bytes) {
  weights.take(bytes.weights);
  inputs.take(bytes.inputs);
  sums_read.take(bytes.sums_read);
  outputs.take(bytes.outputs);
  sums_written.take(bytes.sums_written);
}

VisitBursts LayerMeters::bursts() const {
  return {weights.bursts(), inputs.bursts() + sums_read.bursts(),
          outputs.bursts() + sums_written.bursts()};
}

VisitTraffic move_data(const LayerSetup& setup, const Visit& v, const LayerMeters& meters) {
  const CostContext& context = setup.context;
  const double block_share = 1.0 / (static_cast<double>(setup.blocks) * setup.replicas);
  const double sums = spilled_sum_bytes(setup, v);
  const bool first = v.tile.column == 0, last = v.tile.column + 1 == setup.mapping.column_tiles;
  VisitTraffic traffic{
      .bytes = {.weights = v.replica == 0 ? weight_bytes(setup, v) : 0,
                .inputs = setup.input_bytes * input_share(setup, v) * block_share,
                .outputs = setup.output_bytes * output_share(setup, v) * block_share,
                .sums_read = first ? 0 : sums,
                .sums_written = last ? 0 : sums},
      .cost = {}};
  const MovedBytes& bytes = traffic.bytes;
  TimeTerms& time = traffic.cost.time;
  time.take(Stage::fetch_weights, {TimePart::dram, meters.weights.ns_of(bytes.weights)},
            {TimePart::weight_buffer, bytes.weights / context.weight_GBps});
  time.take(Stage::fetch_inputs, {TimePart::dram, meters.inputs.ns_of(bytes.inputs) +
                                                      meters.sums_read.ns_of(bytes.sums_read)});
  time.take(Stage::write_back, {TimePart::dram, meters.outputs.ns_of(bytes.outputs) +
                                                    meters.sums_written.ns_of(bytes.sums_written)});
  traffic.cost.energy.spend(Component::weight_buffer,
                            memory::write_energy_pJ(setup.input().memory.weight_buffer,
                                                    context.weight_buffer, bytes.weights));
  return traffic;
}

double tile_weight_bytes(const LayerSetup& setup, const Visit& v) {
  if (setup.stored_as_settings) return setup.setting_bytes();
  double bits = setup.bits.tile * v.used_share;
  if (setup.regenerate) {
    const LayerMapping& m = setup.mapping;
    const double columns = static_cast<double>(m.column_tiles) * m.group_tiles;
    const bool kernels_stored = setup.layer.factors && !setup.layer.factors->intra_level;
    bits += setup.bits.layer / (kernels_stored ? columns : 1) + setup.bits.column_tile / columns +
            setup.bits.row_tile / (m.row_tiles * m.group_tiles);
  }
  return bits / 8;
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
