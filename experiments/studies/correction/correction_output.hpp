#pragma once

#include "experiments/results/json.hpp"
#include "experiments/studies/correction/correction_study.hpp"

namespace lightloom::experiments {

/// The object of `lightloom correct --json`: accuracy {digital, chips}, correctors{name: accuracy,
/// recovered_share, stored_numbers, verified_writes, ...}, layers.
Json correction_json(const CorrectionStudy& study, const Experiment& card);
/// Tables: correctors, and layers.
std::string correction_text(const CorrectionStudy& study, const Experiment& card);

}  // namespace lightloom::experiments
