#include "photonic/phase_control.hpp"

#include <cmath>
#include <numbers>

#include "core/random.hpp"

namespace lightloom::photonic {

void quantise_phases(int bits, MeshSettings& settings) {
  if (bits == 0) return;
  const double levels = std::exp2(bits), step = 2 * std::numbers::pi / levels;
  const auto round_all = [&](std::vector<double>& phases) {
    for (double& phase : phases) {
      const double code = std::round(phase / step);
      phase = step * (code - levels * std::floor(code / levels));
    }
  };
  round_all(settings.theta);
  round_all(settings.phi);
  round_all(settings.screen);
}

PhaseErrors::PhaseErrors(const CoreCard& card, const TileAddress& address, const Topology& topology)
    : programming_sigma_rad_(card.programming_sigma_rad),
      shifters_(2 * topology.cells.size() + static_cast<std::size_t>(topology.modes)) {
  if (card.phase_sigma_rad == 0) return;
  const Stream stream(
      {.seed = address.seed, .purpose = Purpose::phase_error, .chip = address.chip});
  static_errors_.resize(2 * shifters_ + static_cast<std::size_t>(topology.modes));
  for (std::size_t k = 0; k < static_errors_.size(); ++k)
    static_errors_[k] = card.phase_sigma_rad * stream.normal(k);
}

void PhaseErrors::add(int mesh, const TileAddress& address, MeshSettings& settings) const {
  const Stream programming(
      {address.seed, Purpose::programming, address.chip, address.layer, address.tile});
  std::uint64_t device = static_cast<std::uint64_t>(mesh) * shifters_;
  const auto add_all = [&](std::vector<double>& phases) {
    for (double& phase : phases) {
      if (!static_errors_.empty()) phase += static_errors_[device];
      if (programming_sigma_rad_ > 0)
        phase += programming_sigma_rad_ * programming.normal(device, address.write);
      ++device;
    }
  };
  add_all(settings.theta);
  add_all(settings.phi);
  add_all(settings.screen);
}

}  // namespace lightloom::photonic
