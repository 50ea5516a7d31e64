#include "photonic/cores/tensor_core.hpp"

#include <algorithm>
#include <cassert>

#include "core/error.hpp"
#include "photonic/cores/tiles.hpp"

namespace lightloom::photonic {

int magnitude_bits(InputCoding coding, int bits) {
  return coding == InputCoding::intensity ? bits : std::max(1, bits - 1);
}

int input_phases(const CoreDescription& core, InputSigns signs) {
  switch (core.reads.phases) {
    case ReadPhases::automatic:
      return core.coding == InputCoding::intensity && signs == InputSigns::both ? 2 : 1;
    case ReadPhases::one:
      return 1;
    case ReadPhases::two:
    case ReadPhases::four:
      return 2;
  }
  return 1;
}

int weight_phases(const CoreDescription& core) {
  return core.reads.phases == ReadPhases::four ? 2 : 1;
}

int read_phases(const CoreDescription& core, InputSigns signs) {
  return input_phases(core, signs) * weight_phases(core);
}

void require_readable(const CoreDescription& core, InputSigns signs, const std::string& layer) {
  if (signs == InputSigns::positive) return;
  const int phases = input_phases(core, signs);
  require(core.coding != InputCoding::intensity || phases == 2,
          "layer '{}' has negative inputs, which intensities cannot be in one read (the core has "
          "read_phases: 1; give 2, 4 or auto)",
          layer);
  require(!core.reads.in_bits() || core.coding == InputCoding::intensity || core.input_dac.bits > 1,
          "layer '{}' has negative inputs, and a single bit that is sent has no room for a sign "
          "(give input_dac.bits of 2 or more, which count the sign)",
          layer);
}

double product_time_ns(const CoreCost& cost, int phases) {
  const double symbols = static_cast<double>(phases) * cost.symbols;
  return (cost.symbol_rate_GHz > 0 ? symbols / cost.symbol_rate_GHz : 0) + cost.product_ns;
}

double peak_macs_per_ns(const CoreDescription& core) {
  const int phases = read_phases(core, InputSigns::positive);
  const double weights = core.products_per_symbol();
  if (core.cost.product_ns > 0) return weights / product_time_ns(core.cost, phases);
  return weights * core.cost.symbol_rate_GHz / (static_cast<double>(phases) * core.cost.symbols);
}

void RealisationReport::add(const RealisationReport& other) {
  tiles += other.tiles;
  weights += other.weights;
  clipped_weights += other.clipped_weights;
  devices += other.devices;
  unreachable_devices += other.unreachable_devices;
  squared_error += other.squared_error;
  squared_target += other.squared_target;
  squared_miss += other.squared_miss;
}

RealisationReport TensorCore::realise_used(const TileBatch& batch) const {
  RealisationReport report = realise(batch.targets, batch.address, batch.realised, batch.scales);
  if (!batch.used.empty()) leave_out_unused(description(), batch, report);
  return report;
}

void TensorCore::cell_noise(std::span<const float>, TileAddress, CellNoise noise) const {
  std::fill(noise.variance.begin(), noise.variance.end(), 0.0F);
  std::fill(noise.light.begin(), noise.light.end(), 1.0F);
}

RealisationReport TensorCore::realise_slices(const TileBatch& batch, CellNoise noise) const {
  assert(description().slices == 1);
  if (!noise.variance.empty() || !noise.light.empty())
    cell_noise(batch.targets, batch.address, noise);
  return realise_used(batch);
}

OutputErrors TensorCore::output_errors(std::uint64_t, std::uint32_t) const { return {}; }

}  // namespace lightloom::photonic
