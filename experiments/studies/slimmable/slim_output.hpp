#pragma once

#include <string>

#include "core/files/labelled.hpp"
#include "experiments/results/json.hpp"
#include "experiments/studies/slimmable/slim_study.hpp"

namespace lightloom::experiments {

/// The object that `lightloom slim --json` prints.
Json slim_json(const SlimStudy& study);
/// Tables: widths, the gate and its controls, traffic of mixed batches.
std::string slim_text(const SlimStudy& study);
/// The arrays of a results file, with provenance.
Labelled slim_results(const SlimStudy& study, const Experiment& card, const std::string& command);

}  // namespace lightloom::experiments
