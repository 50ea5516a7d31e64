#pragma once

#include "core/cards/card.hpp"
#include "core/cards/tree.hpp"

namespace lightloom::experiments {

/// Reads a section as an experiment, for what cards it names.
void describe_experiment(Section& section);
/// Whether a mapping in a `sweep` section describes an axis, and is not a section with axes in it.
bool describes_axis(const Tree& mapping);

/// The short forms of a card in full, and swept sections opened.
Tree prepared(const Tree& given);
/// Without a word on baselines: integers of 8, 4, 3 and 2 bits and dense weights, as every speed-up
/// needs something to be measured against, and few bits are the cheapest way to store less.
Tree with_baselines(Tree card);

}  // namespace lightloom::experiments
