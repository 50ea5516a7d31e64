#pragma once

#include <span>
#include <vector>

#include "core/cards/card.hpp"
#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

enum class CrosstalkKernel {
  none,
  exponential,  // strength e^{-d / decay}
  fitted,  // fit of SCATTER's authors to a heat simulation, times strength; made monotone between
           // 22 and 23 um
};

/// Heat that a shifter sends to guides that are not its own, on a regular layout: the phi shifters
/// of a column sit at its beginning, its theta shifters half a column further.
struct CrosstalkCard {
  CrosstalkKernel kernel = CrosstalkKernel::none;
  double strength = 1;
  double decay_um = 8;
  double cutoff = 1e-6;  // smaller shares are left out
  bool aware = false;    // set-points are solved for with the crosstalk known
};
void describe(Section& section, CrosstalkCard& card);

/// Phase that a guide at `distance_um` takes up, per phase of the heated guide. 1 at distance 0
/// (strength 1).
double crosstalk_share(const CrosstalkCard& card, double distance_um);

/// The linear map from set phases (that is, from heater powers: heat adds up linearly) to phases
/// induced on every arm of a mesh. Shifters count theta of all cells, phi of all cells, then the
/// screen.
class ThermalCrosstalk {
 public:
  ThermalCrosstalk(const CrosstalkCard& card, const Pitch& pitch, const Topology& topology);
  [[nodiscard]] bool active() const { return !shares_.empty(); }

  /// Adds what `set` induces to the arms' phases of `fabrication` (one entry per cell) and to the
  /// screen.
  void induce(const MeshSettings& set, Fabrication& fabrication, std::vector<double>& screen) const;

  /// Phases to set so that, with the crosstalk they cause, the mesh does what `wanted` does
  /// without: the arms' difference is brought to its target and the common phase of each cell is
  /// moved on to the next ones and to the screen. All are in [0, 2 pi + a little]. Fixed-point
  /// iteration; converges for row sums of shares below 1.
  [[nodiscard]] MeshSettings compensate(const MeshSettings& wanted) const;

 private:
  /// Induced phases of (theta_top, theta_bottom, phi_top, phi_bottom) of each cell, then of the
  /// screen.
  [[nodiscard]] std::vector<double> induced(std::span<const double> set) const;

  struct Share {
    int shifter;
    double value;
  };
  Topology topology_;
  std::vector<Share> shares_;
  std::vector<std::size_t> starts_;  // shares of victim v are [starts_[v], starts_[v + 1])
};

}  // namespace lightloom::photonic
