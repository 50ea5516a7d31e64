#include "cosim/layers/visit_generation.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::cosim {
namespace {

std::int64_t part(std::int64_t whole, double share) {
  return std::llround(static_cast<double>(whole) * share);
}

GenerationWork generation_work(const LayerSetup& setup, const Visit& v) {
  const CostLayer& layer = setup.layer;
  const double column_share = kernel_share(setup, v);
  GenerationWork work;
  work.operations = {.intra_macs = part(layer.work.intra_macs, column_share),
                     .cross_macs = part(layer.work.cross_macs, v.used_share),
                     .shifts = part(layer.work.shifts, v.used_share),
                     .adds = part(layer.work.adds, v.used_share),
                     .lookups = part(layer.work.lookups, v.used_share)};
  work.weights = std::int64_t{v.view.groups} * v.view.rows * v.view.columns;
  if (!layer.factors) return work;
  const FactorShape& f = *layer.factors;
  work.basis_words = part(std::int64_t{f.cross} * std::max(f.intra, 1) * f.area, column_share);
  work.intra_words = f.intra_level ? part(std::int64_t{f.cross} * f.in * f.intra, column_share) : 0;
  work.cross_words = f.cross_level ? std::int64_t{v.view.rows} * f.cross : 0;
  for (const nn::StoredStream& stream : layer.streams)
    if (stream.in_ratio) work.word_bits = std::max(work.word_bits, stream.bits);
  work.factors = f;
  work.kernel_share = column_share;
  work.rows = v.view.rows;
  work.columns = v.view.columns;
  return work;
}

/// What is read of the stored streams to rebuild the tile.
double coefficient_bytes(const LayerSetup& setup, const Visit& v) {
  const LayerMapping& m = setup.mapping;
  return (setup.bits.tile * v.used_share + setup.bits.row_tile / m.row_tiles / m.group_tiles +
          setup.bits.column_tile * kernel_share(setup, v)) /
         8;
}

/// Kernels of level 1 and regenerated weights go through the tile buffer at the width of a device
/// setting.
void keep_in_tile_buffer(const LayerSetup& setup, const Visit& v, std::int64_t weights,
                         VisitGeneration& generation) {
  const memory::BufferCard& buffer = setup.input().memory.tile_buffer;
  const memory::BufferFigures& figures = setup.context.tile_buffer;
  const std::optional<FactorShape>& factors = setup.layer.factors;
  const double word = setup.input().programming.setting_bits / 8.0,
               tile_bytes = static_cast<double>(weights) * word;
  const bool two_levels = factors && factors->cross_level && factors->intra_level;
  const double kernel_bytes =
      two_levels ? static_cast<double>(factors->cross) * v.view.columns * word : 0;
  generation.cost.time_ns[Stage::generate] =
      std::max(generation.generator.time_ns, (tile_bytes + kernel_bytes) / setup.context.tile_GBps);
  generation.cost.energy.spend(
      Component::tile_buffer,
      (v.forms_kernels ? memory::write_energy_pJ(buffer, figures, kernel_bytes) : 0) +
          memory::read_energy_pJ(buffer, figures, kernel_bytes) +
          memory::write_energy_pJ(buffer, figures, tile_bytes) +
          memory::read_energy_pJ(buffer, figures, tile_bytes));
  generation.tile_bytes = tile_bytes;
}

}  // namespace

VisitGeneration generate(const LayerSetup& setup, const Visit& v) {
  const GenerationWork work = generation_work(setup, v);
  const GenerationCost cost = generation_cost(*setup.generator, setup.input().generator, work);
  VisitGeneration generation{.generator = cost,
                             .macs = work.operations.intra_macs + work.operations.cross_macs};
  EnergyTerms& energy = generation.cost.energy;
  energy.spend(Component::weight_buffer,
               memory::read_energy_pJ(setup.input().memory.weight_buffer,
                                      setup.context.weight_buffer, coefficient_bytes(setup, v)));
  energy.spend(Component::generator, cost.arithmetic_pJ);
  energy.spend(Component::generator_converters, cost.conversion_pJ);
  energy.spend(Component::generator_laser, cost.laser_pJ);
  if (setup.drives_core)
    generation.cost.time_ns[Stage::program] = cost.time_ns;  // no overlap with the computation
  else
    keep_in_tile_buffer(setup, v, work.weights, generation);
  return generation;
}

VisitCost keep_light_on(const LayerSetup& setup, const Visit& v, const GenerationCost& generator) {
  VisitCost cost;
  if (!setup.drives_core || !(generator.time_ns > 0)) return cost;
  const double rate_GHz = setup.core().symbol_rate_GHz;
  const double compute_ns = rate_GHz > 0 ? v.vectors / rate_GHz : 0;
  cost.energy.spend(Component::generator_laser, generator.laser_pJ / generator.time_ns, compute_ns);
  return cost;
}

VisitCost compute_settings(const LayerSetup& setup) {
  VisitCost cost;
  const double operations = setup.core().decompose_operations;
  if (operations <= 0) return cost;
  const DigitalUnitCard& unit = setup.input().digital;
  cost.time_ns[Stage::decompose] = operations / unit.operations_per_ns;
  cost.energy.spend(Component::decomposition, operations, unit.operation_pJ);
  return cost;
}

}  // namespace lightloom::cosim
