#pragma once

#include <string>
#include <vector>

#include "calibration/model/chip_model.hpp"

namespace lightloom::calibration {

/// A direction in parameter space that changes no reading, with its name in words.
struct NullDirection {
  std::string name;
  std::vector<double> direction;  // (parameters)
};

/// Directions that powers from light entering one port at a time cannot see, if the parameters they
/// move are free (docs/models/calibration/mesh.md#gauges): the phase of every input port (carried
/// as a change of phi_0 through the mesh to the outputs), the phase of every output port, the gain
/// of every input port (carried by the arms' gains), the common scale of inputs and detectors, a
/// gain common to all MZIs against the arms', and gamma of phi heaters that only ever see one lit
/// port.
std::vector<NullDirection> known_null_directions(const ChipShape& shape, const FreeSet& free,
                                                 std::span<const double> parameters);

/// Entries to hold so that the rest has full rank: output phases, phi_0 of N - 1
/// phi heaters (in a Clements mesh those of the first two columns), gamma of those of the first
/// column, the log gain of the first detector, and, where losses of the arms are free, those of the
/// same phi arms and the common one. With crosstalk free, gamma of the first column is seen through
/// its neighbours and stays free.
void hold_gauge(const ChipShape& shape, std::vector<bool>& is_free);

/// Moves `parameters` along the invisible directions of phases and of the common scale until the
/// entries `hold_gauge` holds have the values they have in `reference`: what a fit that holds them
/// should find.
std::vector<double> in_gauge_of(const ChipShape& shape, std::span<const double> parameters,
                                std::span<const double> reference);

}  // namespace lightloom::calibration
