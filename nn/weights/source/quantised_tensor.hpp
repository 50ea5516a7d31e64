#pragma once

#include <vector>

#include "nn/ops/quantise.hpp"
#include "nn/weights/source/stored_words.hpp"
#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

/// One trained tensor of a source with its symmetric DoReFa quantiser: value = scale * level.
struct QuantisedTensor {
  Parameter latent;
  int bits = 32;
  bool rounded = false;         // through the quantiser; otherwise used as it is
  bool unclamped = false;       // the latest forward kept unrounded elements (Quant-Noise)
  DorefaScale scale;            // of the latest forward
  std::vector<float> squashed;  // for the backward pass
  std::vector<float> levels;    // odd integers when rounded below 32 bits
  std::vector<float>
      d_value;  // gradient with respect to the values, to be filled before add_gradient

  [[nodiscard]] bool on() const { return !levels.empty(); }
  [[nodiscard]] bool integer() const { return rounded && bits < 32; }
  [[nodiscard]] WordCoding coding() const { return integer() ? WordCoding::odd : WordCoding::real; }
};

enum class Rounding { none, dorefa };

QuantisedTensor make_tensor(const char* name, std::int64_t count, int bits, Rounding rounding);

/// Computes levels and scale from the latent tensor.
void quantise(QuantisedTensor& tensor);

/// Makes all latents of a level equal, those of the largest magnitude as the element has it that
/// sets the scale: levels and scale stay as they are, to the bit. Leaves a tensor as it is that is
/// not rounded to 2 to 15 bits.
void round_to_levels(QuantisedTensor& tensor);

/// Quant-Noise (Fan et al., ICLR 2021) after `quantise`: each element keeps its unrounded value
/// with probability 1 - ratio.
void keep_unrounded(QuantisedTensor& tensor, double ratio, const TrainingStep& step,
                    std::uint64_t which);

/// Adds the gradient to the latent's: `d_value` times `outside`, the product of everything that
/// multiplies the values but the tensor's own scale, through the quantiser.
void add_gradient(QuantisedTensor& tensor, float outside);

/// Sets the latent so that the quantiser gives `values` (magnitudes below one where it rounds);
/// returns what a gain must make good for it.
double set_latent(QuantisedTensor& tensor, std::span<const float> values);

}  // namespace lightloom::nn
