#pragma once

#include <cstdint>
#include <functional>

#include "calibration/measurement/measurements.hpp"
#include "calibration/model/chip_card.hpp"
#include "calibration/model/chip_state.hpp"

namespace lightloom::calibration {

/// What a laboratory's readings suffer from.
struct LaboratoryCard {
  NoiseModel noise;
  double max_voltage_V = 6.5;   // of the drivers; sqrt(2) V_pi reaches 2 pi
  double source_drift = 0;      // relative standard deviation of the source between settings
  double monitor_sigma = 1e-3;  // relative error of its monitor
  double phase_drift_rad = 0;   // standard deviation of every heater's phase, Ornstein-Uhlenbeck
  double drift_settings = 100;  // its correlation time, in settings
  double outlier_fraction = 0;  // readings replaced by a uniform number
  double saturation = 0;        // readings above it are cut; 0: never
};
void describe(Section& section, LaboratoryCard& card);

/// The hidden truth of chip `chip`: pure function of (card, seed, chip).
std::vector<double> hidden_parameters(const ChipShape& shape, const ChipCard& card,
                                      std::uint64_t seed, std::uint32_t chip);

/// What a laboratory's random numbers are drawn from.
struct LaboratorySeed {
  std::uint64_t seed = 0;
  std::uint32_t chip = 0;
};

/// A chip in a laboratory: sets voltages, sends light, reads powers.
class VirtualChip {
 public:
  VirtualChip(ChipShape shape, std::vector<double> hidden, const LaboratoryCard& laboratory,
              const LaboratorySeed& seed);

  [[nodiscard]] const ChipShape& shape() const { return shape_; }
  [[nodiscard]] const std::vector<double>& hidden() const { return hidden_; }
  [[nodiscard]] const LaboratoryCard& laboratory() const { return laboratory_; }
  /// Readings (inputs, ports) of the next setting, with noise; counts settings for the drift.
  /// `source` receives what the monitor says.
  std::vector<double> read(std::span<const double> voltages, const Inputs& inputs,
                           double* source = nullptr);
  [[nodiscard]] std::int64_t settings_made() const { return setting_; }

 private:
  void drift();
  void predict(std::span<const double> voltages, const Inputs& inputs, std::span<double> readings);

  ChipShape shape_;
  std::vector<double> hidden_;
  LaboratoryCard laboratory_;
  LaboratorySeed seed_;
  std::int64_t setting_ = 0;
  std::vector<double> phase_drift_;
  ChipState state_;  // of a chip that does not drift
};

/// Voltages with V^2 uniform over [0, max^2] for every heater: settings for a fit are uniform in
/// power (docs/models/calibration/mesh.md#settings). (settings, heaters)
std::vector<double> random_voltages(const ChipShape& shape, int settings, double max_voltage_V,
                                    std::uint64_t seed);

/// Measures all `inputs` at every setting.
Measurements measure(VirtualChip& chip, const std::vector<double>& voltages, const Inputs& inputs);

}  // namespace lightloom::calibration
