#include "cosim/verify/write_ledger.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "core/error.hpp"
#include "cosim/layers/tile_write.hpp"
#include "cosim/layers/vector_read.hpp"
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

/// Columns of a tile [rows, columns] that hold chosen weights: one vector reads one of them.
std::int64_t columns_of(const photonic::CoreDescription& core, std::span<const std::uint8_t> tile) {
  std::vector<bool> holds(static_cast<std::size_t>(core.columns));
  for (std::size_t i = 0; i < tile.size(); ++i)
    if (tile[i] != 0) holds[i % holds.size()] = true;
  return std::count(holds.begin(), holds.end(), true);
}

/// A write of some devices of a tile.
double pulse_ns(const Writer& writer, std::int64_t devices) {
  const int lanes = writer.programming.lanes;
  const double rounds = lanes > 0 ? std::ceil(static_cast<double>(devices) / lanes) : 1;
  return rounds / writer.programming.rate_GHz + writer.core.cost.settle_ns;
}

}  // namespace

WriteLedger count_writes(const Writer& writer, const nn::NetworkShape& network,
                         const VerifiedWeights& verified, const VerifyCard& card) {
  const photonic::CoreDescription& core = writer.core;
  require(!core.cost.sparse_dac.used(),
          "core.sparse_dac sets the cells of a column from shared levels, and this ledger is of "
          "cells that are written one by one (leave it out)");
  const auto size = static_cast<std::size_t>(core.rows) * static_cast<std::size_t>(core.columns);
  const VectorRead read = vector_read(core);
  WriteLedger ledger;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const LayerMapping mapping = map_layer(network.layers[l], {core.rows, core.columns});
    ledger.devices += mapping.tiles * core.cost.devices;
    const double once = tile_write(core.cost, writer.programming,
                                   {.rows = static_cast<double>(core.rows),
                                    .conversions = static_cast<double>(core.cost.devices)})
                            .sum_ns();
    ledger.time_us += 1e-3 * once * static_cast<double>(mapping.tiles);
    if (l >= verified.chosen.size() || verified.chosen[l].empty()) continue;
    for (std::size_t t = 0; t < static_cast<std::size_t>(mapping.tiles); ++t) {
      const auto tile = std::span(verified.chosen[l]).subspan(t * size, size);
      const std::int64_t weights = std::count(tile.begin(), tile.end(), std::uint8_t{1});
      const std::int64_t devices = devices_of(core, weights);
      if (devices == 0) continue;
      const std::int64_t columns = verifies_tiles(core) ? core.columns : columns_of(core, tile);
      ledger.verified_weights += weights;
      ledger.verified_devices += devices;
      ledger.readings += columns * card.pulses;
      ledger.time_us +=
          1e-3 * card.pulses * (pulse_ns(writer, devices) + static_cast<double>(columns) * read.ns);
    }
  }
  ledger.writes = ledger.devices + ledger.verified_devices * card.pulses;
  ledger.energy_nJ = 1e-3 * (core.cost.write_energy_pJ * static_cast<double>(ledger.writes) +
                             read.pJ * static_cast<double>(ledger.readings));
  return ledger;
}

}  // namespace lightloom::cosim
