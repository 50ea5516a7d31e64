#pragma once

#include <cstdint>
#include <vector>

#include "cosim/layers/tile_write.hpp"
#include "cosim/visits/visit.hpp"
#include "cosim/visits/visit_traffic.hpp"

namespace lightloom::cosim {

/// Bytes that a buffer has to hold for one tile to run at all.
struct RoomNeeds {
  double weight_buffer = 0;      // stored words of the tile
  double tile_buffer = 0;        // the regenerated tile, and the kernels it is made of
  double activation_buffer = 0;  // one input vector, and the partial sums or results it gives
};

/// What every visit of a class costs, worked out once. Visits are alike where their tiles are in
/// the first, the last or another place along each axis, both in the first block of vectors or
/// neither, and both copies or neither.
struct VisitClass {
  MovedBytes moved;
  StageTimes tile;                     // service times
  double stream = 0;                   // of the activation buffer while the core computes
  std::vector<TimeTerms::Term> times;  // that are not zero, in the order in which they are added
  std::vector<EnergyTerms::Term> energies;
  RoomNeeds needs;
  TileSettings settings;  // weights set by DACs, those of symbols included where they are modulated
  std::int64_t generation_macs = 0;
  double regenerated_tile_bytes = 0, kernel_bytes = 0;  // in the tile buffer
  bool forms_kernels = false;
};

/// Number of the class of a visit, below `visit_classes`.
inline constexpr std::size_t visit_classes = 256;
std::size_t class_of(const LayerSetup& setup, const TilePlace& tile, std::int64_t block,
                     int replica);

VisitClass visit_class(const LayerSetup& setup, const Visit& visit, const LayerMeters& meters);

}  // namespace lightloom::cosim
