#pragma once

#include "calibration/measurement/data_check.hpp"

namespace lightloom::calibration {

/// What `check_data` is for settings, for the sweeps of single heaters: indices and counts, NaN,
/// constant voltage, and, by the design's V_pi, sweeps whose points are too far apart (aliased,
/// under-sampled) or span too little.
DataReport check_sweeps(const ChipShape& shape, const Measurements& data, double pi_voltage_V);

}  // namespace lightloom::calibration
