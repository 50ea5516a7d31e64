#include "photonic/cores/kinds/mesh_chip.hpp"

#include <cassert>
#include <cmath>
#include <numeric>
#include <utility>

namespace lightloom::photonic {

MeshDesign::MeshDesign(const CoreCard& core)
    : card(core),
      topology(make_topology(mesh().mesh.topology, mesh_modes(core))),
      crosstalk(mesh().crosstalk, mesh().mesh.pitch, topology),
      devices_met(mean_devices_met(core)) {}

MeshChip::MeshChip(std::shared_ptr<const MeshDesign> design, const TileAddress& address)
    : design_(std::move(design)), errors_(design_->card, address, design_->topology) {
  const MeshCoreCard& card = design_->mesh();
  const Topology& topology = design_->topology;
  assert(card.mesh.device != DeviceKind::compact ||
         !design_->crosstalk.active());  // refused by the card
  for (std::uint32_t mesh = 0; mesh < 2; ++mesh) {
    fabrication_[mesh] = draw_fabrication(card.fabrication, topology,
                                          {address.seed, address.chip, mesh, card.mesh.pitch});
    biases_[mesh] = phase_biases(design_->card, address, static_cast<int>(mesh), topology);
    if (!card.mesh.balanced_edges) add_device_loss(card.mesh.device_loss_db, fabrication_[mesh]);
  }
}

MeshChip::Applied MeshChip::apply(const MeshSettings& ideal, int mesh, const TileAddress& address,
                                  Leak leak) const {
  const MeshCoreCard& own = design_->mesh();
  const DeviceKind device = own.mesh.device;
  const bool known = design_->card.correction == Correction::local;
  CorrectedSettings corrected{.settings = ideal};
  if (known || device != DeviceKind::mzi)
    corrected = correct_locally(design_->topology, ideal, known ? fabrication(mesh) : Fabrication{},
                                {.device = device, .leak = leak});
  add_phases(biases_[static_cast<std::size_t>(mesh)], -1, corrected.settings);
  if (own.crosstalk.aware) corrected.settings = design_->crosstalk.compensate(corrected.settings);
  Applied applied = drive(corrected.settings, mesh, address);
  applied.unreachable += known ? corrected.unreachable : 0;
  return applied;
}

MeshChip::Applied MeshChip::drive(const MeshSettings& set, int mesh,
                                  const TileAddress& address) const {
  const MeshCoreCard& own = design_->mesh();
  Applied applied{.settings = set, .fabrication = fabrication(mesh)};
  quantise_phases(design_->card.phase_bits, applied.settings);
  wrap_phases(applied.settings);
  applied.unreachable = drive_heaters(own.heater, address, mesh, applied.settings);
  for (const auto* phases : {&applied.settings.theta, &applied.settings.phi,
                             &applied.settings.screen, &applied.settings.outer})
    applied.held_rad = std::accumulate(phases->begin(), phases->end(), applied.held_rad);
  errors_.add(mesh, address, applied.settings);
  disperse(own.dispersion, applied.settings, applied.fabrication);
  design_->crosstalk.induce(applied.settings, applied.fabrication, applied.settings.screen);
  add_phases(biases_[static_cast<std::size_t>(mesh)], 1, applied.settings);
  return applied;
}

std::vector<Complex> MeshChip::attenuators(std::span<const double> amplitudes,
                                           const TileAddress& address) const {
  MeshSettings set;
  for (const double a : amplitudes) set.theta.push_back(2 * std::asin(a));
  const std::vector<double> wanted = set.theta;
  quantise_phases(design_->card.phase_bits, set);
  errors_.add(2, address, set);
  std::vector<Complex> factors;
  for (std::size_t k = 0; k < wanted.size(); ++k)
    factors.push_back(std::polar(1.0, (set.theta[k] - wanted[k]) / 2) * std::sin(set.theta[k] / 2));
  return factors;
}

double MeshChip::loss_normalisation(int meshes) const {
  const MeshCard& mesh = design_->mesh().mesh;
  if (mesh.balanced_edges) return 1;
  return std::pow(10.0, meshes * design_->devices_met * mesh.device_loss_db / 20);
}

}  // namespace lightloom::photonic
