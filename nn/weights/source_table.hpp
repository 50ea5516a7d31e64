#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

/// Adds a kind to the one table of sources, for cards that are read from then on; its own cards
/// become known in every section `weights`. Throws `Error` for a name that is taken. Not to be
/// called while other threads read cards or make sources.
void register_source(SourceEntry entry);

/// The kind of that name. Throws `Error` if there is none. The reference stays valid.
const SourceEntry& source_entry(std::string_view name);

/// All kinds.
const std::deque<SourceEntry>& source_entries();

/// The names of all kinds, in the order of the table.
std::vector<std::string> source_names();

/// Whether the card's source takes the layer, which is stored dense if not.
bool takes_layer(const SourceCard& card, const LayerShape& shape);

/// Whether layers learn as dense weights that are fitted anew after every epoch
/// (`ProjectedSource`): as the card asks, or because its kind knows no other way.
bool is_projected(const SourceCard& card);

}  // namespace lightloom::nn
