#include "calibration/model/chip_shape.hpp"

#include "core/error.hpp"

namespace lightloom::calibration {

ChipShape::ChipShape(photonic::Topology mesh, const HeaterLayout& layout)
    : topology(std::move(mesh)),
      heaters(layout),
      neighbours(find_neighbours(topology, layout)),
      distances(distinct_distances(neighbours)),
      parameters(topology, near_pairs(neighbours, layout)) {
  require(topology.modes >= 2, "calibration: a mesh of {} port has nothing to calibrate",
          topology.modes);
}

}  // namespace lightloom::calibration
