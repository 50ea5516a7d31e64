#pragma once

#include <array>
#include <memory>

#include "photonic/control/thermal_crosstalk.hpp"
#include "photonic/cores/kinds/mzi_core.hpp"
#include "photonic/cores/kinds/phase_control.hpp"
#include "photonic/decomposition/local_correction.hpp"
#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// What all chips of an MZI-mesh card share.
struct MeshDesign {
  explicit MeshDesign(const CoreCard& core);

  CoreCard card;
  Topology topology;
  ThermalCrosstalk crosstalk;
  double devices_met = 0;  // see mean_devices_met

  [[nodiscard]] const MeshCoreCard& mesh() const { return mesh_part(card); }
};

/// What is fixed about the meshes of one chip of a card: fabrication errors and the static errors
/// of its phases. Mesh 0 is met first (V^T of an SVD core), mesh 1 last (U).
class MeshChip {
 public:
  MeshChip(std::shared_ptr<const MeshDesign> design, const TileAddress& address);

  struct Applied {
    MeshSettings settings;    // phases of the driven shifters
    Fabrication fabrication;  // of the mesh, with the phases that heat induces on its arms
    double held_rad = 0;      // sum of all set phases: what the heaters hold
    int unreachable = 0;      // devices that cannot take their setting, and clipped drivers
  };
  /// The phases that mesh number `mesh` of this chip really has when it is told to do what `ideal`
  /// makes a perfect mesh do: corrected for known splitters if the card says so, wrapped and
  /// rounded, then with the errors of set phases.
  [[nodiscard]] Applied apply(const MeshSettings& ideal, int mesh, const TileAddress& address,
                              Leak leak) const;
  /// The same for phases set as they are: nothing is corrected or made up for before drivers,
  /// errors and crosstalk take them.
  [[nodiscard]] Applied drive(const MeshSettings& set, int mesh, const TileAddress& address) const;

  /// Attenuators between the meshes: MZIs read at their bar port, amplitude sin(theta/2). A phase
  /// error d turns the field by d/2 too.
  [[nodiscard]] std::vector<Complex> attenuators(std::span<const double> amplitudes,
                                                 const TileAddress& address) const;

  [[nodiscard]] const Fabrication& fabrication(int mesh) const {
    return fabrication_[static_cast<std::size_t>(mesh)];
  }
  /// Factor that brings the fields behind `meshes` meshes back to what a lossless mesh gives on
  /// average. Loss that every path meets alike is not in `fabrication`: it is only less light (see
  /// core_cost.hpp).
  [[nodiscard]] double loss_normalisation(int meshes) const;

 private:
  std::shared_ptr<const MeshDesign> design_;
  std::array<Fabrication, 2> fabrication_;
  std::array<MeshSettings, 2> biases_;
  PhaseErrors errors_;
};

}  // namespace lightloom::photonic
