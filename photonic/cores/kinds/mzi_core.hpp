#pragma once

#include "photonic/control/thermal_crosstalk.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/devices/heater.hpp"
#include "photonic/devices/mzi.hpp"
#include "photonic/meshes/dispersion.hpp"
#include "photonic/meshes/fabrication.hpp"
#include "photonic/meshes/topology.hpp"

namespace lightloom::photonic {

/// Phases that shifters of a mesh have without drive. Calibration knows them: set-points make up
/// the difference.
enum class PhaseBias { none, uniform };

/// The meshes of an MZI-mesh core.
struct MeshCard {
  int modes =
      64;  // rows or columns of the core card, when given, take its place: the larger of the two
  MeshKind topology = MeshKind::clements;
  DeviceKind device = DeviceKind::mzi;
  double device_loss_db = 0.1;  // nominal, of one MZI with its two shifters
  Pitch pitch;
  bool balanced_edges = true;  // edge modes carry dummy losses where they meet no MZI, so uniform
                               // loss is only a factor
};
void describe(Section& section, MeshCard& card);

/// What an MZI-mesh core has on its card besides what all cores have.
struct MeshCoreCard {
  PhaseBias phase_bias = PhaseBias::none;
  MeshCard mesh;
  FabricationCard fabrication;
  HeaterCard heater;
  CrosstalkCard crosstalk;
  DispersionCard dispersion;
};
/// That part of a card. Throws std::bad_any_cast for the card of another core.
inline const MeshCoreCard& mesh_part(const CoreCard& card) { return card.own.of<MeshCoreCard>(); }
inline MeshCoreCard& mesh_part(CoreCard& card) { return card.own.of<MeshCoreCard>(); }
/// nullptr where the core has no meshes.
inline const MeshCoreCard* find_mesh_part(const CoreCard& card) {
  return card.own.find<MeshCoreCard>();
}

/// Modes of the meshes of an MZI-mesh core: the larger of rows and columns.
int mesh_modes(const CoreCard& card);

/// Mean MZIs that light meets in one mesh of the card (columns when edges are balanced).
double mean_devices_met(const CoreCard& card);

}  // namespace lightloom::photonic
