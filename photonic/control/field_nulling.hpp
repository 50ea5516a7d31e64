#pragma once

#include <functional>
#include <span>
#include <vector>

#include "photonic/control/nulling_plan.hpp"

namespace lightloom::photonic {

/// One reading of a chip in the laboratory: phases are set, one vector of prepared fields (modes)
/// is sent in, and the fields of all outputs are read at once (coherent detection, to a common
/// phase that does not change).
using FieldReader =
    std::function<std::vector<Complex>(const MeshSettings&, std::span<const Complex>)>;

/// Nulling by fields (see NullingResult). The response is linear in the amplitude of the guide,
/// which is A + B e^{i theta} + C e^{i phi} + D e^{i (theta + phi)} in the two phases of k: four
/// settings give its zero in closed form. 8 readings a device (4 where its output is the mesh's),
/// one for the screen.
NullingResult null_fields(const FieldReader& chip, const Topology& topology,
                          const MeshSettings& ideal);

}  // namespace lightloom::photonic
