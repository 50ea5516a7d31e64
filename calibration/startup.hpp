#pragma once

#include <functional>
#include <string>
#include <vector>

#include "calibration/virtual_chip.hpp"

namespace lightloom::calibration {

/// Sets all voltages, lights one port, returns the powers at all ports.
using Instrument = std::function<std::vector<double>(std::span<const double> voltages, int input)>;
/// A virtual chip as an instrument.
Instrument instrument_of(VirtualChip& chip);

struct SweepPlan {
  double max_voltage_V = 6.5;
  double gamma = 0.165;   // design value, rad/V^2
  int search_points = 6;  // per scan while routing
  int points = 16;        // of a recorded sweep
  int attempts = 10;      // random beginnings of one route
  std::uint64_t seed = 1;
};

struct SweepRun {
  std::vector<Sweep> sweeps;
  int readings = 0;                   // settings made in all
  std::vector<std::string> problems;  // routes not found, heaters without a fringe
};

/// Sweeps every heater so that its fringe shows alone, with light in one port at a time and
/// detectors at the outputs only, knowing nothing but the design value of gamma. theta: the upper
/// half of the ports from port 0 on, then the lower half from the last port on, are each routed
/// straight through all MZIs they share with the next one, by raising its power heater by heater,
/// each by one exact fringe, until all are in the bar state (those shared with the port before are
/// in it already); all MZIs farther on are in random states, so that light on detours gets lost,
/// and from both sides there are always half the ports to lose it in. Then each is swept. phi: its
/// MZI and the one before it on the same ports are set to half, all others to bar, which makes them
/// one interferometer. (The order of section 3, done with output detectors.)
SweepRun sweep_heaters(const ChipShape& shape, const Instrument& instrument, const SweepPlan& plan);

/// Heater laws from such sweeps, column by column: gamma and phi_0 of theta from its own fringe, of
/// phi by comparing its fringe with the model's. Starts from `parameters` (design values and a
/// guess of the crosstalk). Sweeps without a fringe leave their heater as it was and are named.
struct SweepStart {
  std::vector<double> parameters;
  std::vector<std::string> problems;
  std::vector<int> silent;  // heaters that show no fringe
};
SweepStart start_from_sweeps(const ChipShape& shape, std::vector<double> parameters,
                             const std::vector<Sweep>& sweeps);

}  // namespace lightloom::calibration
