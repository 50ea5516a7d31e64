#pragma once

#include <string>
#include <vector>

#include "core/progress.hpp"

namespace lightloom::experiments {

/// Published chips: what `lightloom validate --json` prints of the cards at `paths` (none: all that
/// are shipped), as JSON text. `settings`: "key.path=value" on top of each. Numbers that run
/// trained networks are the cards' record. Throws `Error` with the problems of all cards at once.
std::string validate_cards(const std::vector<std::string>& paths,
                           const std::vector<std::string>& settings,
                           ProgressSink& progress = no_progress());

}  // namespace lightloom::experiments
