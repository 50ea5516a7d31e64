#include "cosim/analog/readout/input_layout.hpp"

namespace lightloom::cosim {
namespace {

void append(std::vector<InputRun>& runs, int offset, int length) {
  if (!runs.empty() && runs.back().offset + runs.back().length == offset)
    runs.back().length += length;
  else
    runs.push_back({offset, length});
}

}  // namespace

InputLayout input_layout(const nn::LayerShape& shape) {
  InputLayout layout{.padded_height = shape.in_height + shape.padding.top + shape.padding.bottom,
                     .padded_width = shape.in_width + shape.padding.left + shape.padding.right};
  for (int y = 0; y < shape.out_height; ++y)
    for (int x = 0; x < shape.out_width; ++x)
      layout.pixel_bases.push_back(y * shape.stride.height * layout.padded_width +
                                   x * shape.stride.width);
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
      const int row = position / shape.kernel_width * shape.dilation.height;
      const int left = position % shape.kernel_width * shape.dilation.width;
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

}  // namespace lightloom::cosim
