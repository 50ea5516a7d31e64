#include "cosim/analog/readout/tile_readout.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/random/random.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::cosim {
namespace {

std::vector<float> values(std::size_t count) {
  std::vector<float> made(count);
  fill_normal(Stream({.seed = 6}), 0, made);
  return made;
}

TEST(TileReadout, APixelsPowerIsTheSumOverItsChannels) {
  for (const int channels : {1, 3, 16, 32, 37})
    for (const int pixels : {1, 15, 16, 33})
      for (const bool field : {false, true}) {
        const std::vector<float> map = values(as_index(pixels * channels));
        std::vector<float> powers(static_cast<std::size_t>(pixels));
        (field ? field_power_of_pixels : intensity_of_pixels)(map.data(), channels, powers);
        for (int p = 0; p < pixels; ++p) {
          double expected = 0;
          for (int c = 0; c < channels; ++c) {
            const double x = map[as_index(p * channels + c)];
            expected += field ? x * x : std::fabs(x);
          }
          // At most `channels` roundings of a sum of positive terms.
          EXPECT_NEAR(powers[static_cast<std::size_t>(p)], expected, channels * 6e-8 * expected)
              << channels << " channels, pixel " << p << " of " << pixels;
        }
      }
}

TEST(TileReadout, OnlyOutputsThatExistCountAsSaturated) {
  constexpr int rows = 3, positions = 9;
  PackedTile tile{.rows = rows, .padded_rows = readout_lanes};
  tile.weights.assign(readout_lanes, 0.0F);
  tile.runs = {{0, 1}};
  const std::vector<float> map{1};
  const std::vector<int> bases(positions, 0);
  std::vector<float> noise(positions * rows + 4 * readout_lanes, 1000.0F);
  std::fill_n(noise.begin(), positions * rows, 0.0F);
  std::vector<float> outputs(positions * rows + readout_lanes);
  const Readout readout{.sigma = 1, .step = 1, .lowest_code = -8, .highest_code = 7};
  ReadoutBlock block{.map = map.data(), .bases = bases.data(), .positions = positions};
  block.noise = noise.data();
  block.outputs = outputs.data();
  block.output_stride = rows;
  EXPECT_EQ(read_out(tile, readout, block), 0);
  noise[positions * rows - 1] = 1000.0F;
  EXPECT_EQ(read_out(tile, readout, block), 1);
}

/// What one block of `rows` outputs and 19 positions reads out, and how often it saturates.
struct ReadBlock {
  std::vector<float> outputs;
  std::int64_t saturated = 0;
};

ReadBlock read_block_of(int rows, float signal, const AdcCurves* curves) {
  constexpr int inputs = 7, positions = 19;
  const int padded = (rows + readout_lanes - 1) / readout_lanes * readout_lanes;
  PackedTile tile{.runs = {{0, inputs}}, .rows = rows, .padded_rows = padded};
  tile.weights = values(as_index(inputs * padded));
  const std::vector<float> map = values(positions + inputs);
  std::vector<int> bases(positions);
  for (int p = 0; p < positions; ++p) bases[as_index(p)] = p;
  const std::vector<float> noise = values(as_index(positions * rows + 4 * readout_lanes));
  const std::vector<float> sigma(positions, 0.7F), laser = values(positions);
  ReadBlock read{std::vector<float>(as_index(positions * padded))};
  ReadoutBlock block{.map = map.data(), .bases = bases.data(), .positions = positions};
  block.sigma = sigma.data();
  block.signal = signal;
  block.noise = noise.data();
  block.laser = laser.data();
  block.outputs = read.outputs.data();
  block.output_stride = padded;
  read.saturated = read_out(tile,
                            {.relative_sigma = 0.01F,
                             .step = 0.25F,
                             .lowest_code = -16,
                             .highest_code = 15,
                             .gain = 0.3F,
                             .curves = curves},
                            block);
  return read;
}

// Curves of zeros change nothing, but whole vectors that have them leave the loop of plain ones.
TEST(TileReadout, PlainVectorsAreReadOutToTheSameBitsAsAllOthers) {
  for (const int rows : {16, 32, 41, 64, 80})
    for (const float signal : {0.0F, 0.4F}) {
      const std::vector<float> zeros(96, 0.0F);
      const AdcCurves perfect{zeros, zeros, zeros, zeros};
      const ReadBlock plain = read_block_of(rows, signal, nullptr),
                      bent = read_block_of(rows, signal, &perfect);
      EXPECT_EQ(plain.outputs, bent.outputs) << rows << " rows, signal " << signal;
      EXPECT_EQ(plain.saturated, bent.saturated) << rows << " rows, signal " << signal;
      EXPECT_GT(plain.saturated, 0) << "nothing to count";
    }
}

}  // namespace
}  // namespace lightloom::cosim
