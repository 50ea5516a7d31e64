#include "photonic/readout/block_floating_point.hpp"

#include <cmath>

namespace lightloom::photonic {

double block_levels(int bits) { return std::exp2(bits - 1) - 1; }

void describe(Section& section, BlockFloatingPoint& card) {
  section.must_have("gain");
  section.value("gain", card.gain, positive);
  section.choice("weight_scale", card.weights,
                 {{"row", WeightBlock::row}, {"tile", WeightBlock::tile}});
}

}  // namespace lightloom::photonic
