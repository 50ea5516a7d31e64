#include "photonic/meshes/topology.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "core/error.hpp"

namespace lightloom::photonic {
namespace {

void find_diagonals(Topology& topology) {
  const auto depth = [&](int k) {
    const Cell& cell = topology.cells[static_cast<std::size_t>(k)];
    return cell.column - cell.top;
  };
  for (const Cell& cell : topology.cells)
    if (cell.bottom != cell.top + 1) return;
  // Sorted by depth, from 1 - modes to columns: places of each depth follow from how many there
  // are.
  std::vector<int> next(static_cast<std::size_t>(topology.modes + topology.columns) + 1);
  const auto place = [&](int k) {
    const int behind_first = depth(k) + topology.modes;
    return static_cast<std::size_t>(behind_first);
  };
  const int cells = static_cast<int>(topology.cells.size());
  for (int k = 0; k < cells; ++k) ++next[place(k)];
  std::exclusive_scan(next.begin(), next.end(), next.begin(), 0);
  std::vector<int> order(topology.cells.size());
  for (int k = 0; k < cells; ++k) order[static_cast<std::size_t>(next[place(k)]++)] = k;
  for (std::size_t k = 0; k < order.size(); ++k) {
    if (k == 0 || depth(order[k]) != depth(order[k - 1]))
      topology.diagonals.push_back(
          {static_cast<int>(k), 0, topology.cells[static_cast<std::size_t>(order[k])].top});
    ++topology.diagonals.back().count;
  }
  topology.diagonal_cells = std::move(order);
}

}  // namespace

Topology finish_topology(MeshKind kind, int modes, std::vector<Cell> cells) {
  Topology topology{.kind = kind, .modes = modes, .cells = std::move(cells)};
  const auto before = [](const Cell& a, const Cell& b) {
    return a.column != b.column ? a.column < b.column : a.top < b.top;
  };
  if (!std::ranges::is_sorted(topology.cells, before))
    std::ranges::stable_sort(topology.cells, before);
  topology.columns = topology.cells.empty() ? 0 : topology.cells.back().column + 1;
  topology.column_start.assign(static_cast<std::size_t>(topology.columns) + 1, 0);
  for (const Cell& cell : topology.cells)
    ++topology.column_start[static_cast<std::size_t>(cell.column) + 1];
  for (std::size_t c = 1; c < topology.column_start.size(); ++c)
    topology.column_start[c] += topology.column_start[c - 1];
  find_diagonals(topology);
  return topology;
}

Topology clements_topology(int modes) {
  require(modes >= 1, "a mesh needs at least one mode, not {}", modes);
  std::vector<Cell> cells;
  cells.reserve(static_cast<std::size_t>(modes) * static_cast<std::size_t>(modes) / 2);
  for (int column = 0; column < modes; ++column)
    for (int top = column % 2; top + 1 < modes; top += 2) cells.push_back({column, top, top + 1});
  return finish_topology(MeshKind::clements, modes, std::move(cells));
}

Topology reck_topology(int modes) {
  require(modes >= 1, "a mesh needs at least one mode, not {}", modes);
  // Row r = N-1 ... 1 of the decomposition nulls columns 0 ... r-1; its first device can act two
  // columns after that of the row before.
  std::vector<Cell> cells;
  for (int row = modes - 1; row >= 1; --row)
    for (int top = 0; top < row; ++top)
      cells.push_back({2 * (modes - 1 - row) + top, top, top + 1});
  return finish_topology(MeshKind::reck, modes, std::move(cells));
}

Topology butterfly_topology(int modes) {
  require(modes >= 1 && std::has_single_bit(static_cast<unsigned>(modes)),
          "a butterfly mesh needs a power of two of modes, not {}", modes);
  std::vector<Cell> cells;
  for (int column = 0, stride = 1; stride < modes; ++column, stride *= 2)
    for (int top = 0; top < modes; ++top)
      if ((top & stride) == 0) cells.push_back({column, top, top + stride});
  return finish_topology(MeshKind::butterfly, modes, std::move(cells));
}

Topology make_topology(MeshKind kind, int modes) {
  switch (kind) {
    case MeshKind::clements:
      break;
    case MeshKind::reck:
      return reck_topology(modes);
    case MeshKind::butterfly:
      return butterfly_topology(modes);
  }
  return clements_topology(modes);
}

}  // namespace lightloom::photonic
