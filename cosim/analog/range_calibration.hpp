#pragma once

#include <span>

#include "cosim/analog/layer_on_core.hpp"

namespace lightloom::cosim {

/// Finds what a layer's converters have to span on a batch of `images` input maps: the DAC range is
/// the largest magnitude of its inputs, the ADC range minimises the expected squared error of
/// clipping and rounding of the partial sums (see best_full_scale), unless the card fixes it.
void calibrate_ranges(LayerOnCore& layer, const ChipCore& chip, std::span<const float> inputs,
                      int images);

}  // namespace lightloom::cosim
