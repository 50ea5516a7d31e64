#pragma once

#include <string>
#include <vector>

#include "core/files/labelled.hpp"

namespace lightloom::experiments {

/// Runs the experiment of the card at `path`, or the shipped card of that name, with `settings`
/// ("key.path=value") on top: the results that `lightloom run` would write
/// (docs/use/results-files.md), provenance included. Throws `Error` for what is wrong with the
/// card. Call it on one thread at a time; it uses the threads of OpenMP.
Labelled run_card(const std::string& path, const std::vector<std::string>& settings = {});

}  // namespace lightloom::experiments
