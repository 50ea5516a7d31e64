#include "photonic/decomposition/conventions.hpp"

#include <cassert>
#include <numbers>

#include "photonic/devices/angle.hpp"

namespace lightloom::photonic {
namespace {

using std::numbers::pi;

/// Rewrites every device, `rewrite(theta, phi)` giving its own phases in the other convention and
/// returning the phase that both its outputs are behind by; T diag(e^{ia}, e^{ib}) is e^{ib} times
/// T with a - b more on its input phase.
template <class Rewrite>
MeshSettings rewritten(const Topology& topology, const MeshSettings& settings,
                       const Rewrite& rewrite) {
  assert(settings.theta.size() == topology.cells.size() && settings.outer.empty());
  MeshSettings result = settings;
  std::vector<double> ahead(static_cast<std::size_t>(topology.modes), 0.0);
  for (std::size_t k = 0; k < topology.cells.size(); ++k) {
    double& top = ahead[static_cast<std::size_t>(topology.cells[k].top)];
    double& bottom = ahead[static_cast<std::size_t>(topology.cells[k].bottom)];
    const double behind = rewrite(result.theta[k], result.phi[k]);
    result.phi[k] = wrap_phase(result.phi[k] + top - bottom);
    top = bottom = wrap_phase(bottom + behind);
  }
  for (std::size_t m = 0; m < ahead.size(); ++m)
    result.screen[m] = wrap_phase(result.screen[m] + ahead[m]);
  return result;
}

}  // namespace

MeshSettings to_beamsplitter_convention(const Topology& topology, const MeshSettings& settings) {
  return rewritten(topology, settings, [](double& theta, double& phi) {
    const double behind = (theta - pi) / 2;
    theta = (pi - theta) / 2;
    phi += pi;
    return behind;
  });
}

MeshSettings from_beamsplitter_convention(const Topology& topology, const MeshSettings& theirs) {
  return rewritten(topology, theirs, [](double& theta, double& phi) {
    const double behind = theta;  // (pi - our theta) / 2
    theta = pi - 2 * theta;
    phi -= pi;
    return behind;
  });
}

MeshSettings to_phases_behind(const Topology& topology, const MeshSettings& settings) {
  assert(settings.theta.size() == topology.cells.size() && settings.outer.empty());
  MeshSettings result = settings;
  std::vector<double> ahead = settings.screen;  // on each guide, behind the devices done
  for (std::size_t k = topology.cells.size(); k-- > 0;) {
    double& top = ahead[static_cast<std::size_t>(topology.cells[k].top)];
    double& bottom = ahead[static_cast<std::size_t>(topology.cells[k].bottom)];
    result.phi[k] = wrap_phase(top - bottom);
    top = wrap_phase(bottom + settings.phi[k]);
  }
  for (std::size_t m = 0; m < ahead.size(); ++m) result.screen[m] = wrap_phase(ahead[m]);
  return result;
}

MeshSettings from_phases_behind(const Topology& topology, const MeshSettings& theirs) {
  assert(theirs.theta.size() == topology.cells.size() && theirs.outer.empty());
  MeshSettings result = theirs;
  std::vector<double> ahead = theirs.screen;  // on each guide, in front of the devices to come
  for (std::size_t k = 0; k < topology.cells.size(); ++k) {
    double& top = ahead[static_cast<std::size_t>(topology.cells[k].top)];
    double& bottom = ahead[static_cast<std::size_t>(topology.cells[k].bottom)];
    result.phi[k] = wrap_phase(top - bottom);
    top = wrap_phase(bottom + theirs.phi[k]);
  }
  for (std::size_t m = 0; m < ahead.size(); ++m) result.screen[m] = wrap_phase(ahead[m]);
  return result;
}

MeshSettings to_compact_convention(const MeshSettings& settings) {
  MeshSettings result = settings;
  for (std::size_t k = 0; k < settings.theta.size(); ++k) {
    result.theta[k] = (settings.theta[k] - settings.phi[k]) / 2;
    result.phi[k] = wrap_phase((settings.theta[k] + settings.phi[k] + pi) / 2);
  }
  return result;
}

MeshSettings from_compact_convention(const MeshSettings& theirs) {
  MeshSettings result = theirs;
  for (std::size_t k = 0; k < theirs.theta.size(); ++k) {
    const double mean = theirs.phi[k] - pi / 2;
    result.theta[k] = wrap_phase(mean + theirs.theta[k]);
    result.phi[k] = wrap_phase(mean - theirs.theta[k]);
  }
  return result;
}

}  // namespace lightloom::photonic
