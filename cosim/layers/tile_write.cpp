#include "cosim/layers/tile_write.hpp"

#include <cmath>

namespace lightloom::cosim {

TileWrite tile_write(const photonic::CoreCost& core, const ProgrammingCard& card,
                     const WrittenTile& tile) {
  const auto devices = static_cast<double>(core.devices);
  const double rounds = card.lanes > 0 ? std::ceil(devices / card.lanes) : (devices > 0 ? 1 : 0);
  if (!core.weight_path.used() || (tile.regenerated && !core.weight_path.behind_generator))
    return {.path_ns = 0, .programming_ns = rounds / card.rate_GHz + core.settle_ns};
  const double transfers = core.weight_path.by_row ? tile.rows : 1.0;
  return {.path_ns = transfers * 1e3 / core.weight_path.rate_MHz, .programming_ns = core.settle_ns};
}

}  // namespace lightloom::cosim
