#pragma once

#include "core/cards/card.hpp"

namespace lightloom::photonic {

/// Noise of one analog read-out, as a standard deviation in units of the signal that one input at
/// full scale gives through a weight of 1. For an output y of inputs x_j the variance is
///     additive^2 + shot^2 P + signal^2 y^2 + relative^2 (y + dark sum_j w_j + leak P)^2,
///     P = sum_j (|x_j|^p + dark) l_j,
/// p = 1 for intensity inputs, 2 for field inputs, and l_j the share of an input's light that
/// reaches the detectors: 1 unless the cells take it away (see CellNoise). The last part is common
/// to the outputs of a symbol, the others are drawn for each.
struct ReadoutNoise {
  double additive = 0;  // thermal, amplifier, dark current
  double shot = 0;      // of the whole optical power on the detector
  double signal = 0;    // shot noise of a field's own light, that goes with y^2
  double relative = 0;  // laser intensity noise, common to all outputs of a symbol
  double leak = 0;      // of that noise on the whole power, what a balanced pair lets through
  double dark = 0;      // light of a code 0, in units of what full scale adds to it; its mean is
                        // subtracted
};
void describe(Section& section, ReadoutNoise& noise);

}  // namespace lightloom::photonic
