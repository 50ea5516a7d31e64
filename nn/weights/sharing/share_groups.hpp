#pragma once

#include <string>

#include "core/cards/card.hpp"
#include "nn/graph/layer_shape.hpp"

namespace lightloom::nn {

/// Which layers of a network are of one group.
enum class ShareBy {
  shape,  // those of one shape
  name,   // of these, those whose names differ in their numbers alone
};
/// The key `by`.
void describe_by(Section& section, ShareBy& by);

/// A layer's name with # in the place of every number between dots, so one for the query
/// projections of all blocks: blocks.#.attn.q.
std::string name_without_numbers(const std::string& name);

/// What the layers of a group have in common, for the key of `SharedParts::join`.
std::string group_key(ShareBy by, const LayerShape& shape);

}  // namespace lightloom::nn
