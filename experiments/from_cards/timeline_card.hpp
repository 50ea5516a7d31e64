#pragma once

#include <string>

#include "core/files/labelled.hpp"
#include "experiments/from_cards/cost_card.hpp"

namespace lightloom::experiments {

/// The schedule of an experiment card's network under one source, tile by tile: when each stage of
/// the pipeline has which tile (docs/use/results-files.md#schedules). `source`: a label of the
/// card's own source or of a baseline; "": the card's own. Of one batch that finds empty buffers.
/// Throws `CardError` for what is wrong with the card, `Error` for a source that it has not.
Labelled timeline_card(const CardCall& call, const std::string& source);

}  // namespace lightloom::experiments
