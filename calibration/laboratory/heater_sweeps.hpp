#pragma once

#include <string>
#include <vector>

#include "calibration/laboratory/heater_bench.hpp"

namespace lightloom::calibration {

struct SweepRun {
  std::vector<Sweep> sweeps;
  int readings = 0;                   // settings made in all
  std::vector<std::string> problems;  // routes not found, heaters without a fringe
};

/// Sweeps every heater so that its fringe shows alone, with light in one port at a time and
/// detectors at the outputs only, knowing nothing but the design value of gamma. First all laws are
/// found roughly (`find_laws`). Then all MZIs are brought to the bar state, and each theta is swept
/// between the ports whose light it holds, twice, the second time with all others where the first
/// put them. phi: its MZI and the one before it on the same ports are set to half, which makes them
/// one interferometer. (Rectangles with output detectors: Alexiev et al. 2021.) Readings are means
/// over random phases of stray light.
SweepRun sweep_heaters(const ChipShape& shape, const Instrument& instrument, const SweepPlan& plan);

}  // namespace lightloom::calibration
