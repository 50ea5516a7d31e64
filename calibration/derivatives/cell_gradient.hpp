#pragma once

#include <span>
#include <vector>

#include "calibration/model/chip_model.hpp"

namespace lightloom::calibration {

/// What the derivatives of one cell need beside its transfer T.
struct CellState {
  photonic::Transfer transfer;
  photonic::Complex phi_arm;  // e^{i phi + g/2}
  double sin_2beta = 0, cos_2beta = 1;
};
/// All cells at given heater phases.
std::vector<CellState> cell_states(const ChipShape& shape, std::span<const double> parameters,
                                   std::span<const double> phases_rad);

/// dT/dp of one cell by its parameters (docs/models/calibration/mesh.md#derivatives); those by log
/// gains of the two arms are -i/2 times those by their phases.
struct CellGradient {
  photonic::Transfer theta, phi, alpha, beta, device;
};
CellGradient gradient_of(const CellState& cell);

}  // namespace lightloom::calibration
