#pragma once

#include <cstdint>
#include <vector>

#include "cosim/analog/readout/tile_readout.hpp"
#include "cosim/mapping.hpp"
#include "nn/graph/layer_shape.hpp"

namespace lightloom::cosim {

/// Where a layer's input vectors lie in its input map with its padding as a border of dark pixels,
/// so that no copy of patches is needed: position p starts at bases[p], and each tile's inputs
/// follow from there run by run.
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

}  // namespace lightloom::cosim
