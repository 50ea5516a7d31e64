#pragma once

#include <cstdint>
#include <span>

#include "core/cards/card.hpp"
#include "core/random/random.hpp"
#include "nn/weights/source/weight_source.hpp"

namespace lightloom::cosim {

/// What light does to weights on their way through a photonic generator, W = V (U Wb + n1) + n2.
/// Each standard deviation is a fraction of the largest magnitude at its place in the layer (a
/// full-scale coefficient, a full-scale level output).
struct GeneratorNoise {
  double coefficient_sigma = 0;  // error of a coefficient set in a bank (U, V), drawn per write
  double intra_sigma = 0;        // detection noise of a level-1 output, drawn per generated value
  double cross_sigma =
      0;  // detection noise of a level-2 output (the weight), drawn per generated value
  int handover_bits = 0;  // ADC of a digital hand-over; 0: analog
};

void describe(Section& section, GeneratorNoise& noise);

/// One writing of a layer's weights on one chip: where its random numbers come from (seed, chip,
/// layer).
struct WeightWrite {
  StreamAddress address;
  std::uint64_t number = 0;
};

/// Effective bits of a regenerated weight against the noiseless one, log2(range / (sqrt(12) rms
/// error)), range the peak-to-peak of the noiseless weights (uniform definition; compare sup(q) of
/// Gu et al. 2021, Sec. 3.2).
double effective_bits(std::span<const float> exact, std::span<const float> noisy);

/// The weights [out, in, area] as a photonic generator of one chip hands them over. A level that is
/// off adds no noise. Drawn under Purpose::generator_readout and Purpose::programming, shot =
/// write.number.
void regenerate_optically(const nn::TwoLevelFactors& factors, const GeneratorNoise& noise,
                          const WeightWrite& write, std::span<float> dense);

}  // namespace lightloom::cosim
