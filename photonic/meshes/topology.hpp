#pragma once

#include <vector>

namespace lightloom::photonic {

/// Distances on the chip: mode m runs at y = m mode_um, column c begins at x = c column_um.
struct Pitch {
  double mode_um = 25;
  double column_um = 300;
};

enum class MeshKind { clements, reck, butterfly };

/// One device of a mesh: it joins `top` and `bottom` in column `column`, counted in the order of
/// light.
struct Cell {
  int column = 0;
  int top = 0;
  int bottom = 1;
};

/// Where the devices of a mesh sit, in the order of light, column by column; an output phase screen
/// follows.
struct Topology {
  MeshKind kind = MeshKind::clements;
  int modes = 1;
  int columns = 0;
  std::vector<Cell> cells;
  std::vector<int>
      column_start;  // (columns + 1): cells of column c are [column_start[c], column_start[c + 1])

  /// Cells of neighbouring modes along which light runs from the bottom of one to the top of the
  /// next, ordered so that each diagonal comes after those it depends on. Empty when some cell
  /// joins modes that are not neighbours.
  struct Diagonal {
    int offset = 0;  // of its first cell in diagonal_cells
    int count = 0;
    int first_mode = 0;  // upper mode of its first cell; the next one's is one more
  };
  std::vector<Diagonal> diagonals;
  std::vector<int> diagonal_cells;  // indices into cells
};

/// Rectangle of Clements et al., Optica 3, 1460 (2016): N columns, N(N-1)/2 devices; column c holds
/// modes (m, m+1), m = c mod 2.
Topology clements_topology(int modes);
/// Triangle of Reck et al., PRL 73, 58 (1994): 2N-3 columns, N(N-1)/2 devices.
Topology reck_topology(int modes);
/// log2(N) columns of N/2 devices that join modes 1, 2, 4, ... apart; N must be a power of two. Not
/// universal.
Topology butterfly_topology(int modes);
Topology make_topology(MeshKind kind, int modes);

/// Sorts cells by column and fills `column_start`; for builders of topologies.
Topology finish_topology(MeshKind kind, int modes, std::vector<Cell> cells);

}  // namespace lightloom::photonic
