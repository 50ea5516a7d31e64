#pragma once

#include "photonic/meshes/topology.hpp"

namespace lightloom::photonic {

/// A place on the chip, from the corner of mode 0 and column 0.
struct Place {
  double x_um = 0, y_um = 0;
};
double distance_um(const Place& a, const Place& b);

/// Phase shifters of a regular layout sit in stages of half a column: phi at the beginning of its
/// column, theta half a column further, the output screen behind the last column; a cell's driven
/// shifters on the guide of its upper mode.
inline int phi_stage(const Cell& cell) { return 2 * cell.column; }
inline int theta_stage(const Cell& cell) { return 2 * cell.column + 1; }
inline int screen_stage(const Topology& topology) { return 2 * topology.columns; }

/// The guide of a mode at a stage.
Place guide_place(const Pitch& pitch, int stage, int mode);

}  // namespace lightloom::photonic
