#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/card.hpp"
#include "nn/layer_shape.hpp"
#include "nn/weights/slots.hpp"
#include "nn/weights/weight_source.hpp"

namespace lightloom::nn {

enum class SourceKind { dense, integer, multilevel };

/// Bits of the factors of a two-level generator; 32: not rounded (but see `SourceCard::quantised`).
struct FactorBits {
  int basis = 32;  // Wb
  int intra = 32;  // U
  int cross = 32;  // V
};

/// How `encode` fits a two-level generator to a dense weight.
struct ProjectionCard {
  enum class Method { random, svd, l2 };
  Method method =
      Method::svd;     // random: draw the factors, ignore the weight; l2: from the SVD, by RAdam
  int steps = 300;     // l2 only (Gu et al. use 3000)
  double rate = 0.02;  // l2 only
  double peak = 0.9;   // largest magnitude of every factor after the SVD, in (0, 1)
  std::uint64_t seed = 0;  // random only
};

struct LayerOverride;

/// The section `weights` of a card: where the weights of a network come from.
struct SourceCard {
  SourceKind source = SourceKind::dense;
  int bits = 8;            // integer: bits per weight
  FactorBits factor_bits;  // multilevel
  int intra = 0;           // multilevel: B_i, bases per kernel; 0: level 1 off
  int cross = 0;           // multilevel: B_c, generated kernels; 0: level 2 off
  double cross_share =
      0;  // multilevel: B_c as a share of the out channels, rounded down; 0: use `cross`
  Expansion expansion = Expansion::allowed;  // multilevel: levels that store more than they replace
  int fc_bits = 0;  // linear layers (never generated); 0: 8 if anything else is rounded, else 32
  int dense_bits = 32;  // convolutions that no level can take
  int activations = 0;  // bits of the activation quantiser; 0: off
  ProjectionCard projection;
  std::vector<LayerOverride> layers;  // first match wins

  /// Bits of a linear layer, `fc_bits` resolved.
  [[nodiscard]] int linear_bits() const;
  /// Whether the generator's quantisers run: the gate of the reference implementation, linear bits
  /// below 16. Off, the factors are used as they are; on, a 32-bit factor is still re-parameterised
  /// as tanh(x) / max|tanh(x)|.
  [[nodiscard]] bool quantised() const { return linear_bits() < 16; }
  /// The slots of a convolution under this card.
  [[nodiscard]] Slots slots(const LayerShape& shape) const;
};

/// Other settings for the layers whose name matches.
struct LayerOverride {
  std::string layer;  // a layer's name; `*` stands for any text
  SourceCard card;
};

/// Keys: source, bits (a number; for multilevel a mapping {basis, intra, cross}), intra, cross,
/// cross_share, expansion, fc_bits, dense_bits, activations, projection {method, steps, rate, peak,
/// seed}, layers (a list of mappings with the key `layer` and any of these; what they leave out is
/// as in the whole section).
void describe(Section& section, SourceCard& card);

/// The card that holds for one layer, overrides applied.
SourceCard card_for(const SourceCard& card, const std::string& layer);

/// The source of one layer (overrides applied).
std::unique_ptr<WeightSource> make_source(const SourceCard& card, const LayerShape& shape);

/// What that source stores, without making it: the count that `ratio` reports.
std::vector<StoredStream> stored_streams(const SourceCard& card, const LayerShape& shape);

/// The name of a kind as cards spell it.
const char* name_of(SourceKind kind);

}  // namespace lightloom::nn
