#include "cosim/patches.hpp"

#include <algorithm>
#include <cassert>

namespace lightloom::cosim {
namespace {

/// One kernel row of one group for one position: kernel_width x channels values.
void gather_row(const nn::LayerShape& layer, const float* row, int left, int channels, float* to) {
  if (layer.groups == 1 && layer.dilation == 1 && left >= 0 &&
      left + layer.kernel_width <= layer.in_width) {
    std::copy_n(row + std::int64_t{left} * channels, layer.kernel_width * channels, to);
    return;
  }
  for (int kw = 0; kw < layer.kernel_width; ++kw, to += channels) {
    const int x = left + kw * layer.dilation;
    if (x < 0 || x >= layer.in_width)
      std::fill_n(to, channels, 0.0F);
    else
      std::copy_n(row + std::int64_t{x} * layer.in_channels, channels, to);
  }
}

}  // namespace

void gather_patches(const nn::LayerShape& layer, const PatchRange& range,
                    std::span<const float> map, std::span<float> patches) {
  const int channels = layer.in_channels / layer.groups;
  const int row_values = layer.kernel_width * channels;
  assert(patches.size() >=
         static_cast<std::size_t>(range.positions) * range.groups * layer.matrix_columns());
  float* to = patches.data();
  for (int p = range.first_position; p < range.first_position + range.positions; ++p) {
    const int top = p / layer.out_width * layer.stride - layer.padding;
    const int left = p % layer.out_width * layer.stride - layer.padding;
    for (int g = range.first_group; g < range.first_group + range.groups; ++g)
      for (int kh = 0; kh < layer.kernel_height; ++kh, to += row_values) {
        const int y = top + kh * layer.dilation;
        if (y < 0 || y >= layer.in_height)
          std::fill_n(to, row_values, 0.0F);
        else
          gather_row(layer,
                     &map[(std::int64_t{y} * layer.in_width) * layer.in_channels + g * channels],
                     left, channels, to);
      }
  }
}

}  // namespace lightloom::cosim
