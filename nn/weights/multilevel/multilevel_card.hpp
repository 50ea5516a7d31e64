#pragma once

#include <cstdint>

#include "core/cards/card.hpp"

namespace lightloom::nn {

/// Bits of the factors of a two-level generator; 32: not rounded (but see `rounding_of`).
struct FactorBits {
  int basis = 32;  // Wb
  int intra = 32;  // U
  int cross = 32;  // V
};
/// Keys: basis, intra, cross.
void describe(Section& section, FactorBits& bits);

/// Whether a level that would store more than it replaces is used all the same (as in the published
/// rows) or left off.
enum class Expansion { allowed, refused };

/// What a source that generates convolutions does with linear layers: round them to `fc_bits`, as
/// every published row does, or take them for 1x1 convolutions.
enum class LinearLayers { rounded, generated };

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
/// Keys: method, steps, rate, peak, equalise, seed.
void describe(Section& section, ProjectionCard& projection);

/// The two published forms of the regulariser differ by orders of magnitude; a lambda belongs to
/// one of them.
enum class OrthogonalityForm {
  mean,  // mean over entries (reference implementation)
  sum,   // squared Frobenius norm (Gu et al., ICCV 2021, Eq. 7)
};

/// The section `orthogonality` of a multi-level source. Recommended: 0.01 to 0.05 (mean).
struct OrthogonalityCard {
  double lambda = 0;  // 0: off
  OrthogonalityForm form = OrthogonalityForm::mean;
};
/// Keys: lambda, form.
void describe(Section& section, OrthogonalityCard& card);

/// What the two-level generators read of the section `weights`: multilevel, and the published
/// baselines that are cases of it.
struct MultilevelCard {
  FactorBits bits;         // multilevel; the others have one width for all factors
  int intra = 0;           // multilevel: B_i, bases per kernel; 0: level 1 off
  int cross = 0;           // multilevel: B_c, generated kernels; low_rank: the rank; 0: level 2 off
  double cross_share = 0;  // the same as a share of the out channels, rounded; 0: use `cross`
  Expansion expansion =
      Expansion::allowed;  // multilevel, low_rank: levels that store more than they replace
  int kernels = 2;         // penni: shared kernels
  LinearLayers linear = LinearLayers::rounded;
  double quant_ratio = 1;  // share of elements rounded in training (Quant-Noise); 1: all
  ProjectionCard projection;
  OrthogonalityCard orthogonality;
};
/// Keys: intra, cross, cross_share, expansion, kernels, linear, quant_ratio, projection,
/// orthogonality. `bits` belongs to the whole section.
void describe(Section& section, MultilevelCard& card);

}  // namespace lightloom::nn
