#pragma once

#include <string>

#include "core/cards/tree.hpp"
#include "core/files/labelled.hpp"
#include "core/progress.hpp"

namespace lightloom::experiments {

/// The card of an experiment with every default filled in. Throws `CardError` with all its
/// problems.
Tree resolve_card(const Tree& card);

/// How a study of a card that is already in memory is called.
struct CardCall {
  Tree card;                                // as `load_card` or `parse_yaml` gave it
  std::string command;                      // what started it, for the provenance of the results
  ProgressSink* progress = &no_progress();  // must outlive the call
};

/// Time, energy, area and stored bits of an experiment card's network under every source, without
/// data: what `lightloom run --set measure=[cost]` would write (docs/use/results-files.md),
/// provenance included. Throws `CardError` for what is wrong with the card.
Labelled cost_card(const CardCall& call);

/// Everything the card measures: what `lightloom run` would write. Throws `CardError` for what is
/// wrong with the card, `Error` for a card with a sweep section, `Failure` once it was cancelled.
Labelled run_card(const CardCall& call);

}  // namespace lightloom::experiments
