#include "cosim/verify/write_ledger.hpp"

#include <algorithm>
#include <cmath>

#include "cosim/layers/tile_write.hpp"
#include "cosim/mapping.hpp"

namespace lightloom::cosim {
namespace {

/// Devices of a tile that hold so many of its weights; all of them in a mesh.
std::int64_t devices_of(const photonic::CoreDescription& core, std::int64_t weights) {
  if (verifies_tiles(core)) return weights > 0 ? core.cost.devices : 0;
  const double each = static_cast<double>(core.cost.devices) /
                      (static_cast<double>(core.rows) * static_cast<double>(core.columns));
  return std::llround(each * static_cast<double>(weights));
}

/// A write and a reading of some devices of a tile.
double pulse_ns(const Writer& writer, std::int64_t devices) {
  const int lanes = writer.programming.lanes;
  const double rounds = lanes > 0 ? std::ceil(static_cast<double>(devices) / lanes) : 1;
  return rounds / writer.programming.rate_GHz + writer.core.cost.settle_ns +
         photonic::product_time_ns(writer.core.cost, 1);
}

}  // namespace

WriteLedger count_writes(const Writer& writer, const nn::NetworkShape& network,
                         const VerifiedWeights& verified, const VerifyCard& card) {
  const photonic::CoreDescription& core = writer.core;
  const auto size = static_cast<std::ptrdiff_t>(core.rows) * core.columns;
  WriteLedger ledger;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const LayerMapping mapping = map_layer(network.layers[l], {core.rows, core.columns});
    ledger.devices += mapping.tiles * core.cost.devices;
    const double once =
        tile_write(core.cost, writer.programming, {static_cast<double>(core.rows), false}).sum_ns();
    ledger.time_us += 1e-3 * once * static_cast<double>(mapping.tiles);
    if (l >= verified.chosen.size() || verified.chosen[l].empty()) continue;
    for (std::ptrdiff_t t = 0; t < mapping.tiles; ++t) {
      const auto first = verified.chosen[l].begin() + t * size;
      const std::int64_t weights = std::count(first, first + size, std::uint8_t{1});
      const std::int64_t devices = devices_of(core, weights);
      if (devices == 0) continue;
      ledger.verified_weights += weights;
      ledger.verified_devices += devices;
      ledger.time_us += 1e-3 * card.pulses * pulse_ns(writer, devices);
    }
  }
  ledger.writes = ledger.devices + ledger.verified_devices * card.pulses;
  ledger.energy_nJ = 1e-3 * core.cost.write_energy_pJ * static_cast<double>(ledger.writes);
  return ledger;
}

}  // namespace lightloom::cosim
