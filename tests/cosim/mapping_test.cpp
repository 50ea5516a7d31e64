#include "cosim/mapping.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "core/error.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::cosim {
namespace {

nn::LayerShape mapped_convolution(int in, int out, int kernel, int groups, int map) {
  return {.name = "c",
          .in_channels = in,
          .out_channels = out,
          .kernel_height = kernel,
          .kernel_width = kernel,
          .padding = kernel / 2,
          .groups = groups,
          .in_height = map,
          .in_width = map,
          .out_height = map,
          .out_width = map};
}

/// Multiplies through the tiles: inputs (groups, group columns) -> outputs (out channels), partial
/// sums added up.
std::vector<double> multiply_through_tiles(const nn::LayerShape& layer, const LayerMapping& mapping,
                                           const std::vector<float>& weights,
                                           const std::vector<float>& inputs) {
  std::vector<double> outputs(as_index(layer.out_channels));
  std::vector<float> tile(as_index(std::int64_t{mapping.tile.rows} * mapping.tile.columns));
  for (std::int64_t t = 0; t < mapping.tiles; ++t) {
    gather_tile({layer, weights}, mapping, t, tile);
    const TileView view = tile_view(mapping, t);
    std::vector<float> in(as_index(mapping.tile.columns), 1e6F);  // padding must not see its input
    for (int s = 0; s < view.groups; ++s)
      for (int c = 0; c < view.columns; ++c)
        in[as_index(s * view.columns + c)] = inputs[as_index(
            (view.first_group + s) * mapping.group_columns + view.first_column + c)];
    for (int s = 0; s < view.groups; ++s)
      for (int r = 0; r < view.rows; ++r)
        for (int c = 0; c < mapping.tile.columns; ++c)
          outputs[as_index((view.first_group + s) * mapping.group_rows + view.first_row + r)] +=
              double{tile[as_index((s * view.rows + r) * mapping.tile.columns + c)]} *
              in[as_index(c)];
  }
  return outputs;
}

/// The same from the definition, without a matrix: column order kernel row, kernel column, channel.
std::vector<double> multiply_directly(const nn::LayerShape& layer,
                                      const std::vector<float>& weights,
                                      const std::vector<float>& inputs) {
  const int channels = layer.in_channels / layer.groups, rows = layer.out_channels / layer.groups;
  std::vector<double> outputs(as_index(layer.out_channels));
  for (int o = 0; o < layer.out_channels; ++o)
    for (int i = 0; i < channels; ++i)
      for (int y = 0; y < layer.kernel_height; ++y)
        for (int x = 0; x < layer.kernel_width; ++x) {
          const int column = (y * layer.kernel_width + x) * channels + i;
          outputs[as_index(o)] +=
              double{weights[as_index(
                  ((o * channels + i) * layer.kernel_height + y) * layer.kernel_width + x)]} *
              inputs[as_index(o / rows * layer.matrix_columns() + column)];
        }
  return outputs;
}

void expect_tiles_multiply_like_the_layer(const nn::LayerShape& layer, TileShape shape,
                                          GroupPacking packing) {
  std::vector<float> weights(as_index(layer.weights())),
      inputs(as_index(layer.groups * layer.matrix_columns()));
  std::iota(weights.begin(), weights.end(), 1.0F);
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = static_cast<float>(i % 7) - 3.0F;
  const LayerMapping mapping = map_layer(layer, shape, packing);
  EXPECT_EQ(multiply_through_tiles(layer, mapping, weights, inputs),
            multiply_directly(layer, weights, inputs));
}

TEST(Mapping, TilesMultiplyLikeTheLayerForEveryKindOfLayerAndAwkwardTiles) {
  const nn::LayerShape layers[] = {
      mapped_convolution(5, 33, 3, 1, 7), mapped_convolution(12, 18, 3, 3, 4),
      mapped_convolution(33, 33, 3, 33, 4), mapped_convolution(70, 11, 1, 1, 1)};
  for (const auto& layer : layers)
    for (const TileShape shape :
         {TileShape{7, 13}, TileShape{64, 64}, TileShape{9, 30}, TileShape{1, 1}})
      for (const GroupPacking packing : {GroupPacking::separate, GroupPacking::block_diagonal})
        expect_tiles_multiply_like_the_layer(layer, shape, packing);
}

TEST(Mapping, CountsTilesAndPaddingOfAPlainConvolution) {
  const LayerMapping mapping = map_layer(mapped_convolution(64, 128, 3, 1, 8), {64, 64});
  EXPECT_EQ(mapping.row_tiles, 2);
  EXPECT_EQ(mapping.column_tiles, 9);
  EXPECT_EQ(mapping.tiles, 18);
  EXPECT_EQ(mapping.padded_weights, 0);
  EXPECT_EQ(mapping.input_vectors, 64);
  const LayerMapping ragged = map_layer(mapped_convolution(64, 129, 3, 1, 8), {64, 64});
  EXPECT_EQ(ragged.tiles, 27);
  EXPECT_EQ(ragged.padded_weights, 27 * 4096 - 129 * 576);
}

TEST(Mapping, BlockDiagonalPackingPutsSevenDepthwiseKernelsOnASixtyFourWideTile) {
  const auto depthwise = mapped_convolution(32, 32, 3, 32, 14);
  EXPECT_EQ(map_layer(depthwise, {64, 64}, GroupPacking::separate).tiles, 32);
  const LayerMapping packed = map_layer(depthwise, {64, 64});
  EXPECT_EQ(packed.groups_per_tile, 7);
  EXPECT_EQ(packed.tiles, 5);
  EXPECT_EQ(tile_view(packed, 4).groups, 4);
  EXPECT_EQ(packed.padded_weights, 5 * 4096 - 288);
}

TEST(Mapping, RefusesGroupsThatDoNotDivideTheChannels) {
  EXPECT_NO_THROW(map_layer(mapped_convolution(6, 9, 3, 3, 4), {8, 8}));
  EXPECT_THROW(map_layer(mapped_convolution(6, 8, 3, 3, 4), {8, 8}), Error);
  EXPECT_THROW(map_layer(mapped_convolution(6, 9, 3, 3, 4), {0, 8}), Error);
}

}  // namespace
}  // namespace lightloom::cosim
