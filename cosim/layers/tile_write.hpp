#pragma once

#include <span>

#include "cosim/layers/cost_cards.hpp"
#include "cosim/mapping.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// What setting a tile once takes: levels that DACs convert, and cells that turn to one of them.
struct TileSettings {
  double conversions = 0;
  double switchings = 0;  // of cores with a sparse DAC
};

/// A conversion for every device of the tile. With a sparse DAC (photonic/readout/sparse_dac.hpp):
/// for each of the tile's columns those of the different values that are to be expected among the
/// rows it feeds (`value_shares`, see nn::StoredWeight), one more where groups share the tile, for
/// the zeros between them, and every device turns its switch.
TileSettings tile_settings(const photonic::CoreCost& core, std::span<const double> value_shares,
                           const TileView& tile);

/// What is written: rows of the tile that are used, whether its weights come from a generator, and
/// the conversions that its settings take.
struct WrittenTile {
  double rows = 0;
  bool regenerated = false;
  double conversions = 0;
};

/// Time of writing a tile, in ns: the transfers of the core's path for weights, where it has one
/// and these weights take it, then writing (by lanes, if they came by no path) and settling. With a
/// sparse DAC the selections come beside the levels, `select_rows` rows of cells at a time: the
/// slower of the two counts.
struct TileWrite {
  double path_ns = 0, programming_ns = 0;
  [[nodiscard]] double sum_ns() const { return path_ns + programming_ns; }
};
TileWrite tile_write(const photonic::CoreCost& core, const ProgrammingCard& card,
                     const WrittenTile& tile);

}  // namespace lightloom::cosim
