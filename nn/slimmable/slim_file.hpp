#pragma once

#include <optional>
#include <string>

#include "nn/slimmable/slimmable_network.hpp"
#include "nn/slimmable/width_gate.hpp"

namespace lightloom::nn {

/// Writes a trained network of several widths as one file of weights: the widest as `save_weights`
/// does, so that it can be run by itself where the trunk is whole, and as `width.<share>/...` every
/// narrower width's statistics and ranges behind the trunk; with a gate, its numbers.
void save_slim(const std::string& path, SlimmableNetwork& slim, WidthGate* gate);

/// The inverse. Throws `Error` naming the first entry that is missing or has another size.
void load_slim(const std::string& path, SlimmableNetwork& slim, WidthGate* gate);

}  // namespace lightloom::nn
