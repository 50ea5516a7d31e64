#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cosim/analog/tile_readout.hpp"
#include "cosim/mapping.hpp"
#include "nn/graph/layer_shape.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// Where a layer's input vectors lie in its input map with a border of `padding` dark pixels, so
/// that no copy of patches is needed: position p starts at bases[p], and each tile's inputs follow
/// from there run by run.
struct InputLayout {
  int padded_height = 0, padded_width = 0;
  std::vector<int> bases;        // by output position, in values
  std::vector<int> pixel_bases;  // the same in pixels
  [[nodiscard]] std::size_t values(const nn::LayerShape& shape) const {
    return static_cast<std::size_t>(padded_height) * static_cast<std::size_t>(padded_width) *
           static_cast<std::size_t>(shape.in_channels);
  }
};

InputLayout input_layout(const nn::LayerShape& shape);

/// The runs of a tile's inputs, in the order of its columns.
std::vector<InputRun> input_runs(const nn::LayerShape& shape, const InputLayout& layout,
                                 const LayerMapping& mapping, std::int64_t tile);

/// Runs of values as runs of pixels of `channels` values; empty if a run begins or ends inside a
/// pixel.
std::vector<InputRun> whole_pixels(const std::vector<InputRun>& runs, int channels);

/// How the DAC turns a network value into light.
struct InputCode {
  float sign = 1;                   // -1: the pass of the negative parts
  float lowest = 0;                 // of the coded input: 0 or -1
  float full_scale = 1;             // network value of a coded input of 1
  float levels = 0;                 // steps from 0 to 1; 0: no quantisation
  bool bounded = true;              // false: digital coding, nothing is clipped
  bool other_sign_follows = false;  // another pass takes what lies below `lowest`
};

/// The code of a pass: 0 for the only or positive pass, 1 for the negative one. `bits` 0: no
/// quantisation.
InputCode input_code(photonic::InputCoding coding, int bits, float full_scale, int pass);

/// Codes a map (in_height, in_width, in_channels) into the interior of `coded` (padded_height,
/// padded_width, in_channels); the border is left as it is. Returns how many elements were out of
/// range.
std::int64_t code_inputs(const nn::LayerShape& shape, const InputLayout& layout,
                         std::span<const float> map, const InputCode& code, std::span<float> coded);

}  // namespace lightloom::cosim
