#pragma once

#include <functional>
#include <span>
#include <vector>

#include "photonic/control/nulling_plan.hpp"

namespace lightloom::photonic {

/// One reading of a chip in the laboratory: phases are set, one vector of prepared fields (modes)
/// is sent in, and the powers of all outputs are read at once (photodiodes).
using PowerReader =
    std::function<std::vector<double>(const MeshSettings&, std::span<const Complex>)>;

/// Nulling by powers (see NullingResult). Three settings of the probing shifter give the part of
/// every output that follows it, which vanishes with the amplitude of the guide, and is a
/// trigonometric polynomial in the two phases of k: nine settings give all of it. Both give the
/// null from readings far away from it, to round-off. 27 readings a device; 9 where light of the
/// dark output never meets that of the other one again, so that the powers it reaches are the dark
/// power. The phases behind the mesh leave no trace in powers: the screen stays as in `ideal`, and
/// the matrix is reached up to a phase of every row.
NullingResult null_powers(const PowerReader& chip, const Topology& topology,
                          const MeshSettings& ideal);

/// ||D U - target||_F / sqrt(N) with the diagonal D of output phases that makes it least.
double error_up_to_output_phases(const SquareMatrix& matrix, const SquareMatrix& target);

}  // namespace lightloom::photonic
