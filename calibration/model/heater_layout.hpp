#pragma once

#include <vector>

#include "calibration/model/parameters.hpp"
#include "core/cards/card.hpp"
#include "photonic/meshes/topology.hpp"

namespace lightloom::calibration {

/// Where the heaters lie: column c of the mesh has its phi heaters at x = 2 c pitch and its theta
/// heaters at (2 c + 1) pitch, each on the upper arm of its cell; port p runs along y = p pitch.
struct HeaterLayout {
  double heater_pitch_um = 200;  // along the light, between the two heaters of one cell
  double port_pitch_um = 60;     // across
  double reach_um = 250;         // crosstalk beyond this distance is left out
  double pair_reach_um = 0;      // nearer pairs have a crosstalk of their own beside the kernel
};
void describe(Section& section, HeaterLayout& layout);

/// A heater that warms the arms of another heater's cell, at the distances given.
struct HeaterNeighbour {
  int victim = 0, aggressor = 0;
  double near_um = 0;  // from the aggressor to the victim's heated arm
  double far_um = 0;   // to its other arm
  int pair = 0;        // index of these distances among the chip's
  int coupling = -1;   // which `ParameterKind::coupling` is theirs, or none
};

/// Every heater within reach of another heater's cell, by victim.
std::vector<HeaterNeighbour> find_neighbours(const photonic::Topology& topology,
                                             const HeaterLayout& layout);
/// One neighbour for each pair of distances, and the index of each in it.
std::vector<HeaterNeighbour> distinct_distances(std::vector<HeaterNeighbour>& neighbours);
/// Gives near pairs a coupling of their own.
std::vector<HeaterPair> near_pairs(std::vector<HeaterNeighbour>& neighbours,
                                   const HeaterLayout& layout);

}  // namespace lightloom::calibration
