#include "photonic/control/in_situ_gradient.hpp"

#include <array>
#include <cassert>
#include <numbers>

namespace lightloom::photonic {
namespace {

constexpr double even_split_rad = std::numbers::pi / 4;

/// Fields on both arms in front of the theta shifter of a device.
std::array<Complex, 2> before_theta(DeviceKind kind, double phi_rad, const MziErrors& errors,
                                    const std::array<Complex, 2>& arms) {
  const auto [top, bottom] = arms;
  Transfer first = splitter(even_split_rad + errors.alpha_rad);
  if (kind != DeviceKind::compact)
    first = compose(first, {std::polar(1.0, phi_rad + errors.phi_top.phase_rad), 0, 0,
                            std::polar(1.0, errors.phi_bottom.phase_rad)});
  return {mul(first.tt, top) + mul(first.tb, bottom), mul(first.bt, top) + mul(first.bb, bottom)};
}

/// Fields on both arms in front of the phi shifter.
std::array<Complex, 2> before_phi(DeviceKind kind, const MziErrors& errors, Complex top,
                                  Complex bottom) {
  if (kind != DeviceKind::three_splitter) return {top, bottom};
  const Transfer extra = splitter(even_split_rad + errors.epsilon_rad);
  return {mul(extra.tt, top) + mul(extra.tb, bottom), mul(extra.bt, top) + mul(extra.bb, bottom)};
}

}  // namespace

MeshSettings shifter_powers(const ConfiguredMesh& mesh, std::span<const Complex> inputs) {
  const auto& [topology, kind, settings, fabrication] = mesh;
  assert(settings.outer.empty() && inputs.size() == static_cast<std::size_t>(topology.modes));
  MeshSettings powers = zero_settings(topology);
  std::vector<Transfer> transfers(topology.cells.size());
  cell_transfers(mesh, transfers);
  std::vector<Complex> fields(inputs.begin(), inputs.end());
  const MziErrors ideal;
  for (std::size_t k = 0; k < transfers.size(); ++k) {
    const MziErrors& errors = fabrication.empty() ? ideal : fabrication[k];
    Complex& top = fields[static_cast<std::size_t>(topology.cells[k].top)];
    Complex& bottom = fields[static_cast<std::size_t>(topology.cells[k].bottom)];
    const auto outer = before_phi(kind, errors, top, bottom);
    const auto inner = before_theta(kind, settings.phi[k], errors, outer);
    powers.theta[k] = std::norm(inner[0]);
    powers.phi[k] = std::norm(kind == DeviceKind::compact ? inner[1] : outer[0]);
    const Transfer& t = transfers[k];
    const Complex u = top, v = bottom;
    top = mul(t.tt, u) + mul(t.tb, v);
    bottom = mul(t.bt, u) + mul(t.bb, v);
  }
  for (std::size_t m = 0; m < fields.size(); ++m) powers.screen[m] = std::norm(fields[m]);
  return powers;
}

MeshSettings gradient_from_powers(const MeshSettings& sum, const MeshSettings& forward,
                                  const MeshSettings& backward) {
  MeshSettings gradient = sum;
  const auto combine = [](std::vector<double>& to, const std::vector<double>& f,
                          const std::vector<double>& b) {
    for (std::size_t k = 0; k < to.size(); ++k) to[k] = (to[k] - f[k] - b[k]) / 2;
  };
  combine(gradient.theta, forward.theta, backward.theta);
  combine(gradient.phi, forward.phi, backward.phi);
  combine(gradient.screen, forward.screen, backward.screen);
  return gradient;
}

}  // namespace lightloom::photonic
