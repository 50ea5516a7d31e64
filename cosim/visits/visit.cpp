#include "cosim/visits/visit.hpp"

namespace lightloom::cosim {

namespace {

/// Kernels of all columns wait over rows and blocks, or those of the column in hand over its rows,
/// or none.
bool forms_kernels(const LayerSetup& setup, const TilePlace& tile, bool first_block) {
  if (!setup.kernels_kept) return true;
  if (setup.kernels_fit) return first_block && tile.row == 0;
  return !setup.column_outer || tile.row == 0;
}

}  // namespace

Visit visit_of(const LayerSetup& setup, TilePlace tile, std::int64_t block, int replica) {
  const LayerMapping& m = setup.mapping;
  const std::int64_t number =
      (std::int64_t{tile.group} * m.row_tiles + tile.row) * m.column_tiles + tile.column;
  const TileView view = tile_view(m, number);
  const double used = static_cast<double>(view.rows) * view.columns * view.groups;
  const bool first_block = block == 0;
  return {.tile = tile,
          .view = view,
          .used_share = used / static_cast<double>(m.used_weights),
          .vectors = setup.vectors / (static_cast<double>(setup.blocks) * setup.replicas),
          .replica = replica,
          .first_block = first_block,
          .forms_kernels = forms_kernels(setup, tile, first_block)};
}

double kernel_share(const LayerSetup& setup, const Visit& visit) {
  const LayerMapping& m = setup.mapping;
  return visit.forms_kernels ? 1.0 / (m.column_tiles * m.group_tiles) : 0;
}

}  // namespace lightloom::cosim
