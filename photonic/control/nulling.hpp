#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// One reading of a chip in the laboratory: phases are set, one vector of prepared fields (modes)
/// is sent in, and all outputs are read at once: their fields (coherent detection, to a common
/// phase that does not change) or their powers (photodiodes).
using FieldReader =
    std::function<std::vector<Complex>(const MeshSettings&, std::span<const Complex>)>;
using PowerReader =
    std::function<std::vector<double>(const MeshSettings&, std::span<const Complex>)>;

struct NullingResult {
  MeshSettings settings;
  std::int64_t readings = 0;
  int unreachable = 0;  // devices that could not darken their output
};

/// Makes a chip of unknown errors do what `ideal` makes a mesh of perfect plain MZIs do, device by
/// device in the order of light, any topology. For device k the light is prepared so that in the
/// ideal mesh all of it leaves k at one output. Where the devices before are set, the same
/// holds on the chip once k is set right, whatever its splitters and phases are, so k is right when
/// its other output is dark. Whether it is dark, the devices behind, not yet set, tell although
/// they are unknown: outputs respond to the phase shifter that this guide meets next. (The idea of
/// self-configuration by nulling: Miller, Photon. Res. 1, 1, 2013; Hamerly, Bandyopadhyay, Englund,
/// arXiv 2106.03249. Nulling against a prepared superposition and reading the null through the rest
/// of the mesh lets any layout be set from the front.) For plain MZIs and those with a crossing.
/// Exact where every device can darken its output; behind one that cannot, the light is no longer
/// what it was prepared to be, and the devices there are set the worse for it.
///
/// With fields, the response is linear in the amplitude of the guide, which is
/// A + B e^{i theta} + C e^{i phi} + D e^{i (theta + phi)} in the two phases of k: four settings
/// give its zero in closed form. 8 readings a device (4 where its output is the mesh's), one for
/// the screen.
NullingResult null_fields(const FieldReader& chip, const Topology& topology,
                          const MeshSettings& ideal);

/// With powers, three settings of the probing shifter give the part of every output that follows
/// it, which vanishes with the amplitude of the guide, and is a trigonometric polynomial in the two
/// phases of k: nine settings give all of it. Both give the null from readings far away from it, to
/// round-off. 27 readings a device; 9 where light of the dark output never meets that of the other
/// one again, so that the powers it reaches are the dark power. The phases behind the mesh leave no
/// trace in powers: the screen stays as in `ideal`, and the matrix is reached up to a phase of
/// every row.
NullingResult null_powers(const PowerReader& chip, const Topology& topology,
                          const MeshSettings& ideal);

/// ||D U - target||_F / sqrt(N) with the diagonal D of output phases that makes it least.
double error_up_to_output_phases(const SquareMatrix& matrix, const SquareMatrix& target);

}  // namespace lightloom::photonic
