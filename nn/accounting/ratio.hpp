#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/graph/layer_shape.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {

/// Parameters and memory of one layer, weight and bias.
struct LayerRatio {
  std::string name;
  std::int64_t parameters = 0, dense_parameters = 0;
  std::int64_t memory_bits = 0, dense_memory_bits = 0;
  std::int64_t complete_bits = 0;  // with scales and every stream padded to whole bytes
  bool intra_enabled = false, cross_enabled = false;
  double precision_bits = 0;  // most bits a generated weight can need, the paper's sup(q); 0: not
                              // generated, or factors that are not rounded
  bool saves_parameters = false, saves_bits = false;
  std::vector<StoredStream> streams;
};

/// Parameters and memory of a network under a weight source.
struct Ratio {
  std::vector<LayerRatio> layers;  // in order of execution
  std::int64_t norm_parameters = 0;
  std::int64_t parameters = 0, dense_parameters = 0;
  std::int64_t memory_bits = 0, dense_memory_bits = 0;
  double parameter_ratio = 0, memory_ratio = 0;
  /// The complete ledger, which a packed file needs and no published ratio counts: scales, running
  /// statistics, ranges of the activation quantisers, padding to bytes. Its dense side has the
  /// running statistics.
  std::int64_t complete_bits = 0, complete_dense_bits = 0;
  double complete_ratio = 0;
};

/// The accounting of Gu et al. (ICCV 2021), every rule as reproduced from their tables: what a
/// source stores at its own bits; convolutions it cannot take, biases and normalisations at 32;
/// linear layers at the card's `fc_bits`; the dense network at 32 throughout.
Ratio ratio_of(const NetworkShape& network, const SourceCard& card);

}  // namespace lightloom::nn
