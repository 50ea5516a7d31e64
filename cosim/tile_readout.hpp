#pragma once

#include <cstdint>
#include <vector>

namespace lightloom::cosim {

/// Weights of one tile as the read-out kernel wants them: (inputs, padded rows), rows fastest,
/// padded with zeros to whole vectors. In units of the core's full-scale weight.
struct PackedTile {
  int inputs = 0;       // input lines that carry light
  int rows = 0;         // outputs that are read
  int padded_rows = 0;  // rows rounded up to `readout_lanes`
  std::vector<float> weights;
};

inline constexpr int readout_lanes = 16;

/// What happens between light and number, for one tile. All in units of one full-scale input
/// through a full-scale weight.
struct Readout {
  float additive_variance = 0;
  float shot_variance = 0;      // times the optical power of the input vector
  float relative_variance = 0;  // times the squared output
  float step = 0;               // ADC step; 0: no conversion
  float lowest_code = 0;        // ADC codes, in steps
  float highest_code = 0;
  float gain = 1;  // network units of one unit; negative for the second pass of signed inputs
};

/// A block of input vectors of one tile.
struct ReadoutBlock {
  const float* inputs = nullptr;  // (positions, stride): vector p starts at inputs + p * stride
  std::int64_t stride = 0;
  int positions = 0;
  const float* power =
      nullptr;  // (positions) optical power of each input vector; may be null without shot noise
  const float* noise = nullptr;  // (positions, rows) standard normals, `readout_lanes` * 4 more readable; null: none
  float* outputs = nullptr;  // output r of position p is added to outputs[p * output_stride + r]
  std::int64_t output_stride = 0;
};

/// Multiplies, adds read-out noise, converts and accumulates one block. Returns how many
/// conversions were out of range.
std::int64_t read_out(const PackedTile& tile, const Readout& readout, const ReadoutBlock& block);

}  // namespace lightloom::cosim
