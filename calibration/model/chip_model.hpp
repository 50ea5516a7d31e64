#pragma once

#include <span>
#include <vector>

#include "calibration/model/chip_shape.hpp"
#include "photonic/meshes/mesh.hpp"

namespace lightloom::calibration {

/// Coherent input vectors, (inputs, ports): amplitude 1 is full scale.
struct Inputs {
  int count = 0, ports = 0;
  std::vector<photonic::Complex> fields;
};
/// One port at a time, at full scale.
Inputs single_ports(int ports);

/// Phases of all heaters at `voltages`: phi_i = phi_0i + sum_j Gamma_ij (gamma_j V_j^2 + gamma_2j
/// V_j^4), Gamma_ii = 1, Gamma_ij = kappa (e^{-d/d0} - e^{-d'/d0}) with the distances to the two
/// arms of the victim, plus the coupling of near pairs (docs/models/calibration/mesh.md#model).
/// Never wrapped. (The photonic room's `ThermalCrosstalk` warms every arm by phases set; here only
/// the difference between the arms counts, by voltages, with derivatives.)
void heater_phases(const ChipShape& shape, std::span<const double> parameters,
                   std::span<const double> voltages, std::span<double> phases_rad);
/// The crosstalk kernel of one neighbour and its derivatives.
struct HeatKernel {
  double value = 0, by_amplitude = 0, by_decay = 0;
};
HeatKernel crosstalk_kernel(const HeaterNeighbour& neighbour, double amplitude, double decay_um);

/// The kernel of every pair of distances of the chip.
std::vector<HeatKernel> crosstalk_kernels(const ChipShape& shape,
                                          std::span<const double> parameters);

/// Gamma_ij of every neighbour of the chip, in its order: kernel and coupling.
std::vector<double> neighbour_kernels(const ChipShape& shape, std::span<const double> parameters);

/// The mesh at given heater phases, in the photonic room's terms.
photonic::Fabrication fabrication_of(const ChipShape& shape, std::span<const double> parameters);
photonic::MeshSettings settings_of(const ChipShape& shape, std::span<const double> parameters,
                                   std::span<const double> phases_rad);
/// The 2x2 of every cell, gains included.
void chip_transfers(const ChipShape& shape, std::span<const double> parameters,
                    std::span<const double> phases_rad, std::span<photonic::Transfer> transfers);

/// A chip with the values of its parameters; nothing is owned.
struct ChipModel {
  const ChipShape& shape;
  std::span<const double> parameters;
};

/// Detector readings (inputs, ports) at one setting: y_i = g_i |[U diag(sqrt c) x]_i|^2 + o_i
/// (docs/models/calibration/mesh.md#model), without noise.
void predict(const ChipModel& chip, std::span<const double> voltages, const Inputs& inputs,
             std::span<double> readings);
/// The same at given heater phases, for chips whose phases drift.
void predict_at(const ChipModel& chip, std::span<const double> phases_rad, const Inputs& inputs,
                std::span<double> readings);
/// The same by the 2x2 of every cell.
void predict_by(const ChipModel& chip, std::span<const photonic::Transfer> transfers,
                const Inputs& inputs, std::span<double> readings);

}  // namespace lightloom::calibration
