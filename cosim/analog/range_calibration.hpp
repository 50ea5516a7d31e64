#pragma once

#include <span>

#include "cosim/analog/layer_on_core.hpp"
#include "cosim/analog/readout/input_range.hpp"
#include "nn/graph/matrix_engine.hpp"

namespace lightloom::cosim {

/// The full scale of a `bits`-bit converter for signals like `samples` (absolute values) that
/// minimises the expected squared error of clipping and rounding: sum over samples of max(0, |y| -
/// FS)^2 + step^2 / 12, step = FS / 2^(bits-1). Searched over FS = max / 2^(k/8), k = 0..64.
/// Returns 1 for samples that are all zero.
double best_full_scale(std::span<const float> samples, int bits);

/// What of the squared error of a layer that stands on the chip depends on the full scale of its
/// inputs. Shot noise is that of all light at every detector.
InputRangeError input_range_error(const LayerOnCore& layer, const ChipCore& chip);

/// Finds what a layer's converters have to span on a batch of input maps: the DAC range is the
/// largest magnitude of its inputs, or has the least expected squared error of the outputs where
/// the card says so (see best_input_scale), the ADC range minimises the expected squared error of
/// clipping and rounding of the partial sums (see best_full_scale), unless the card fixes it.
void calibrate_ranges(LayerOnCore& layer, const ChipCore& chip, const nn::InputMaps& inputs);

/// The same of a product of maps; the range of the activations in the place of weights is that of
/// their largest magnitude.
void calibrate_product(LayerOnCore& product, const ChipCore& chip, const nn::MapProduct& maps);

}  // namespace lightloom::cosim
