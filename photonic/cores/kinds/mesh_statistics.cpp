#include "photonic/cores/kinds/mesh_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>

#include "core/random/random.hpp"
#include "photonic/cores/kinds/mesh_chip.hpp"
#include "photonic/decomposition/butterfly.hpp"
#include "photonic/decomposition/clements_reck.hpp"
#include "photonic/meshes/haar.hpp"

namespace lightloom::photonic {
namespace {

ChipRow mesh_row(const std::shared_ptr<const MeshDesign>& design, const TileAddress& address) {
  const MeshChip chip(design, address);
  const Topology& topology = design->topology;
  const MeshCard& card = design->mesh().mesh;
  const MeshSettings ideal = random_target(topology, address);
  const SquareMatrix target = mesh_matrix(topology, DeviceKind::mzi, ideal);
  const MeshChip::Applied applied = chip.apply(ideal, 0, address, Leak::nearest);
  SquareMatrix real = mesh_matrix(topology, card.device, applied.settings, applied.fabrication);
  double power = 0;
  for (const Complex value : real.values) power += std::norm(value);
  const double uniform_loss_db =
      card.balanced_edges ? design->devices_met * card.device_loss_db : 0.0;
  for (Complex& value : real.values) value *= chip.loss_normalisation(1);
  const double cells = static_cast<double>(std::max<std::size_t>(1, topology.cells.size()));
  return {.error = matrix_error(real, target),
          .fidelity = matrix_fidelity(real, target),
          .unreachable = applied.unreachable / cells,
          .insertion_loss_db = uniform_loss_db - 10 * std::log10(power / topology.modes),
          .power_mW = design->card.shifter.pi_power_mW * applied.held_rad / std::numbers::pi};
}

}  // namespace

MeshSettings random_target(const Topology& topology, const TileAddress& address) {
  const Stream stream({.seed = address.seed, .purpose = Purpose::haar, .chip = address.chip});
  switch (topology.kind) {
    case MeshKind::clements:
      break;
    case MeshKind::reck:
      return decompose_reck(haar_unitary(topology.modes, stream));
    case MeshKind::butterfly:
      return random_butterfly_settings(topology, stream);
  }
  return haar_clements_settings(topology, stream);
}

std::string name_of_target(const Topology& topology) {
  return topology.kind == MeshKind::butterfly ? "random product of butterflies"
                                              : "Haar-random unitary";
}

ChipStatistics mesh_statistics(const CoreCard& card, const ChipOptions& options) {
  const auto design = std::make_shared<const MeshDesign>(card);
  ChipStatistics result =
      collect_chips(options, [&](const TileAddress& address) { return mesh_row(design, address); });
  result.target = name_of_target(design->topology);
  result.modes = design->topology.modes;
  return result;
}

}  // namespace lightloom::photonic
