#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "calibration/measurement/measurements.hpp"

namespace lightloom::calibration {

/// What kind of thing is wrong, for those who decide by it.
enum class DataFault {
  sizes,            // counts do not fit the mesh or one another
  not_finite,       // voltages, readings or monitor values that are no number
  negative_power,   //
  saturation,       // a detector at its end
  darkness,         // a detector or an input without light
  units,            // more light out than in
  static_voltages,  // all heaters hold one voltage in all settings
  few_settings,     // fewer readings than unknowns
  sweep,            // of a single heater: useless, or aliased
};
struct DataError {
  DataFault fault{};
  std::string text;
};

/// What is wrong with a set of measurements, in words.
struct DataReport {
  std::vector<DataError> errors;      // must not be fitted
  std::vector<std::string> warnings;  // can be fitted, with this said
};
/// The texts of `errors`, without those of the faults that are `allowed`.
std::vector<std::string> texts_of(const std::vector<DataError>& errors,
                                  std::initializer_list<DataFault> allowed = {});

/// Looks for wrong sizes, NaN and infinities, wrong port counts, saturated detectors, strongly
/// negative readings, dark detectors and inputs, constant and negative voltages, too few settings,
/// settings measured twice, readings in wrong units (more light out than in).
DataReport check_data(const ChipShape& shape, const Measurements& data);

/// Throws `Error` with all errors of `check_data`, one a line.
void refuse_bad_data(const ChipShape& shape, const Measurements& data);

/// Columns that seem swapped, found by comparing readings with what a fit predicts: "detectors 2
/// and 5 seem swapped (chi^2 per reading falls from 840 to 1.1)". Looks at detectors and at inputs.
std::vector<std::string> find_swaps(const ChipShape& shape, const Measurements& data,
                                    std::span<const double> parameters);

}  // namespace lightloom::calibration
