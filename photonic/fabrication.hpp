#pragma once

#include <cstdint>

#include "core/card.hpp"
#include "photonic/mesh.hpp"

namespace lightloom::photonic {

/// Static errors of the devices of a mesh, drawn once per chip.
struct FabricationCard {
  double splitter_sigma_rad = 0;  // of alpha and beta (and epsilon), independent
  double splitter_mean_rad =
      0;  // common to all splitters of a chip design: wavelength or thickness offset
  double arm_loss_sigma_db = 0;  // spread of the loss of each heated arm
};
void describe(Section& section, FabricationCard& card);

/// Errors of every cell of mesh number `mesh` (0, 1, ... on one chip). Pure function of (seed,
/// chip, mesh, cell).
Fabrication draw_fabrication(const FabricationCard& card, const Topology& topology,
                             std::uint64_t seed, std::uint32_t chip, std::uint32_t mesh);

/// Adds the same loss to both arms of every cell.
void add_device_loss(double loss_db, Fabrication& fabrication);

}  // namespace lightloom::photonic
