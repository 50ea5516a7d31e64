#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "photonic/cores/chip_statistics.hpp"

namespace lightloom::photonic {

/// How a chip of unknown errors is brought to its target, from readings alone.
enum class ConfigurationMethod {
  nulling,         // device by device, from output fields (field_nulling.hpp)
  nulling_powers,  // the same from output powers (power_nulling.hpp)
  self,            // phase by phase, from the whole matrix (self_configuration.hpp)
};

/// Chips of an MZI-mesh card in the laboratory: one mesh a chip, whose fabrication, phases, drivers
/// and crosstalk nobody knows. Values of every chip in order.
struct ConfiguredChips {
  std::string target;  // see ChipStatistics
  int modes = 0;
  /// ||realised - target||_F / sqrt(N) of the settings of a perfect mesh, and of those found; with
  /// readings of power, which leave no trace of the phases behind a mesh, at the best phase of
  /// every output.
  std::vector<double> error_before, error_after;
  std::vector<double> readings;     // vectors sent in; `self`: matrices of N vectors each
  std::vector<double> unreachable;  // share of devices that cannot darken their output; `self`: 0
};

/// Targets are those of `chip_statistics` for the same chips. What the card knows of its chips
/// (correction, phases without drive, crosstalk) is not used: only readings are. A reading has no
/// noise of its own; errors of set phases that are new at every write are. Throws `Error` for cores
/// without meshes, and for nulling on devices
/// other than MZIs with or without a crossing.
ConfiguredChips configure_chips(const CoreCard& card, const ChipOptions& options,
                                ConfigurationMethod method);

}  // namespace lightloom::photonic
