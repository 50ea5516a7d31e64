#pragma once

#include <string>
#include <vector>

#include "calibration/measurement/measurements.hpp"

namespace lightloom::calibration {

/// What is wrong with a set of measurements, in words.
struct DataReport {
  std::vector<std::string> errors;    // must not be fitted
  std::vector<std::string> warnings;  // can be fitted, with this said
};

/// Looks for wrong sizes, NaN and infinities, wrong port counts, saturated detectors, strongly
/// negative readings, dark detectors and inputs, constant and negative voltages, too few settings,
/// settings measured twice, readings in wrong units (more light out than in).
DataReport check_data(const ChipShape& shape, const Measurements& data);

/// The same for the sweeps of single heaters: indices and counts, NaN, constant voltage, and, by
/// the design's V_pi, sweeps whose points are too far apart (aliased, under-sampled) or span too
/// little.
DataReport check_sweeps(const ChipShape& shape, const Measurements& data, double pi_voltage_V);

/// Throws `Error` with all errors of `check_data`, one a line.
void refuse_bad_data(const ChipShape& shape, const Measurements& data);

/// Columns that seem swapped, found by comparing readings with what a fit predicts: "detectors 2
/// and 5 seem swapped (chi^2 per reading falls from 840 to 1.1)". Looks at detectors and at inputs.
std::vector<std::string> find_swaps(const ChipShape& shape, const Measurements& data,
                                    std::span<const double> parameters);

/// Heaters whose voltage columns seem swapped: exchanging them brings the prediction of
/// `parameters` (of a start, whose error is about `floor` of full scale) much nearer to the
/// readings.
std::vector<std::string> find_swapped_heaters(const ChipShape& shape, const Measurements& data,
                                              std::span<const double> parameters, double floor);

}  // namespace lightloom::calibration
