#pragma once

#include <vector>

#include "calibration/products/model_comparison.hpp"

namespace lightloom::calibration {

/// What offsets by the number of the vector modulo a period would take away.
struct PeriodTrial {
  int period = 1;
  double rms = 0;  // held out, in units of the products
};

/// The period of offsets, found or given.
struct PeriodFound {
  int period = 1;  // 1: none
  bool given = false;
  std::vector<PeriodTrial> trials;  // empty where it was given
};

/// Tries periods of 1 to 64 (or an eighth of the vectors) on what a gain of every output, or for
/// models that mix a frozen mixing, leaves. Takes the smallest one whose held-out mean square is
/// within two standard errors (of the difference, vector by vector) of the least. At least 8
/// vectors; models without a period have 1.
PeriodFound find_period(const Products& products, ErrorModel model, std::uint64_t seed);

}  // namespace lightloom::calibration
