#pragma once

#include <cstdint>
#include <vector>

#include "experiments/studies/search/mixture_costs.hpp"
#include "nn/network/network.hpp"

namespace lightloom::experiments {

/// Networks drawn at random that meet the targets by the table, at most `count`: of a thousand
/// draws those that spend 90 % of the first target, in the order drawn, then those that spend most.
/// A pure function of the seed.
std::vector<LayerNumbers> random_choices(const Experiment& card, const MixtureCosts& costs,
                                         std::size_t count);

/// What `lightloom search --sensitivity trained` would choose among the same candidates: the least
/// summed harm of the layers' errors within the first target (a knapsack). Empty if nothing fits.
LayerNumbers least_harm_choice(const Experiment& card, const MixtureCosts& costs,
                               nn::Network& trained);

}  // namespace lightloom::experiments
