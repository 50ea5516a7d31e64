#pragma once

#include <cstdint>
#include <span>

#include "cosim/analog/readout/input_layout.hpp"
#include "nn/graph/layer_shape.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// How the DAC turns a network value into light.
struct InputCode {
  float sign = 1;                   // -1: the pass of the negative parts
  float lowest = 0;                 // of the coded input: 0 or -1
  float full_scale = 1;             // network value of a coded input of 1
  float levels = 0;                 // steps from 0 to 1; 0: no quantisation
  bool bounded = true;              // false: digital coding, nothing is clipped
  bool other_sign_follows = false;  // another pass takes what lies below `lowest`
  bool signs_apart = false;  // a signed DAC that sends the magnitudes of one sign, `lowest` 0
};

/// The code of a pass: 0 for the only or positive pass, 1 for the negative one. `bits` 0: no
/// quantisation.
InputCode input_code(photonic::InputCoding coding, int bits, float full_scale, int pass);

/// Makes the code of a signed DAC that of magnitudes of one sign (`InputCode::sign`), the other
/// sign left to another pass.
void take_signs_apart(InputCode& code);

/// Splits a coded map, multiples of 1 / levels, into the bits of its magnitudes with their signs:
/// in `plane`, of the same size, what is sent for bit `bit`: 0, 1 or -1.
void take_bit(std::span<const float> coded, float levels, int bit, std::span<float> plane);
/// Codes values one by one. Returns how many were out of range.
std::int64_t code_values(std::span<const float> values, const InputCode& code,
                         std::span<float> coded);

/// A layer and how its inputs lie in a coded map.
struct LaidOutLayer {
  const nn::LayerShape& shape;
  const InputLayout& layout;
};

/// Codes a map (in_height, in_width, in_channels) into the interior of `coded` (padded_height,
/// padded_width, in_channels); the border is left as it is. Returns how many elements were out of
/// range.
std::int64_t code_inputs(const LaidOutLayer& layer, std::span<const float> map,
                         const InputCode& code, std::span<float> coded);

}  // namespace lightloom::cosim
