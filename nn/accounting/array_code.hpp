#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/graph/layer_shape.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {

/// What a weight source makes of one given weight.
struct ArrayCode {
  std::vector<float> decoded;         // regenerated from the stored words alone, as `shape` has it
  std::vector<StoredStream> streams;  // with the counts of these words
  RegenerationWork work;              // of the whole weight, once
  double bits_per_weight = 0;         // streams that the published ratios count
  double complete_bits_per_weight = 0;  // all streams, each padded to whole bytes
  double sqnr_db = 0;                   // signal over squared error; infinite where there is none
};

/// Codes a weight [out_channels, in_channels / groups, kernel_height, kernel_width] and decodes it
/// again. Throws `Error` where the source does not take such a layer and would leave it dense.
ArrayCode code_array(const SourceCard& card, const LayerShape& shape, std::span<const float> dense);

}  // namespace lightloom::nn
