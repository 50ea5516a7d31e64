#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "calibration/fit/pulls.hpp"
#include "core/cards/tree.hpp"
#include "core/progress.hpp"

namespace lightloom::calibration {

/// Whether standard deviations are what they say: chips with a known truth, each measured and
/// fitted.
struct PullStudy {
  std::vector<std::vector<ChipPulls>> chips;  // those that could be fitted
  std::vector<double> chi2_per_dof, held_out_chi2;
  std::vector<std::string> refused;  // "seed 7: these measurements cannot be fitted ..."
};

/// Measures and fits `count` chips of `card` (see `hidden_chip`), with seeds from `first_seed` on.
/// Throws `Failure` where `progress` is cancelled.
PullStudy study_pulls(const Tree& card, std::uint64_t first_seed, int count,
                      ProgressSink& progress = no_progress());

}  // namespace lightloom::calibration
