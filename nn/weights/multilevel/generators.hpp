#pragma once

#include "nn/weights/multilevel/multilevel_source.hpp"
#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

inline constexpr const char* multilevel_kind = "multilevel";

/// The kinds that are two-level generators. Layers of which they generate nothing they do not take;
/// linear ones only where the card says so.
SourceEntry multilevel_entry();      // `multilevel`: V (U Wb), both levels as the card has them
SourceEntry low_rank_entry();        // `low_rank`: W = V Wc, level 2 alone
SourceEntry blueprint_entry();       // `bsconv`: one blueprint per kernel
SourceEntry separable_entry();       // `dsconv`: depthwise-separable
SourceEntry shared_kernels_entry();  // `penni`: a few kernels shared by the layer

/// The generator of a layer whose card has one of these kinds, `fc_bits` resolved. The quantisers
/// run as the gate of the release of Gu et al. (2021) has it, where linear layers have less than 16
/// bits; a 32-bit factor is then still re-parameterised as tanh(x) / max|tanh(x)|.
GeneratorPlan generator_plan(const SourceCard& card, const LevelSizes& sizes,
                             const FactorBits& bits);

/// Bits of linear layers beside factors of these, where the card does not say: 8 where a factor has
/// less than 16.
int linear_bits_beside(const FactorBits& bits);

/// sup(q) = q_b + q_u + log2(Bi) [+ q_v + log2(Bc)], or 0 for factors that are not rounded.
double most_bits(const GeneratorPlan& plan);

}  // namespace lightloom::nn
