#include "nn/ops/products/patches.hpp"

#include <algorithm>

namespace lightloom::nn {
namespace {

/// One row of a kernel that begins at column `x` of a row of the map; null: no such row.
void gather_row(const LayerShape& s, const std::uint16_t* row, std::int64_t x, std::uint16_t* to) {
  const std::int64_t channels = s.in_channels;
  for (int tap = 0; tap < s.kernel_width; ++tap, to += channels) {
    const std::int64_t column = x + std::int64_t{tap} * s.dilation.width;
    if (row != nullptr && column >= 0 && column < s.in_width)
      std::copy_n(row + column * channels, channels, to);
    else
      std::fill_n(to, channels, std::uint16_t{0});
  }
}

}  // namespace

void gather_patches(const LayerShape& s, int images, const std::uint16_t* map,
                    std::uint16_t* patches) {
  const std::int64_t width = std::int64_t{s.in_width} * s.in_channels;
  const std::int64_t taps = std::int64_t{s.kernel_width} * s.in_channels;
  const std::int64_t rows = std::int64_t{images} * s.out_height;
#pragma omp parallel for schedule(static)
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::uint16_t* image = map + row / s.out_height * s.in_height * width;
    const std::int64_t top = row % s.out_height * s.stride.height - s.padding.top;
    std::uint16_t* to = patches + row * s.out_width * s.kernel_height * taps;
    for (std::int64_t k = 0; k < s.out_width; ++k)
      for (int i = 0; i < s.kernel_height; ++i, to += taps) {
        const std::int64_t y = top + std::int64_t{i} * s.dilation.height;
        const bool inside = y >= 0 && y < s.in_height;
        gather_row(s, inside ? image + y * width : nullptr, k * s.stride.width - s.padding.left,
                   to);
      }
  }
}

}  // namespace lightloom::nn
