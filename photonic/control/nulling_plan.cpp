#include "photonic/control/nulling_plan.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "photonic/devices/angle.hpp"

namespace lightloom::photonic {

NullingPlan::NullingPlan(const Topology& topology, const MeshSettings& ideal)
    : topology_(topology), ideal_(ideal), transfers_(topology.cells.size()) {
  cell_transfers({topology, DeviceKind::mzi, ideal}, transfers_);
  outputs_.resize(topology.cells.size());
  const auto modes = static_cast<std::size_t>(topology.modes);
  std::vector<int> next(modes, -1);
  std::vector<std::vector<bool>> reached(modes, std::vector<bool>(modes));  // by light on a mode
  for (std::size_t m = 0; m < modes; ++m) reached[m][m] = true;
  for (std::size_t k = topology.cells.size(); k-- > 0;) {
    const Cell& cell = topology.cells[k];
    int& above = next[static_cast<std::size_t>(cell.top)];
    int& below = next[static_cast<std::size_t>(cell.bottom)];
    // The output that is the mesh's own, or meets its next device first: the light of the other
    // one cannot have come to that device before.
    const auto column = [&](int at) {
      return at < 0 ? -1 : topology.cells[static_cast<std::size_t>(at)].column;
    };
    const bool upper = column(above) <= column(below);
    outputs_[k] = {upper ? cell.top : cell.bottom, upper ? cell.bottom : cell.top,
                   upper ? above : below};
    above = below = static_cast<int>(k);
    follow(k, reached);
  }
}

std::vector<Complex> NullingPlan::light_for(std::size_t k) const {
  std::vector<Complex> fields(static_cast<std::size_t>(topology_.modes));
  fields[static_cast<std::size_t>(outputs_[k].bright)] = 1;
  return back_through(k + 1, std::move(fields));
}

std::vector<Complex> NullingPlan::light_for_screen() const {
  std::vector<Complex> fields;
  for (const double phase : ideal_.screen)
    fields.push_back(std::polar(1 / std::sqrt(topology_.modes), -phase));
  return back_through(topology_.cells.size(), std::move(fields));
}

void NullingPlan::follow(std::size_t k, std::vector<std::vector<bool>>& reached) {
  std::vector<bool>& dark = reached[static_cast<std::size_t>(outputs_[k].dark)];
  std::vector<bool>& bright = reached[static_cast<std::size_t>(outputs_[k].bright)];
  bool meet = false;
  for (std::size_t m = 0; m < dark.size(); ++m) {
    meet = meet || (dark[m] && bright[m]);
    if (dark[m]) outputs_[k].apart.push_back(static_cast<int>(m));
  }
  if (meet) outputs_[k].apart.clear();
  for (std::size_t m = 0; m < dark.size(); ++m) dark[m] = bright[m] = dark[m] || bright[m];
}

std::vector<Complex> NullingPlan::back_through(std::size_t count,
                                               std::vector<Complex> fields) const {
  while (count-- > 0) {
    const Transfer& t = transfers_[count];
    Complex& top = fields[static_cast<std::size_t>(topology_.cells[count].top)];
    Complex& bottom = fields[static_cast<std::size_t>(topology_.cells[count].bottom)];
    const Complex u = top, v = bottom;
    top = mul(std::conj(t.tt), u) + mul(std::conj(t.bt), v);
    bottom = mul(std::conj(t.tb), u) + mul(std::conj(t.bb), v);
  }
  return fields;
}

void NullingPlan::null_devices(const std::function<Null(std::size_t)>& null_of,
                               NullingResult& result) const {
  result.settings.screen = ideal_.screen;
  // Devices not yet set mix: crossed ones would lead the dark and the bright light to different
  // outputs, where powers show no interference between them.
  constexpr double mixing = std::numbers::pi / 2;
  std::fill(result.settings.theta.begin(), result.settings.theta.end(), mixing);
  for (std::size_t k = 0; k < ideal_.theta.size(); ++k) {
    const Null null = null_of(k);
    if (probe(k) >= 0) shifter(k, result.settings) = mixing;
    result.settings.theta[k] = null.theta;
    result.settings.phi[k] = null.phi;
    result.unreachable += null.dark ? 0 : 1;
  }
}

double angle_between(double a_rad, double b_rad) { return std::abs(wrap_phase(a_rad - b_rad)); }

}  // namespace lightloom::photonic
