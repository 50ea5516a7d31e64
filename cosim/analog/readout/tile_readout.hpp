#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lightloom::cosim {

/// A run of neighbouring values of an input map: `length` values from `offset` behind the first
/// value of a position.
struct InputRun {
  int offset = 0;
  int length = 0;
};

/// Weights of one tile as the read-out kernel wants them: (inputs, padded rows), rows fastest,
/// padded with zeros to whole vectors, in units of the core's full-scale weight. Inputs are taken
/// from the map run by run, in order.
struct PackedTile {
  std::vector<InputRun> runs;
  std::vector<InputRun> pixels;  // the same runs counted in whole pixels; empty if one cuts a pixel
  int rows = 0;                  // outputs that are read
  int padded_rows = 0;           // rows rounded up to `readout_lanes`
  std::vector<float> weights;
};

inline constexpr int readout_lanes = 16;

/// Static errors of the converter of every row: offset in steps, relative gain, and the two parts
/// of the non-linearity in steps (photonics: ConverterCurve; `bend` times its peak factor). Padded
/// to whole vectors; all empty: perfect converters.
struct AdcCurves {
  std::vector<float> offset, gain, bow, bend;
};

/// What happens between light and number, for one tile. All in units of one full-scale input
/// through a full-scale weight.
struct Readout {
  float sigma = 0;           // of the additive noise, where the block gives none by position
  float relative_sigma = 0;  // times the output: laser noise, common to all outputs of a position
  float step = 0;            // ADC step; 0: no conversion
  float lowest_code = 0;     // ADC codes, in steps
  float highest_code = 0;
  float gain = 1;  // network units of one unit; negative for the second pass of signed inputs
  const AdcCurves* curves = nullptr;  // of a converter with static errors
};

/// A block of output positions of one tile. Input vectors are not copied: they are read where they
/// lie in the map.
struct ReadoutBlock {
  const float* map = nullptr;     // coded inputs, zero where there is no light
  const float* pixels = nullptr;  // optical power of every pixel of it, where that is needed
  const int* bases = nullptr;     // (positions) where each position starts in the map
  int positions = 0;
  const float* sigma = nullptr;  // (positions) of the noise; null: Readout::sigma
  float signal = 0;              // of the same normals, times the output: its own shot noise
  const float* noise =
      nullptr;  // (positions, rows) standard normals, 4 * `readout_lanes` more readable; null: none
  const float* laser = nullptr;  // (positions) standard normals; null: no laser noise
  const float* added =
      nullptr;  // (positions, rows) to every sum, as many more readable; null: nothing
  // Of block floating point, both or none: network units of a result, on top of Readout::gain.
  const float* vector_scales = nullptr;  // (positions)
  const float* row_scales = nullptr;     // (rows), 4 * `readout_lanes` more readable
  float* outputs = nullptr;  // output r of position p is added to outputs[p * output_stride + r]
  std::int64_t output_stride = 0;
};

/// Multiplies, adds read-out noise, converts and accumulates one block. Returns how many
/// conversions were out of range.
std::int64_t read_out(const PackedTile& tile, const Readout& readout, const ReadoutBlock& block);

/// Sum over a tile's inputs at one position of |x| (intensity), x^2 (field) or x (offset, whose
/// zero is light that is counted elsewhere).
float intensity_power(const PackedTile& tile, const float* position);
float field_power(const PackedTile& tile, const float* position);
float offset_power(const PackedTile& tile, const float* position);
/// The same sums over the channels of each pixel of a map (pixels, channels).
void offset_power_of_pixels(const float* map, int channels, std::span<float> powers);
void intensity_of_pixels(const float* map, int channels, std::span<float> powers);
void field_power_of_pixels(const float* map, int channels, std::span<float> powers);

}  // namespace lightloom::cosim
