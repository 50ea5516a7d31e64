#include "photonic/cores/mesh_chip.hpp"

#include <cassert>
#include <cmath>
#include <numeric>

#include "photonic/cores/core_cost.hpp"

namespace lightloom::photonic {

MeshChip::MeshChip(const CoreCard& card, const Topology& topology,
                   const ThermalCrosstalk& crosstalk, const TileAddress& address)
    : card_(card), topology_(topology), errors_(card, address, topology), crosstalk_(crosstalk) {
  assert(card.mesh.device != DeviceKind::compact || !crosstalk.active());  // refused by the card
  for (std::uint32_t mesh = 0; mesh < 2; ++mesh) {
    fabrication_[mesh] = draw_fabrication(card.fabrication, topology,
                                          {address.seed, address.chip, mesh, card.mesh.pitch});
    biases_[mesh] = phase_biases(card, address, static_cast<int>(mesh), topology);
    if (!card.mesh.balanced_edges) add_device_loss(card.mesh.device_loss_db, fabrication_[mesh]);
  }
}

MeshChip::Applied MeshChip::apply(const MeshSettings& ideal, int mesh, const TileAddress& address,
                                  Leak leak) const {
  const DeviceKind device = card_.mesh.device;
  Applied applied;
  if (card_.correction == Correction::local || device != DeviceKind::mzi) {
    const bool known = card_.correction == Correction::local;
    CorrectedSettings corrected =
        correct_locally(topology_, ideal, known ? fabrication(mesh) : Fabrication{},
                        {.device = device, .leak = leak});
    applied.settings = std::move(corrected.settings);
    applied.unreachable = known ? corrected.unreachable : 0;
  } else {
    applied.settings = ideal;
  }
  const MeshSettings& biases = biases_[static_cast<std::size_t>(mesh)];
  add_phases(biases, -1, applied.settings);
  if (card_.crosstalk.aware) applied.settings = crosstalk_.compensate(applied.settings);
  quantise_phases(card_.phase_bits, applied.settings);
  wrap_phases(applied.settings);
  applied.unreachable += drive_heaters(card_.heater, address, mesh, applied.settings);
  for (const auto* phases : {&applied.settings.theta, &applied.settings.phi,
                             &applied.settings.screen, &applied.settings.outer})
    applied.held_rad = std::accumulate(phases->begin(), phases->end(), applied.held_rad);
  errors_.add(mesh, address, applied.settings);
  applied.fabrication = fabrication(mesh);
  disperse(card_.dispersion, applied.settings, applied.fabrication);
  crosstalk_.induce(applied.settings, applied.fabrication, applied.settings.screen);
  add_phases(biases, 1, applied.settings);
  return applied;
}

std::vector<Complex> MeshChip::attenuators(std::span<const double> amplitudes,
                                           const TileAddress& address) const {
  MeshSettings set;
  for (const double a : amplitudes) set.theta.push_back(2 * std::asin(a));
  const std::vector<double> wanted = set.theta;
  quantise_phases(card_.phase_bits, set);
  errors_.add(2, address, set);
  std::vector<Complex> factors;
  for (std::size_t k = 0; k < wanted.size(); ++k)
    factors.push_back(std::polar(1.0, (set.theta[k] - wanted[k]) / 2) * std::sin(set.theta[k] / 2));
  return factors;
}

double MeshChip::loss_normalisation(int meshes) const {
  if (card_.mesh.balanced_edges) return 1;
  return std::pow(10.0, meshes * mean_devices_met(card_) * card_.mesh.device_loss_db / 20);
}

}  // namespace lightloom::photonic
