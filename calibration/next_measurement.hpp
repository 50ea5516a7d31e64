#pragma once

#include <cstdint>

#include "calibration/fit/next_settings.hpp"
#include "calibration/model/device_card.hpp"

namespace lightloom::calibration {

/// What is to be measured next of a fitted device.
struct NextMeasurement {
  int settings = 8;     // to choose
  int candidates = 40;  // random ones to choose among, at least as many
  double max_voltage_V = 6.5;
  std::uint64_t seed = 0;
};

/// What was chosen, beside as many random settings.
struct NextSettings {
  Measurements candidates;  // voltages and inputs, every port lit in turn; readings are 0
  SettingDesign design;
  double log_det_random = 0;  // of the first candidates, as many as were chosen
  int unknowns = 0;
};

/// The settings that would tell most about a device whose parameters are believed within the
/// standard deviations of its fit; those without one are held. Throws `Error` if none has one.
NextSettings next_settings(const DeviceFile& device, const NextMeasurement& wanted);

}  // namespace lightloom::calibration
