#include "cosim/layers/tile_write.hpp"

#include <algorithm>
#include <cmath>

#include "core/statistics.hpp"

namespace lightloom::cosim {

TileSettings tile_settings(const photonic::CoreCost& core, std::span<const double> value_shares,
                           const TileView& tile) {
  const auto devices = static_cast<double>(core.devices);
  if (!core.sparse_dac.used()) return {.conversions = devices};
  const double possible = static_cast<double>(value_shares.size()), zeros = tile.groups > 1 ? 1 : 0,
               values = std::min(possible, distinct_values(value_shares, tile.rows) + zeros);
  return {.conversions = values * tile.columns * tile.groups, .switchings = devices};
}

TileWrite tile_write(const photonic::CoreCost& core, const ProgrammingCard& card,
                     const WrittenTile& tile) {
  const double words = tile.conversions;
  double rounds = card.lanes > 0 ? std::ceil(words / card.lanes) : (words > 0 ? 1 : 0);
  if (core.sparse_dac.used())
    rounds = std::max(rounds, std::ceil(tile.rows / core.sparse_dac.select_rows));
  if (!core.weight_path.used() || (tile.regenerated && !core.weight_path.behind_generator))
    return {.path_ns = 0, .programming_ns = rounds / card.rate_GHz + core.settle_ns};
  const double transfers = core.weight_path.by_row ? tile.rows : 1.0;
  return {.path_ns = transfers * 1e3 / core.weight_path.rate_MHz, .programming_ns = core.settle_ns};
}

}  // namespace lightloom::cosim
