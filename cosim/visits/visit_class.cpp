#include "cosim/visits/visit_class.hpp"

#include <algorithm>

#include "cosim/visits/visit_compute.hpp"
#include "cosim/visits/visit_generation.hpp"

namespace lightloom::cosim {
namespace {

/// Adds a part of the visit.
void add(VisitClass& visit, const VisitCost& part) {
  for (const TimeTerms::Term& term : part.time.terms()) {
    if (term.need.ns <= 0) continue;
    visit.times.push_back(term);
    if (!term.binds) continue;
    (is_stream(term.stage, term.need.part) ? visit.stream : visit.tile[term.stage]) += term.need.ns;
  }
  for (const EnergyTerms::Term& term : part.energy.terms())
    if (term.amount != 0 && term.each_pJ != 0) visit.energies.push_back(term);
}

/// Weights of the tile that are not there yet: rebuilt, or turned into settings.
void make_weights(VisitClass& made, const LayerSetup& setup, const Visit& visit) {
  if (setup.regenerate) {
    const VisitGeneration generation = generate(setup, visit);
    add(made, generation.cost);
    add(made, generation.settings);
    add(made, keep_light_on(setup, visit, generation.generator));
    made.generation_macs = generation.macs;
    made.regenerated_tile_bytes = generation.tile_bytes;
    made.kernel_bytes = generation.kernel_bytes;
    made.forms_kernels = visit.forms_kernels;
  }
  const bool as_digits = setup.regenerate ? !setup.drives_core : !setup.stored_as_settings;
  if (as_digits) add(made, compute_settings(setup));
}

/// Weights that are converted with every symbol.
double modulated_weights(const EnergyTerms& energy) {
  double sum = 0;
  for (const EnergyTerms::Term& term : energy.terms())
    if (term.component == Component::weight_converters) sum += term.amount;
  return sum;
}

RoomNeeds room_needs(const LayerSetup& setup, const Visit& v) {
  const CostInput& input = setup.input();
  const bool sums =
      setup.mapping.column_tiles > 1 && input.schedule.dataflow != Dataflow::output_stationary;
  const double columns = static_cast<double>(v.view.columns) * v.view.groups,
               operand = setup.layer.product ? columns * v.view.rows : 0,  // of the tile
      in = (columns + operand) * input.activation_bits,
               out = static_cast<double>(v.view.rows) * v.view.groups *
                     (sums ? input.schedule.accumulator_bits
                           : setup.layer.repeats() * input.activation_bits);
  return {.weight_buffer = tile_weight_bytes(setup, v),
          .tile_buffer = setup.regenerate ? tile_buffer_bytes(setup, v) : 0,
          .activation_buffer = (in + out) / 8};
}

}  // namespace

std::size_t class_of(const LayerSetup& setup, const TilePlace& tile, std::int64_t block,
                     int replica) {
  const LayerMapping& m = setup.mapping;
  std::size_t number = 0;
  for (const bool mark : {tile.group == 0, tile.group + 1 == m.group_tiles, tile.row == 0,
                          tile.row + 1 == m.row_tiles, tile.column == 0,
                          tile.column + 1 == m.column_tiles, block == 0, replica == 0})
    number = 2 * number + (mark ? 1 : 0);
  return number;
}

VisitClass visit_class(const LayerSetup& setup, const Visit& visit, const LayerMeters& meters) {
  const VisitTraffic traffic = move_data(setup, visit, meters);
  VisitClass all{.moved = traffic.bytes, .needs = room_needs(setup, visit)};
  all.times.reserve(32);  // about as many as there are
  all.energies.reserve(32);
  add(all, traffic.cost);
  if (!setup.on_core) {
    add(all, read_stored_tile(setup, visit));
    if (visit.replica == 0) make_weights(all, setup, visit);
    add(all, program(setup, visit));
    all.settings = tile_settings(setup.core(), setup.layer.value_shares, visit.view);
  }
  const VisitCost computed = compute(setup, visit);
  all.settings.conversions += modulated_weights(computed.energy);
  add(all, computed);
  add(all, post_process(setup, visit));
  return all;
}

}  // namespace lightloom::cosim
