#pragma once

#include "nn/weights/source_card.hpp"

namespace lightloom::nn {

/// One kind of weight source: how to make it for a layer and what it stores there.
struct SourceEntry {
  SourceKind kind;
  const char* name;
  std::unique_ptr<WeightSource> (*make)(const SourceCard&, const LayerShape&);
  std::vector<StoredStream> (*streams)(const SourceCard&, const LayerShape&);
};

/// Whether the layer's weight is a product of factors, W = V (U Wb) with one level or both.
bool has_factors(const SourceCard& card, const LayerShape& shape);

/// The entry of a kind in the one table of sources.
const SourceEntry& source_entry(SourceKind kind);

}  // namespace lightloom::nn
