#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cosim/analog/readout/input_code.hpp"
#include "cosim/analog/readout/tile_readout.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// The static transfer curves of a core's ADCs on one chip, one a row, as the read-out kernel takes
/// them. Empty when the ADCs are perfect.
AdcCurves adc_curves(const photonic::CoreDescription& core, std::uint64_t seed, std::uint32_t chip);
/// Those of its DACs, one a column.
std::vector<photonic::ConverterCurve> dac_curves(const photonic::CoreDescription& core,
                                                 std::uint64_t seed, std::uint32_t chip);

/// The light that a DAC of this curve sends for a coded input: no less than none where inputs are
/// intensities.
float dac_output(const photonic::ConverterCurve& curve, const InputCode& code, float coded);

/// The DACs of a tile's columns and the code that they are given.
struct InputDacs {
  std::span<const photonic::ConverterCurve> curves;  // empty: perfect ones
  const InputCode& code;
};

/// Inputs of a block next to each other, and where each position's begin.
struct SentInputs {
  std::vector<float> values;
  std::vector<int> bases;
  std::vector<float> scales;  // (positions) of block floating point
};

/// Inputs of all runs of a position.
std::size_t inputs_of(std::span<const InputRun> runs);

/// Copies the inputs of a block next to each other, position by position, in the order of the
/// tile's columns (`runs`), each through the DAC of its column. `sent` holds the copy, and the
/// block reads it from then on.
void gather_inputs(std::span<const InputRun> runs, const InputDacs& dacs, ReadoutBlock& block,
                   SentInputs& sent);

}  // namespace lightloom::cosim
