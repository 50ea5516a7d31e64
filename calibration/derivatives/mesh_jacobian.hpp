#pragma once

#include <span>
#include <vector>

#include "calibration/model/chip_model.hpp"

namespace lightloom::calibration {

/// The derivatives of the readings of one setting by what the light itself meets: heater phases,
/// splitters, gains. Device parameters follow from them by a sparse matrix (`Expansion`).
struct BaseColumns {
  int cells = 0, ports = 0;
  int arm = -1, device = -1, input = -1, output = -1, offset = -1;  // first column, -1: left out
  int size = 0;

  [[nodiscard]] int phase(int heater) const { return heater; }
  [[nodiscard]] int alpha(int cell) const { return 2 * cells + cell; }
  [[nodiscard]] int beta(int cell) const { return 3 * cells + cell; }
};
/// Only the columns that some free parameter needs; phases and splitters always.
BaseColumns base_columns(const ChipShape& shape, const FreeSet& free);

/// Readings and base Jacobian of one setting.
struct SettingDerivatives {
  std::vector<double> readings;  // (inputs, ports)
  std::vector<double> jacobian;  // (base columns, inputs, ports): column after column
};

/// One setting as the light meets it.
struct SettingLight {
  std::span<const double> phases_rad;  // (heaters)
  const Inputs& inputs;
};

/// Which derivatives, and what every row is multiplied by.
struct WeightedColumns {
  const BaseColumns& columns;
  std::span<const double> row_weight;  // (inputs, ports); empty: 1
};

/// Analytic derivatives by one forward and one backward sweep
/// (docs/models/calibration/mesh.md#derivatives): dP_i/dp = 2 g_i Re{conj(y_i) R (dT/dp) f}.
void differentiate(const ChipModel& chip, const SettingLight& light, const WeightedColumns& wanted,
                   SettingDerivatives& result);

}  // namespace lightloom::calibration
