#pragma once

#include <cstddef>

#include "experiments/cards/experiment_card.hpp"

namespace lightloom::experiments {

/// The experiment's training number `training` (0: itself) and its chips: by another seed, on the
/// same images.
Experiment retrained(const Experiment& card, int training);
/// The experiment with its baseline `number` in the place of its own weight source, accuracy alone.
Experiment with_baseline(const Experiment& card, std::size_t number);

}  // namespace lightloom::experiments
