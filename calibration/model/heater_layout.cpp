#include "calibration/model/heater_layout.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "photonic/meshes/heater_places.hpp"

namespace lightloom::calibration {
namespace {

using photonic::Cell;
using photonic::Place;

photonic::Pitch pitch_of(const HeaterLayout& layout) {
  return {.mode_um = layout.port_pitch_um, .column_um = 2 * layout.heater_pitch_um};
}

Place heater_place(const photonic::Topology& topology, const HeaterLayout& layout, int heater) {
  const Cell& cell = topology.cells[static_cast<std::size_t>(heater / 2)];
  const int stage = heater % 2 == 0 ? photonic::theta_stage(cell) : photonic::phi_stage(cell);
  return photonic::guide_place(pitch_of(layout), stage, cell.top);
}

}  // namespace

void describe(Section& section, HeaterLayout& layout) {
  section.value("heater_pitch_um", layout.heater_pitch_um, positive);
  section.value("port_pitch_um", layout.port_pitch_um, positive);
  section.value("reach_um", layout.reach_um, not_negative);
  section.value("pair_reach_um", layout.pair_reach_um, not_negative);
}

std::vector<HeaterNeighbour> find_neighbours(const photonic::Topology& topology,
                                             const HeaterLayout& layout) {
  const int heaters = 2 * static_cast<int>(topology.cells.size());
  std::vector<Place> places;
  for (int h = 0; h < heaters; ++h) places.push_back(heater_place(topology, layout, h));
  std::vector<HeaterNeighbour> found;
  for (int i = 0; i < heaters; ++i) {
    const Cell& cell = topology.cells[static_cast<std::size_t>(i / 2)];
    const Place near = places[static_cast<std::size_t>(i)];
    const Place other{near.x_um, cell.bottom * layout.port_pitch_um};
    for (int j = 0; j < heaters; ++j) {
      const Place from = places[static_cast<std::size_t>(j)];
      const double d = photonic::distance_um(from, near), far = photonic::distance_um(from, other);
      if (i != j && std::min(d, far) <= layout.reach_um) found.push_back({i, j, d, far});
    }
  }
  return found;
}

std::vector<HeaterNeighbour> distinct_distances(std::vector<HeaterNeighbour>& neighbours) {
  constexpr double per_um = 1e6;  // distances that differ by round-off are one
  std::map<std::pair<long long, long long>, int> index;
  std::vector<HeaterNeighbour> distances;
  for (HeaterNeighbour& n : neighbours) {
    const auto [at, fresh] =
        index.try_emplace({std::llround(n.near_um * per_um), std::llround(n.far_um * per_um)},
                          static_cast<int>(distances.size()));
    n.pair = at->second;
    if (fresh) distances.push_back(n);
  }
  return distances;
}

std::vector<HeaterPair> near_pairs(std::vector<HeaterNeighbour>& neighbours,
                                   const HeaterLayout& layout) {
  std::vector<HeaterPair> pairs;
  for (HeaterNeighbour& n : neighbours) {
    if (std::min(n.near_um, n.far_um) > layout.pair_reach_um) continue;
    n.coupling = static_cast<int>(pairs.size());
    pairs.push_back({n.victim, n.aggressor});
  }
  return pairs;
}

}  // namespace lightloom::calibration
