#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cosim/network/network_layers.hpp"

namespace lightloom::experiments {

/// A layer of a network that is given as a list, without a graph: no digital work follows it.
struct ListedLayer {
  nn::LayerShape shape;
  bool signed_inputs = false;  // cores with intensity inputs then take two passes
};

/// "M,K,N": M input vectors of K elements, N results each, as a linear layer. Throws `Error` for
/// anything else.
ListedLayer gemm_layer(std::string_view text);

/// Layers from a table with a header, one a line: convolutions and matrix products, as SCALE-Sim
/// writes topologies or with the columns of docs/use/cards.md. `path` is for messages. Throws
/// `Error` naming the line for what is missing, twice there, of no use, or cannot be told.
std::vector<ListedLayer> read_layer_list(std::string_view text, const std::string& path);

/// One cost layer each, under one source. Throws `Error` for a layer whose weights this machine's
/// memory does not hold.
std::vector<cosim::CostLayer> listed_layers(const std::vector<ListedLayer>& list,
                                            const nn::SourceCard& weights);

}  // namespace lightloom::experiments
