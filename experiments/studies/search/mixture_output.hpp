#pragma once

#include <string>

#include "core/files/labelled.hpp"
#include "experiments/results/json.hpp"
#include "experiments/studies/search/mixture_study.hpp"

namespace lightloom::experiments {

/// The object that `lightloom search --json` prints of a card with a section `search`.
Json mixture_json(const MixtureStudy& study);
/// Tables: what was chosen, the epochs, the networks.
std::string mixture_text(const MixtureStudy& study);
/// The arrays of a results file, with provenance (docs/models/weights/differentiable-search.md).
Labelled mixture_results(const MixtureStudy& study, const Experiment& card,
                         const std::string& command);

}  // namespace lightloom::experiments
