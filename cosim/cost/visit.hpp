#pragma once

#include <cstdint>

#include "cosim/cost/cost_report.hpp"
#include "cosim/cost/layer_setup.hpp"
#include "cosim/mapping.hpp"
#include "cosim/schedule/tile_schedule.hpp"

namespace lightloom::cosim {

/// Which tile, in tiles along each axis of the mapping.
struct TilePlace {
  int group = 0, row = 0, column = 0;
};

/// One visit of a tile: the tile is programmed and sees `vectors` input vectors.
struct Visit {
  TilePlace tile;
  TileView view;
  double used_share = 0;  // of the layer's weights that lie in the tile
  double vectors = 0;
  int replica = 0;  // above 0: a copy, whose weights the first one brought
  bool first_block = true, last_block = true;
  bool forms_kernels = false;  // the kernels of level 1 have to be formed for this visit (else they
                               // wait in the tile buffer)
};

/// What (a part of) a visit costs: time on the units, and energy. A part touches a component once,
/// so that sums of energies run over the parts of all visits in order.
struct VisitCost {
  StageTimes time_ns;
  Energies energy_pJ;
};

Visit visit_of(const LayerSetup& setup, TilePlace tile, std::int64_t block, int replica);

/// The share of the layer's level-1 kernels that the visit forms.
double kernel_share(const LayerSetup& setup, const Visit& visit);

}  // namespace lightloom::cosim
