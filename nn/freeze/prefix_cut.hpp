#pragma once

#include <string>
#include <vector>

#include "nn/freeze/freeze_card.hpp"
#include "nn/graph/graph_cut.hpp"
#include "nn/network/network.hpp"

namespace lightloom::nn {

/// The first `layers` layers with weights of a graph, all that they depend on, and what can be
/// computed of that alone (normalisations, activations, pools; a dropout is drawn anew at every
/// step and ends it), up to the last place where one tensor passes. Where there is none, the
/// frontier has several nodes.
GraphCut prefix_cut(const Graph& graph, int layers);

/// The numbers of leading layers that can be frozen: at least one layer is left to train, one
/// tensor passes, and no layer behind the cut is made of words that one before it is made of too.
std::vector<int> legal_prefixes(const Network& network);

/// How many leading layers a card freezes. Throws `Error` when it names none of the network's, or
/// not one of `legal_prefixes`, which the message lists.
int frozen_layers(const Network& network, const FreezeCard& card);

}  // namespace lightloom::nn
