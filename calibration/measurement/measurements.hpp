#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "calibration/measurement/noise_model.hpp"
#include "calibration/model/chip_model.hpp"

namespace lightloom::calibration {

/// One heater swept while the others hold: the raw data of stage A.
struct Sweep {
  int heater = 0, input = 0, output = 0;  // input: light enters this port alone
  std::vector<double> base_V;             // (heaters): what the others hold
  std::vector<double> volts;              // (points)
  std::vector<double> readings;           // (points)
};

/// What a laboratory hands over: voltages set, light sent in, powers read.
struct Measurements {
  Inputs inputs;
  int settings = 0;
  std::vector<double> voltages;  // (settings, heaters), V
  std::vector<double> readings;  // (settings, inputs, ports)
  std::vector<double> monitor;   // (settings): source power relative to its nominal one, or empty
  NoiseModel noise;
  std::vector<Sweep> sweeps;
  std::map<std::string, std::string> notes;  // chip, operator, date, ...

  [[nodiscard]] std::size_t block() const {
    return static_cast<std::size_t>(inputs.count) * static_cast<std::size_t>(inputs.ports);
  }
  /// Whether one setting is work enough for a thread.
  [[nodiscard]] bool large() const { return block() >= 144; }
  [[nodiscard]] std::span<const double> voltages_of(int setting) const {
    const std::size_t heaters = voltages.size() / static_cast<std::size_t>(settings);
    return {voltages.data() + static_cast<std::size_t>(setting) * heaters, heaters};
  }
  [[nodiscard]] std::span<const double> readings_of(int setting) const {
    return {readings.data() + static_cast<std::size_t>(setting) * block(), block()};
  }
  /// Readings of a setting divided by its monitor value.
  [[nodiscard]] double source(int setting) const {
    return monitor.empty() ? 1.0 : monitor[static_cast<std::size_t>(setting)];
  }
};

}  // namespace lightloom::calibration
