#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// What nulling finds: settings that make a chip of unknown errors do what `ideal` makes a mesh of
/// perfect plain MZIs do, device by device in the order of light, any topology. For device k the
/// light is prepared so that in the ideal mesh all of it leaves k at one output. Where the devices
/// before are set, the same holds on the chip once k is set right, whatever its splitters and
/// phases are, so k is right when its other output is dark. Whether it is dark, the devices behind,
/// not yet set, tell although they are unknown: outputs respond to the phase shifter that this
/// guide meets next. (The idea of self-configuration by nulling: Miller, Photon. Res. 1, 1, 2013;
/// Hamerly, Bandyopadhyay, Englund, arXiv 2106.03249. Nulling against a prepared superposition and
/// reading the null through the rest of the mesh lets any layout be set from the front.) For plain
/// MZIs and those with a crossing. Exact where every device can darken its output; behind one that
/// cannot, the light is no longer what it was prepared to be, and the devices there are set the
/// worse for it.
struct NullingResult {
  MeshSettings settings;
  std::int64_t readings = 0;
  int unreachable = 0;  // devices that could not darken their output
};

/// The setting of a device that darkens its output, or darkens it most.
struct Null {
  double theta = 0, phi = 0;
  bool dark = true;
};

/// What nulling by fields and by powers share: the light to prepare, and where a dark guide can be
/// probed.
class NullingPlan {
 public:
  NullingPlan(const Topology& topology, const MeshSettings& ideal);

  /// Inputs whose light leaves device k of the ideal mesh at the other output than the dark one.
  [[nodiscard]] std::vector<Complex> light_for(std::size_t k) const;
  /// Inputs that the whole ideal mesh turns into equal fields at all outputs.
  [[nodiscard]] std::vector<Complex> light_for_screen() const;
  /// The next device that light from the dark output of k would meet, -1 if there is none.
  [[nodiscard]] int probe(std::size_t k) const { return outputs_[k].probe; }
  /// Its shifter theta tells whether light comes, which no other light meets.
  [[nodiscard]] double& shifter(std::size_t k, MeshSettings& settings) const {
    return settings.theta[static_cast<std::size_t>(probe(k))];
  }
  /// Outputs that light from the dark output of k reaches, when the light of the bright one reaches
  /// none of them; empty when the two meet again.
  [[nodiscard]] const std::vector<int>& apart(std::size_t k) const { return outputs_[k].apart; }
  [[nodiscard]] std::size_t dark_mode(std::size_t k) const {
    return static_cast<std::size_t>(outputs_[k].dark);
  }

  /// Sets device after device in `result.settings` to what `null_of(k)` finds for device k.
  void null_devices(const std::function<Null(std::size_t)>& null_of, NullingResult& result) const;

 private:
  /// Fills `apart` of device k from what its two outputs reach, and makes that what its inputs
  /// reach.
  void follow(std::size_t k, std::vector<std::vector<bool>>& reached);
  /// Fields behind the first `count` devices to those in front of the mesh, by T^dagger.
  [[nodiscard]] std::vector<Complex> back_through(std::size_t count,
                                                  std::vector<Complex> fields) const;

  Topology topology_;
  MeshSettings ideal_;
  std::vector<Transfer> transfers_;
  struct Outputs {
    int dark = 0, bright = 0, probe = -1;
    std::vector<int> apart{};
  };
  std::vector<Outputs> outputs_;  // of every device
};

/// Distance of two angles on the circle.
double angle_between(double a_rad, double b_rad);

}  // namespace lightloom::photonic
