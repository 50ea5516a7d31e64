#pragma once

#include "cosim/layers/cost_cards.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// What is written: rows of the tile that are used, and whether its weights come from a generator.
struct WrittenTile {
  double rows = 0;
  bool regenerated = false;
};

/// Time of writing a tile, in ns: the transfers of the core's path for weights, where it has one
/// and these weights take it, then writing (by lanes, if they came by no path) and settling.
struct TileWrite {
  double path_ns = 0, programming_ns = 0;
  [[nodiscard]] double sum_ns() const { return path_ns + programming_ns; }
};
TileWrite tile_write(const photonic::CoreCost& core, const ProgrammingCard& card,
                     const WrittenTile& tile);

}  // namespace lightloom::cosim
