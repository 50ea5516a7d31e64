#pragma once

#include <string>

#include "experiments/from_cards/cost_card.hpp"

namespace lightloom::experiments {

/// The grid of experiments of a card's section `sweep`, in memory: what `lightloom sweep` would
/// write. With `output`, finished points are kept in that file and taken up from it, as the program
/// does; "" keeps nothing. Throws `Error` for the first point that is wrong, `Failure` once it was
/// cancelled.
Labelled sweep_card(const CardCall& call, const std::string& output = "");

}  // namespace lightloom::experiments
