#pragma once

#include <optional>
#include <vector>

#include "calibration/model/chip_model.hpp"

namespace lightloom::calibration {

/// What tells the light of one arm of an MZI from all other light: a phi heater that turns that arm
/// alone, or the port of the chip it is.
struct Arm {
  bool top = true;        // which of the MZI's two
  int heater = -1;        // -1: the arm is a port
  int port = -1;          // which
  std::vector<int> bars;  // cells that must be in the bar state for it

  [[nodiscard]] bool is_port() const { return heater < 0; }
};

/// An arm in front of a cell, or behind it, with the fewest cells that must be bar, over heaters
/// and thetas that are not `silent` (heaters).
std::optional<Arm> arm_before(const ChipShape& shape, int cell, const std::vector<bool>& silent);
std::optional<Arm> arm_behind(const ChipShape& shape, int cell, const std::vector<bool>& silent);

/// Ports of the chip that light can come from to one arm in front of a cell (`step` -1), or reach
/// from one behind it (+1).
std::vector<bool> reach(const ChipShape& shape, int cell, bool top, int step);

/// Two cells on the same ports, the second the next after the first: at half, with all between them
/// bar, they are an interferometer.
struct Loop {
  int first = -1, last = -1;
};
/// The loop in which the phi heater of `cell` turns one arm: up to that cell, or, where no cell
/// comes before it on its ports, around it.
std::optional<Loop> loop_of_phi(const ChipShape& shape, int cell);

/// The cell before on the same ports, or -1.
int cell_before(const ChipShape& shape, int cell);

/// The next cell on `port` in front of `cell` (`step` -1) or behind it (+1), or -1.
int next_cell(const ChipShape& shape, int cell, int port, int step);

}  // namespace lightloom::calibration
