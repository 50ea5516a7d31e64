#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/cards/card.hpp"
#include "nn/graph/layer_shape.hpp"
#include "nn/weights/multilevel/level_sizes.hpp"
#include "nn/weights/multilevel/orthogonality.hpp"
#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

enum class SourceKind {
  dense,           // 32-bit words
  integer,         // uniform symmetric integers
  lsq,             // the same with a learned step
  power_of_two,    // signed powers of two
  multilevel,      // V (U Wb), Gu et al. 2021
  low_rank,        // W = V Wc, level 2 alone
  bsconv,          // one blueprint per kernel
  dsconv,          // depthwise-separable
  penni,           // a few kernels shared by the layer
  circulant,       // block-circulant
  smart_exchange,  // power-of-two coefficients times small bases
  smart_deal,      // the same, trained in its codes
};

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
  double peak = 0.5;   // largest magnitude of every factor after the SVD: small ones learn faster
  bool equalise = false;   // kernels scaled to one norm first, see `copy_weights`
  std::uint64_t seed = 0;  // random only
};

/// SmartExchange decomposition.
struct ExchangeCard {
  double theta = 4e-3;  // coefficients below are zero
  double row_theta =
      0;  // 3x3 only: rows of coefficients with a smaller L1 norm are zero (release: 5 theta)
  int iterations = 30;       // of the alternation at most
  double tolerance = 1e-10;  // it stops at a smaller change of the coefficients
};

/// SmartDeal training (arXiv 2101.01163): coefficients are powers of two and move by one exponent
/// when a small counter of gradient signs fills, so that no full-precision copy of them is needed.
struct BucketOptions {
  double momentum = 0.9;  // of the averaged gradient, kept in single precision; 0: signs alone
  double weight_decay = 0;
  double dead_zone = 0;  // proposed steps of at most this magnitude do not count
  int switch_bar = 1;    // signs that fill a counter
  double theta = 4e-3;   // coefficients below become zero
};
/// Keys: momentum, weight_decay, dead_zone, switch_bar (theta is that of `exchange`).
void describe(Section& section, BucketOptions& options);

/// How a source learns: its own parameters, straight through their rounding; or a dense weight that
/// is fitted anew after every epoch (SmartExchange retraining, Zhao et al. 2020).
enum class Retraining { codes, projection };

/// What a source that generates convolutions does with linear layers: round them to `fc_bits`, as
/// every published row does, or take them for 1x1 convolutions.
enum class LinearLayers { rounded, generated };

/// What shares a scale of uniform integers.
enum class IntegerScales { layer, filter };

struct LayerOverride;

/// The section `weights` of a card: where the weights of a network come from.
struct SourceCard {
  SourceKind source = SourceKind::dense;
  int bits = 8;            // per word; multilevel has its own
  FactorBits factor_bits;  // multilevel
  int intra = 0;           // multilevel: B_i, bases per kernel; 0: level 1 off
  int cross = 0;           // multilevel: B_c, generated kernels; low_rank: the rank; 0: level 2 off
  double cross_share = 0;  // the same as a share of the out channels, rounded; 0: use `cross`
  Expansion expansion =
      Expansion::allowed;  // multilevel, low_rank: levels that store more than they replace
  int kernels = 2;         // penni: shared kernels
  LinearLayers linear = LinearLayers::rounded;  // multilevel, low_rank
  IntegerScales scales = IntegerScales::layer;  // integer: one scale, or one per output channel
  double weight_clip = 0;  // integer: weights are held within +-weight_clip (RandBET); 0: off
  int block = 4;           // circulant
  int fc_bits =
      0;  // linear layers that are not generated; 0: 8 if anything else is rounded, else 32
  int dense_bits = 32;  // convolutions that the source cannot take
  int activations = 0;  // bits of the activation quantiser; 0: off
  double quant_ratio =
      1;  // multilevel: share of elements rounded in training (Quant-Noise); 1: all
  ProjectionCard projection;
  OrthogonalityCard orthogonality;  // multilevel
  ExchangeCard exchange;            // smart_exchange, smart_deal
  BucketOptions smart_deal;         // smart_deal
  Retraining retraining = Retraining::codes;
  std::vector<LayerOverride> layers;  // first match wins

  /// Bits of a linear layer, `fc_bits` resolved.
  [[nodiscard]] int linear_bits() const;
  /// Whether the generator's quantisers run: the gate of the release of Gu et al. (2021), linear
  /// bits below 16. Off, the factors are used as they are; on, a 32-bit factor is still
  /// re-parameterised as tanh(x) / max|tanh(x)|.
  [[nodiscard]] bool quantised() const { return linear_bits() < 16; }
  /// The slots of a convolution under this card, for the kinds that are two-level generators.
  [[nodiscard]] Slots slots(const LayerShape& shape) const;
  /// Bits of the factors for those kinds.
  [[nodiscard]] FactorBits generator_bits() const;
};

/// Other settings for the layers whose name matches.
struct LayerOverride {
  std::string layer;  // a layer's name; `*` stands for any text
  SourceCard card;
};

/// Keys: source, bits (a number; for multilevel a mapping {basis, intra, cross}), intra, cross,
/// cross_share, expansion, kernels, block, fc_bits, dense_bits, activations, quant_ratio,
/// projection {method, steps, rate, peak, equalise, seed}, orthogonality {lambda, form}, exchange
/// {theta, row_theta, iterations, tolerance}, smart_deal {momentum, weight_decay, dead_zone,
/// switch_bar}, retraining, layers (a list of mappings with the key `layer` and
/// any of these; what they leave out is as in the whole section).
void describe(Section& section, SourceCard& card);

/// Whether `name` matches `pattern`, in which `*` stands for any text.
bool matches(std::string_view pattern, std::string_view name);

/// The card that holds for one layer, overrides applied.
SourceCard card_for(const SourceCard& card, const std::string& layer);

/// The source of one layer (overrides applied).
std::unique_ptr<WeightSource> make_source(const SourceCard& card, const LayerShape& shape);

/// What that source stores, without making it: the count that `ratio` reports. Where it depends on
/// the weights (rows of SmartExchange that are zero) this is the most it can be.
std::vector<StoredStream> stored_streams(const SourceCard& card, const LayerShape& shape);

/// The most bits a regenerated weight of a two-level generator can need: sup(q) = q_b + q_u +
/// log2(Bi) [+ q_v + log2(Bc)] (Gu et al. 2021, Sec. 3.2), levels that are off left out. 0 where
/// nothing is generated or a factor is not rounded.
double precision_bits(const SourceCard& card, const LayerShape& shape);

/// The name of a kind as cards spell it.
const char* name_of(SourceKind kind);

}  // namespace lightloom::nn
