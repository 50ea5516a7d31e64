#pragma once

#include <vector>

#include "cosim/layers/cost_input.hpp"
#include "nn/data/dataset.hpp"
#include "nn/graph/graph.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::cosim {

/// Whether the value of a node cannot be negative: the data set's pixels unless normalised or said
/// to be signed, what comes from ReLU and its like, and sums, products, pools of those. Cores with
/// intensity inputs take such inputs in one pass.
std::vector<bool> non_negative_values(const nn::Graph& graph, const nn::Normalise& pixels);

/// One cost layer for each weight layer of the graph, under one source. What comes before the next
/// weight layer is digital work of the layer; products of maps among it are listed besides, for
/// cores that take them.
std::vector<CostLayer> cost_layers(const nn::Graph& graph, const nn::Normalise& pixels,
                                   const nn::SourceCard& weights);

/// How the layers of a network's own source are run.
enum class WayChoice {
  source,     // regenerated where the source takes work, else reloaded
  reload,     // plain weights from memory, although the source could regenerate them
  factored,   // the factors are executed, the weights never exist
  automatic,  // whichever costs least, layer by layer
};

/// Gives every layer the way chosen. Layers whose source takes no work have one way only.
void choose_way(WayChoice choice, std::vector<CostLayer>& layers);

}  // namespace lightloom::cosim
