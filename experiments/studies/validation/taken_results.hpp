#pragma once

#include <string>

#include "experiments/studies/validation/chip_card.hpp"

namespace lightloom::experiments {

/// A number as a results file holds it, and the command that made the file.
struct TakenNumber {
  double value = 0;  // in the quantity's unit
  std::string command;
};

/// Takes the number of `metric` from the results file at `path`. Throws `Error`, naming the file,
/// where it is none of ours or of another kind, has no such number, or was made with another core,
/// network or other values of the keys that the metric sets (files apart, which are where they
/// are).
TakenNumber taken_number(const std::string& path, const ChipCard& chip, const ChipMetric& metric);

}  // namespace lightloom::experiments
