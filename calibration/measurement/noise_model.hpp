#pragma once

#include "core/cards/card.hpp"

namespace lightloom::calibration {

/// Variance of a reading y: thermal^2 + shot y + (relative y)^2
/// (docs/models/calibration/mesh.md#noise). Readings are in units of a full-scale input that loses
/// nothing.
struct NoiseModel {
  double thermal = 2e-4;
  double shot = 0;
  double relative = 0.01;

  [[nodiscard]] double sigma(double reading) const;
};
void describe(Section& section, NoiseModel& noise);

}  // namespace lightloom::calibration
