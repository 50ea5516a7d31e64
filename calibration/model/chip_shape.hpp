#pragma once

#include <vector>

#include "calibration/model/heater_layout.hpp"
#include "calibration/model/parameters.hpp"
#include "photonic/meshes/topology.hpp"

namespace lightloom::calibration {

/// What is known of a chip without measuring: its mesh and the places of its heaters.
struct ChipShape {
  photonic::Topology topology;
  HeaterLayout heaters;
  std::vector<HeaterNeighbour> neighbours;  // by victim
  std::vector<HeaterNeighbour> distances;   // one of each pair of distances: a layout has few
  ParameterLayout parameters;

  ChipShape(photonic::Topology mesh, const HeaterLayout& layout);
  [[nodiscard]] int cells() const { return static_cast<int>(topology.cells.size()); }
  [[nodiscard]] int heater_count() const { return 2 * cells(); }
  [[nodiscard]] int ports() const { return topology.modes; }
};

}  // namespace lightloom::calibration
