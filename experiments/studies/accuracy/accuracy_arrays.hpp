#pragma once

#include "core/files/labelled.hpp"
#include "experiments/studies/accuracy/accuracy_result.hpp"

namespace lightloom::experiments {

/// Intervals, comparisons and outcomes by image of a run, and what its test images chose: arrays
/// and attribute of `docs/use/results-files.md`. `data` has the axes `source` and, for chips,
/// `chip` already.
void add_statistics(Labelled& data, const AccuracyResult& accuracy);

}  // namespace lightloom::experiments
