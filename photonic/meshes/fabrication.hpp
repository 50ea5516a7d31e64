#pragma once

#include <cstdint>

#include "core/cards/card.hpp"
#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// Static errors of the devices of a mesh, drawn once per chip.
struct FabricationCard {
  double splitter_sigma_rad = 0;  // of alpha and beta (and epsilon), independent
  double splitter_mean_rad =
      0;  // common to all splitters of a chip design: wavelength or thickness offset
  /// Errors that neighbours share, alike for both splitters of a device: a linear gradient of
  /// random direction whose standard deviation at the chip's corner is `gradient_sigma_rad`, and a
  /// smooth Gaussian field with covariance correlated_sigma^2 exp(-d^2 / (2 correlation_length^2)).
  double gradient_sigma_rad = 0;
  double correlated_sigma_rad = 0;
  double correlation_length_um = 1000;
  double arm_loss_sigma_db = 0;  // spread of the loss of each heated arm
};
void describe(Section& section, FabricationCard& card);

/// Where and on which chip errors are drawn.
struct FabricationPlace {
  std::uint64_t seed = 0;
  std::uint32_t chip = 0;
  std::uint32_t mesh = 0;  // 0, 1, ... on one chip
  Pitch pitch;
};

/// Errors of every cell. Pure function of (seed, chip, mesh, cell); each kind of error has its own
/// stream.
Fabrication draw_fabrication(const FabricationCard& card, const Topology& topology,
                             const FabricationPlace& place);

/// Adds the same loss to both arms of every cell.
void add_device_loss(double loss_db, Fabrication& fabrication);

}  // namespace lightloom::photonic
