#pragma once

#include <string>
#include <vector>

#include "photonic/meshes/topology.hpp"

namespace lightloom::calibration {

/// The kinds of unknowns of a chip, in the order in which a parameter vector holds them. Heater 2k
/// is theta of cell k of the topology, heater 2k + 1 its phi.
enum class ParameterKind {
  efficiency,   // gamma of a heater, rad/V^2
  curvature,    // gamma_2 of a heater, rad/V^4: self-heating
  bias,         // phi_0 of a heater, rad: phase without a voltage, modulo 2 pi
  alpha,        // first splitter of a cell is pi/4 + alpha, rad
  beta,         // second splitter of a cell is pi/4 + beta, rad
  arm_gain,     // log power gain of a heated arm, per heater; 0 or negative in a passive chip
  device_gain,  // log power gain of every cell, one number
  crosstalk,    // amplitude (1) and decay length (um) of the thermal crosstalk kernel
  input_gain,   // log power coupling of an input port
  output_gain,  // log gain of a detector
  offset,       // of a detector, in units of its readings
  screen,       // phase of an output port, rad; no power shows it
  coupling,     // crosstalk of a near pair of heaters beyond the kernel (1), where the layout asks
};
inline constexpr int kinds = 13;

/// A heater and another one that warms it.
struct HeaterPair {
  int victim = 0, aggressor = 0;
};

/// Where each unknown of a chip stands in a parameter vector, and what it is called.
class ParameterLayout {
 public:
  ParameterLayout(const photonic::Topology& topology, std::vector<HeaterPair> pairs);

  [[nodiscard]] int size() const { return start_[kinds]; }
  [[nodiscard]] int first(ParameterKind kind) const {
    return start_[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] int count(ParameterKind kind) const {
    return start_[static_cast<std::size_t>(kind) + 1] - start_[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] int at(ParameterKind kind, int element) const { return first(kind) + element; }
  [[nodiscard]] ParameterKind kind_of(int index) const;
  /// "gamma of the phi heater of MZI 7 (column 3, ports 4-5)"; ports count from 0.
  [[nodiscard]] std::string name(int index) const;

 private:
  photonic::Topology topology_;
  std::vector<HeaterPair> pairs_;  // with a coupling of their own
  std::vector<int> start_;
};

/// "gamma", "phi_0", ...: short, as in files and tables.
const char* kind_name(ParameterKind kind);
const char* kind_unit(ParameterKind kind);
/// "the phi heater of MZI 7 (column 3, ports 4-5)".
std::string heater_name(const photonic::Topology& topology, int heater);

/// Which entries of a parameter vector a fit may change.
struct FreeSet {
  std::vector<int> parameters;  // indices of the free ones, ascending
  std::vector<int> position;    // per parameter: its place among the free ones, or -1

  [[nodiscard]] int size() const { return static_cast<int>(parameters.size()); }
  [[nodiscard]] bool has(int index) const { return position[static_cast<std::size_t>(index)] >= 0; }
};
FreeSet free_set(const std::vector<bool>& is_free);
/// All parameters of the kinds listed.
std::vector<bool> free_kinds(const ParameterLayout& layout,
                             const std::vector<ParameterKind>& kinds_freed);

}  // namespace lightloom::calibration
