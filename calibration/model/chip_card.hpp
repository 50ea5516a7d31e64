#pragma once

#include <span>
#include <vector>

#include "calibration/model/chip_model.hpp"
#include "photonic/meshes/topology.hpp"

namespace lightloom::calibration {

/// A chip as designed, and the spread of what fabrication hides.
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

/// The word of a card for a mesh: clements, reck, butterfly.
const char* topology_name(photonic::MeshKind kind);

ChipShape chip_shape(const ChipCard& card);
/// The parameters as designed: no errors, loss as nominal, biases 0, no crosstalk.
std::vector<double> design_parameters(const ChipShape& shape, const ChipCard& card);
/// The values of one kind in a vector of all parameters.
std::span<double> values_of(const ChipShape& shape, std::vector<double>& parameters,
                            ParameterKind kind);

}  // namespace lightloom::calibration
