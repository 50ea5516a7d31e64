#include "cosim/visits/visit_compute.hpp"

#include <algorithm>
#include <cmath>

#include "cosim/layers/tile_write.hpp"

namespace lightloom::cosim {
namespace {

/// Elements of the input map that a visit reads from the activation buffer.
double read_elements(const LayerSetup& setup, const Visit& v, double im2col) {
  const CostInput& input = setup.input();
  if (input.schedule.dataflow == Dataflow::input_stationary && v.tile.row > 0)
    return 0;  // held in registers
  if (!input.memory.line_buffer) return im2col;
  const nn::LayerShape& shape = setup.layer.shape;
  const double channels = std::min(v.view.columns, shape.in_channels / shape.groups) *
                          static_cast<double>(v.view.groups);
  const double share = v.vectors / setup.vectors;  // of the map that this block covers
  const int images = setup.layer.product ? 1 : input.batch;
  const double unique =
      static_cast<double>(shape.in_height) * shape.in_width * channels * images * share;
  return std::min(im2col, unique);
}

/// Energies that the core's card gives for whole products, where it does.
void spend_tabled(const LayerSetup& setup, const Visit& v, double used_weights,
                  EnergyTerms& energy) {
  const photonic::CoreCost& core = setup.core();
  const double each_pJ = setup.passes() * core.phase_energy_pJ + core.product_energy_pJ;
  if (!(each_pJ > 0)) return;
  const double whole = static_cast<double>(setup.input().core.rows) * setup.input().core.columns;
  const double share = core.utilisation == photonic::Utilisation::used ? used_weights / whole : 1;
  energy.spend(Component::output_converters, v.vectors * share, each_pJ);
}

/// Symbols of a visit: groups of vectors that come at once, and how often each comes.
struct Symbols {
  double groups = 0;  // each ends in a conversion of every output
  double each = 1;
  [[nodiscard]] double all() const { return groups * each; }
};

Symbols symbols_of(const LayerSetup& setup, const Visit& v) {
  const photonic::DynamicOperands& operands = setup.input().core.operands;
  if (!operands.present()) return {.groups = v.vectors * static_cast<double>(setup.symbols())};
  return {.groups = std::ceil(v.vectors / operands.vectors) * setup.passes(),
          .each = 1.0 * operands.symbols(v.view.columns * v.view.groups)};
}

void spend_light(const LayerSetup& setup, double symbols, EnergyTerms& energy) {
  const photonic::CoreDescription& core = setup.input().core;
  energy.spend(Component::input_converters, symbols * core.columns, core.cost.input_energy_pJ);
  energy.spend(Component::output_converters, symbols * core.rows, core.cost.output_energy_pJ);
}

/// Both operands are modulated in every symbol, by all of the core's modulators; the weights of a
/// tile wait in registers at theirs. Outputs are converted when the symbols of the tile are over.
void spend_dynamic_light(const LayerSetup& setup, const Symbols& symbols, EnergyTerms& energy) {
  const photonic::CoreDescription& core = setup.input().core;
  const photonic::DynamicOperands& operands = core.operands;
  const double weights = symbols.all() * operands.weight_elements(core.rows),
               outputs = 1.0 * core.rows * operands.vectors;
  const int bits = operands.weight_dac.bits > 0 ? operands.weight_dac.bits
                                                : setup.input().programming.setting_bits;
  energy.spend(Component::input_converters, symbols.all() * operands.input_elements(),
               core.cost.input_energy_pJ);
  energy.spend(Component::weight_converters, weights,
               operands.weight_energy_pJ + bits * setup.input().memory.register_pJ_per_bit);
  energy.spend(Component::output_converters,
               outputs * (symbols.all() * operands.receiver_energy_pJ +
                          symbols.groups * core.cost.output_energy_pJ));
}

}  // namespace

VisitCost program(const LayerSetup& setup, const Visit& v) {
  const photonic::CoreCost& core = setup.core();
  const TileSettings settings = tile_settings(core, setup.layer.value_shares, v.view);
  const TileWrite write = tile_write(core, setup.input().programming,
                                     {.rows = static_cast<double>(v.view.rows) * v.view.groups,
                                      .regenerated = setup.regenerate,
                                      .conversions = settings.conversions});
  VisitCost cost;
  if (write.path_ns > 0) cost.time.take(Stage::program, {TimePart::weight_path, write.path_ns});
  cost.time.take(Stage::program, {TimePart::programming, write.programming_ns});
  cost.energy.spend(Component::programming, settings.conversions, core.write_energy_pJ);
  cost.energy.spend(Component::weight_switching, settings.switchings,
                    core.sparse_dac.switch_energy_pJ);
  return cost;
}

VisitCost compute(const LayerSetup& setup, const Visit& v) {
  const CostInput& input = setup.input();
  const photonic::CoreCost& core = setup.core();
  const double used_rows = static_cast<double>(v.view.rows) * v.view.groups;
  const double used_columns = static_cast<double>(v.view.columns) * v.view.groups;
  const Symbols symbols = symbols_of(setup, v);
  const double im2col = v.vectors * used_columns;
  const double outputs = v.vectors * used_rows;
  const bool first = v.tile.column == 0, last = v.tile.column + 1 == setup.mapping.column_tiles;
  const bool sums_travel = input.schedule.dataflow != Dataflow::output_stationary;
  const double sum_bytes = sums_travel ? outputs * input.schedule.accumulator_bits / 8 : 0;
  const double elements =
      read_elements(setup, v, im2col) + (setup.layer.product ? used_rows * v.view.columns : 0);
  const double read_bytes = elements * input.activation_bits / 8 + (first ? 0 : sum_bytes);
  const double results = outputs * setup.layer.repeats();
  const double written = last ? results * input.activation_bits / 8 : sum_bytes;

  const memory::BufferCard& buffer = input.memory.activation_buffer;
  const memory::BufferFigures& figures = setup.context.activation_buffer;
  const double core_ns = (core.symbol_rate_GHz > 0 ? symbols.all() / core.symbol_rate_GHz : 0) +
                         v.vectors * core.product_ns;
  VisitCost cost;
  cost.time.take_both(
      {TimePart::core, core_ns},
      {TimePart::activation_buffer, (read_bytes + written) / setup.context.activation_GBps});
  EnergyTerms& energy = cost.energy;
  energy.spend(Component::activation_buffer,
               memory::read_energy_pJ(buffer, figures, read_bytes) +
                   memory::write_energy_pJ(buffer, figures, written) +
                   (input.memory.line_buffer
                        ? im2col * input.activation_bits * input.memory.register_pJ_per_bit
                        : 0));
  if (input.core.operands.present())
    spend_dynamic_light(setup, symbols, energy);
  else
    spend_light(setup, symbols.all(), energy);
  energy.spend(Component::laser, core_ns, core.laser_power_mW);
  const int conversions =
      setup.passes() * core.conversions * input.core.slices * input.core.readings;
  // What the halves of offset inputs add is taken off every tile's result.
  const int halves = input.core.coding == photonic::InputCoding::offset ? 1 : 0;
  energy.spend(Component::accumulation, outputs * ((first ? 0 : 1) + (conversions - 1) + halves),
               input.digital.add_pJ);
  spend_tabled(setup, v, used_rows * used_columns, energy);
  return cost;
}

VisitCost post_process(const LayerSetup& setup, const Visit& v) {
  const CostInput& input = setup.input();
  const DigitalWork& work = setup.layer.digital;
  VisitCost cost;
  if (v.tile.column + 1 < setup.mapping.column_tiles) return cost;
  const double rows = static_cast<double>(v.view.rows) * v.view.groups;
  const double share = input.batch * v.vectors / setup.vectors * rows / setup.mapped_outputs();
  const DigitalUnitCard& card = input.digital;
  const double element = input.activation_bits / 8.0;
  const double read = static_cast<double>(work.reads) * element * share,
               written = static_cast<double>(work.writes) * element * share;
  cost.time.take(Stage::post_process,
                 {TimePart::post_processing,
                  static_cast<double>(work.operations()) * share / card.vector_operations_per_ns},
                 {TimePart::activation_buffer, (read + written) / setup.context.activation_GBps});
  cost.energy.spend(Component::post_processing, share,
                    static_cast<double>(work.adds) * card.add_pJ +
                        static_cast<double>(work.multiplies) * card.multiply_pJ +
                        static_cast<double>(work.lookups) * card.lookup_pJ);
  const memory::BufferCard& buffer = input.memory.activation_buffer;
  const memory::BufferFigures& figures = setup.context.activation_buffer;
  cost.energy.spend(Component::activation_buffer,
                    memory::read_energy_pJ(buffer, figures, read) +
                        memory::write_energy_pJ(buffer, figures, written));
  return cost;
}

}  // namespace lightloom::cosim
