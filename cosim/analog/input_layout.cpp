#include "cosim/analog/input_layout.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace lightloom::cosim {
namespace {

/// Codes a row of values. Returns how many were out of range.
std::int64_t code_row(const float* values, int count, const InputCode& code, float* coded) {
  const float unit = code.sign / code.full_scale;
  if (!code.bounded) {
    for (int i = 0; i < count; ++i) coded[i] = values[i] * unit;
    return 0;
  }
  constexpr float slack = 1.0F + 1e-6F;  // the calibrated maximum itself must not count as clipped
  const float least = code.other_sign_follows ? -INFINITY : code.lowest * slack;
  const float levels = code.levels;
  int outside = 0;
  for (int i = 0; i < count; ++i) {
    const float x = values[i] * unit;
    outside += static_cast<int>(x > slack) + static_cast<int>(x < least);
    const float inside = std::min(std::max(x, code.lowest), 1.0F);
    coded[i] = levels > 0 ? std::nearbyint(inside * levels) / levels : inside;
  }
  return outside;
}

void append(std::vector<InputRun>& runs, int offset, int length) {
  if (!runs.empty() && runs.back().offset + runs.back().length == offset)
    runs.back().length += length;
  else
    runs.push_back({offset, length});
}

}  // namespace

InputLayout input_layout(const nn::LayerShape& shape) {
  InputLayout layout{.padded_height = shape.in_height + 2 * shape.padding,
                     .padded_width = shape.in_width + 2 * shape.padding};
  for (int y = 0; y < shape.out_height; ++y)
    for (int x = 0; x < shape.out_width; ++x)
      layout.pixel_bases.push_back(y * shape.stride * layout.padded_width + x * shape.stride);
  for (const int pixel : layout.pixel_bases) layout.bases.push_back(pixel * shape.in_channels);
  return layout;
}

std::vector<InputRun> input_runs(const nn::LayerShape& shape, const InputLayout& layout,
                                 const LayerMapping& mapping, std::int64_t tile) {
  const TileView view = tile_view(mapping, tile);
  const int channels = shape.in_channels / shape.groups;
  std::vector<InputRun> runs;
  for (int s = 0; s < view.groups; ++s)
    for (int column = view.first_column; column < view.first_column + view.columns; ++column) {
      const int position = column / channels, channel = column % channels;
      const int row = position / shape.kernel_width * shape.dilation;
      const int left = position % shape.kernel_width * shape.dilation;
      append(runs,
             (row * layout.padded_width + left) * shape.in_channels +
                 (view.first_group + s) * channels + channel,
             1);
    }
  return runs;
}

std::vector<InputRun> whole_pixels(const std::vector<InputRun>& runs, int channels) {
  std::vector<InputRun> pixels;
  for (const InputRun& run : runs) {
    if (run.offset % channels != 0 || run.length % channels != 0) return {};
    pixels.push_back({run.offset / channels, run.length / channels});
  }
  return pixels;
}

InputCode input_code(photonic::InputCoding coding, int bits, float full_scale, int pass) {
  InputCode code{.sign = pass == 0 ? 1.0F : -1.0F, .full_scale = full_scale};
  code.bounded = coding != photonic::InputCoding::digital || bits > 0;
  code.lowest = coding == photonic::InputCoding::intensity ? 0.0F : -1.0F;
  if (bits > 0)
    code.levels = std::exp2(static_cast<float>(code.lowest < 0 ? bits - 1 : bits)) - 1.0F;
  return code;
}

std::int64_t code_inputs(const nn::LayerShape& shape, const InputLayout& layout,
                         std::span<const float> map, const InputCode& code,
                         std::span<float> coded) {
  assert(coded.size() >= layout.values(shape));
  const int row = shape.in_width * shape.in_channels;
  std::int64_t outside = 0;
  for (int y = 0; y < shape.in_height; ++y) {
    const int to = ((y + shape.padding) * layout.padded_width + shape.padding) * shape.in_channels;
    outside += code_row(map.data() + std::int64_t{y} * row, row, code, coded.data() + to);
  }
  return outside;
}

}  // namespace lightloom::cosim
