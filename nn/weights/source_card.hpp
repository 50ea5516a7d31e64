#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/cards/card.hpp"
#include "nn/graph/layer_shape.hpp"
#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

/// Keys of every source: source, bits (a number; for multilevel a mapping {basis, intra, cross}),
/// fc_bits, dense_bits, activations, retraining, layers (a list of mappings with the key `layer`
/// and any of these; what they leave out is as in the whole section). And the cards of all kinds in
/// the table of sources, whichever the section has.
void describe(Section& section, SourceCard& card);

/// The card that holds for one layer, overrides applied.
SourceCard card_for(const SourceCard& card, const std::string& layer);

/// Bits of a linear layer, `fc_bits` resolved.
int linear_bits(const SourceCard& card);

/// The sources of a network's layers, of which some share parts. Refers to the card.
class NetworkSources {
 public:
  explicit NetworkSources(const SourceCard& card) : card_(card) {}
  /// The source of the next layer, in order of execution (overrides applied).
  std::unique_ptr<WeightSource> make(const LayerShape& shape);
  /// What the source of the next layer stores, without making it; see `stored_streams`.
  std::vector<StoredStream> streams(const LayerShape& shape);

 private:
  const SourceCard& card_;
  SharedParts made_, listed_;
};

/// The source of a layer by itself (overrides applied).
std::unique_ptr<WeightSource> make_source(const SourceCard& card, const LayerShape& shape);

/// What that source stores, without making it: the count that `ratio` reports. Where it depends on
/// the weights this is the most it can be (rows of SmartExchange that are zero), or what normal
/// weights take (huffman).
std::vector<StoredStream> stored_streams(const SourceCard& card, const LayerShape& shape);

/// The most bits a regenerated weight of a two-level generator can need: sup(q) = q_b + q_u +
/// log2(Bi) [+ q_v + log2(Bc)] (Gu et al. 2021, Sec. 3.2), levels that are off left out. 0 where
/// nothing is generated or a factor is not rounded.
double precision_bits(const SourceCard& card, const LayerShape& shape);

/// Whether two cards are the same source to hardware: words and work of every layer, whatever they
/// say of training.
bool stores_the_same(const SourceCard& a, const SourceCard& b);

/// Whether the source trains words by a rule of its own, which nothing can average or project.
bool has_own_rule(const SourceCard& card);

}  // namespace lightloom::nn
