#include "cosim/visits/visit_generation.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::cosim {
namespace {

std::int64_t part(std::int64_t whole, double share) {
  return std::llround(static_cast<double>(whole) * share);
}

/// Words of the basis as stored: Bc Bi k^2, or Bc Ci k^2 where the kernels themselves are.
std::int64_t basis_words(const FactorShape& f) {
  return std::int64_t{f.cross} * (f.intra_level ? f.intra : f.in) * f.area;
}

/// Share of the basis that a visit needs: with the kernels of level 1 that it forms, or, where the
/// kernels are stored, those of its columns.
double basis_share(const LayerSetup& setup, const Visit& v) {
  if (!setup.layer.factors || setup.layer.factors->intra_level) return kernel_share(setup, v);
  return 1.0 / (setup.mapping.column_tiles * setup.mapping.group_tiles);
}

GenerationWork generation_work(const LayerSetup& setup, const Visit& v) {
  const CostLayer& layer = setup.layer;
  const double column_share = kernel_share(setup, v);
  GenerationWork work;
  work.operations = {.intra_macs = part(layer.work.intra_macs, column_share),
                     .cross_macs = part(layer.work.cross_macs, v.used_share),
                     .shifts = part(layer.work.shifts, v.used_share),
                     .adds = part(layer.work.adds, v.used_share),
                     .lookups = part(layer.work.lookups, v.used_share),
                     .mac_bits = layer.work.mac_bits,
                     .sum_bits = layer.work.sum_bits};
  work.weights = std::int64_t{v.view.groups} * v.view.rows * v.view.columns;
  if (!layer.factors) return work;
  const FactorShape& f = *layer.factors;
  work.basis_words = part(basis_words(f), basis_share(setup, v));
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
          setup.bits.column_tile * kernel_share(setup, v) +
          setup.bits.layer * basis_share(setup, v)) /
         8;
}

/// Bytes of what goes through the tile buffer, as wide as the generator's ADCs or else as a device
/// setting: kernels of level 1 unless the generator hands them on as light, and regenerated weights
/// unless they drive the core.
struct BufferedBytes {
  double kernels = 0, weights = 0;
};
BufferedBytes buffered_bytes(const LayerSetup& setup, const Visit& v, std::int64_t weights) {
  const std::optional<FactorShape>& factors = setup.layer.factors;
  const double word = setup.word_bytes();
  const bool two_levels = factors && factors->cross_level && factors->intra_level;
  BufferedBytes bytes;
  if (two_levels && setup.kernels_kept)
    bytes.kernels = static_cast<double>(factors->cross) * v.view.columns * word;
  if (!setup.drives_core) bytes.weights = static_cast<double>(weights) * word;
  return bytes;
}

void keep_in_tile_buffer(const LayerSetup& setup, const Visit& v, const BufferedBytes& bytes,
                         VisitGeneration& generation) {
  const memory::BufferCard& buffer = setup.input().memory.tile_buffer;
  const memory::BufferFigures& figures = setup.context.tile_buffer;
  // Light that sets the core does not overlap with the computation.
  const Stage stage = setup.drives_core ? Stage::program : Stage::generate;
  generation.cost.time.take(
      stage, {TimePart::generator, generation.generator.time_ns},
      {TimePart::tile_buffer, (bytes.weights + bytes.kernels) / setup.context.tile_GBps});
  generation.cost.energy.spend(
      Component::tile_buffer,
      (v.forms_kernels ? memory::write_energy_pJ(buffer, figures, bytes.kernels) : 0) +
          memory::read_energy_pJ(buffer, figures, bytes.kernels) +
          memory::write_energy_pJ(buffer, figures, bytes.weights) +
          memory::read_energy_pJ(buffer, figures, bytes.weights));
  generation.tile_bytes = bytes.weights;
  generation.kernel_bytes = bytes.kernels;
}

/// The generator's own settings, worked out by the digital unit, which has those of the core to do
/// as well: one stage for both.
VisitCost set_generator(const LayerSetup& setup, double operations) {
  VisitCost cost;
  if (operations <= 0) return cost;
  const DigitalUnitCard& unit = setup.input().digital;
  cost.time.take(Stage::decompose, {TimePart::settings, operations / unit.operations_per_ns});
  cost.energy.spend(Component::decomposition, operations, unit.operation_pJ);
  return cost;
}

}  // namespace

VisitGeneration generate(const LayerSetup& setup, const Visit& v) {
  const GenerationWork work = generation_work(setup, v);
  const GenerationCost cost = setup.context.generation(work);
  VisitGeneration generation{.generator = cost,
                             .macs = work.operations.intra_macs + work.operations.cross_macs};
  EnergyTerms& energy = generation.cost.energy;
  energy.spend(Component::weight_buffer,
               memory::read_energy_pJ(setup.input().memory.weight_buffer,
                                      setup.context.weight_buffer, coefficient_bytes(setup, v)));
  energy.spend(Component::generator, cost.arithmetic_pJ);
  energy.spend(Component::generator_converters, cost.conversion_pJ);
  energy.spend(Component::generator_laser, cost.laser_pJ);
  keep_in_tile_buffer(setup, v, buffered_bytes(setup, v, work.weights), generation);
  generation.settings = set_generator(setup, cost.setting_operations);
  return generation;
}

double tile_buffer_bytes(const LayerSetup& setup, const Visit& v) {
  const BufferedBytes bytes =
      buffered_bytes(setup, v, std::int64_t{v.view.groups} * v.view.rows * v.view.columns);
  return bytes.weights + bytes.kernels;
}

VisitCost keep_light_on(const LayerSetup& setup, const Visit& v, const GenerationCost& generator) {
  VisitCost cost;
  if (!setup.drives_core || !(generator.time_ns > 0)) return cost;
  const double rate_GHz = setup.core().symbol_rate_GHz;
  const double compute_ns =
      (rate_GHz > 0 ? v.vectors * static_cast<double>(setup.symbols()) / rate_GHz : 0) +
      v.vectors * setup.core().product_ns;
  cost.energy.spend(Component::generator_laser, generator.laser_pJ / generator.time_ns, compute_ns);
  return cost;
}

VisitCost compute_settings(const LayerSetup& setup) {
  VisitCost cost;
  const double operations = setup.core().decompose_operations;
  if (operations <= 0) return cost;
  const DigitalUnitCard& unit = setup.input().digital;
  cost.time.take(Stage::decompose, {TimePart::settings, operations / unit.operations_per_ns});
  cost.energy.spend(Component::decomposition, operations, unit.operation_pJ);
  return cost;
}

}  // namespace lightloom::cosim
