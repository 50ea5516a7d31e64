#pragma once

#include <cstdint>
#include <functional>

#include "calibration/measurement/measurements.hpp"
#include "calibration/model/chip_state.hpp"
#include "photonic/meshes/topology.hpp"

namespace lightloom::calibration {

/// Spread of what fabrication hides, and what a laboratory must live with.
struct ChipCard {
  int modes = 16;
  photonic::MeshKind topology = photonic::MeshKind::clements;
  HeaterLayout layout;
  double pi_voltage_V = 4.36;        // design: gamma = pi / V_pi^2
  double heater_sigma = 0.03;        // relative spread of gamma
  double self_heating = 0;           // gamma_2 pi / gamma^2: relative loss of phase at pi
  double bias_sigma_rad = 10;        // of phi_0; 10 is uniform modulo 2 pi
  double splitter_sigma_rad = 0.02;  // alpha and beta
  double splitter_mean_rad = 0;
  double device_loss_db = 0.1;        // of one MZI
  double arm_loss_sigma_db = 0;       // spread of each heated arm
  double crosstalk_amplitude = 0.05;  // kappa_0
  double crosstalk_decay_um = 60;     // d_0
  double pair_sigma = 0;              // spread of the couplings of near pairs beyond the kernel
  double input_sigma_db = 0.3;        // spread of the input couplings
  double output_sigma_db = 0.3;       // spread of the detector gains
  double offset_sigma = 0;            // of the detectors' zeros, of full scale
  std::vector<int> dead_heaters;      // do not respond at all
};
void describe(Section& section, ChipCard& card);

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

ChipShape chip_shape(const ChipCard& card);
/// The parameters as designed: no errors, loss as nominal, biases 0, no crosstalk.
std::vector<double> design_parameters(const ChipShape& shape, const ChipCard& card);
/// The hidden truth of chip `chip`: pure function of (card, seed, chip).
std::vector<double> hidden_parameters(const ChipShape& shape, const ChipCard& card,
                                      std::uint64_t seed, std::uint32_t chip);

/// A chip in a laboratory: sets voltages, sends light, reads powers.
class VirtualChip {
 public:
  VirtualChip(ChipShape shape, std::vector<double> hidden, const LaboratoryCard& laboratory,
              std::uint64_t seed, std::uint32_t chip = 0);

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
  std::uint64_t seed_;
  std::uint32_t chip_;
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
