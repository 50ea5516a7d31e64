#pragma once

#include <span>

#include "cosim/generator/bank_product.hpp"
#include "cosim/generator/generator_card.hpp"
#include "nn/weights/source/weight_source.hpp"

namespace lightloom::cosim {

/// Effective bits of a regenerated weight against the noiseless one, log2(range / (sqrt(12) rms
/// error)), range the peak-to-peak of the noiseless weights (uniform definition; compare sup(q) of
/// Gu et al. 2021, Sec. 3.2).
double effective_bits(std::span<const float> exact, std::span<const float> noisy);

/// The weights [out, in, area] as the card's photonic generator on one chip hands them over: both
/// products through its banks, with the coefficients that these realise, the noise of their light
/// and the converters that the hand-overs have. A level that is off adds nothing.
void regenerate_optically(const nn::TwoLevelFactors& factors, const GeneratorCard& card,
                          const WeightWrite& write, std::span<float> dense);

}  // namespace lightloom::cosim
