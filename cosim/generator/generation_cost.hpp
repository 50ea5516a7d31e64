#pragma once

#include <cstdint>
#include <optional>

#include "core/random/random.hpp"
#include "nn/weights/source/weight_source.hpp"

namespace lightloom::cosim {

/// Sizes of a two-level generator W = V (U Wb).
struct FactorShape {
  int out = 0, in = 0, area = 0;  // Co, Ci per group, kernel area
  int cross = 0, intra = 0;       // Bc generated kernels, Bi basis kernels
  bool intra_level = true;        // false: the kernels themselves are stored, [Bc, in, area]
  bool cross_level = true;        // false: every kernel has its own coefficients, Bc = out
  friend bool operator==(const FactorShape&, const FactorShape&) = default;
};

FactorShape factor_shape(const nn::TwoLevelFactors& factors);

/// Work of regenerating one tile, or a part of a layer.
struct GenerationWork {
  nn::RegenerationWork operations;
  std::int64_t basis_words = 0, intra_words = 0, cross_words = 0;  // to load
  int word_bits = 0;         // of the widest of them; more than the DACs' word takes longer to load
  std::int64_t weights = 0;  // regenerated
  // Of a two-level product:
  std::optional<FactorShape> factors;
  double kernel_share = 0;    // of the layer's kernels of level 1 that are formed with the tile
  int rows = 0, columns = 0;  // of the tile
};

/// Time and energy of some generation work on a generator.
struct GenerationCost {
  double time_ns = 0;
  double arithmetic_pJ = 0;  // electronic operations
  double conversion_pJ = 0;  // DACs, modulators, detectors, ADCs
  double laser_pJ = 0;       // light and hold power
  /// Digital operations that turn coefficients into settings of its devices; the digital unit does
  /// them.
  double setting_operations = 0;
};

/// One writing of a layer's weights on one chip: where its random numbers come from (seed, chip,
/// layer).
struct WeightWrite {
  StreamAddress address;
  std::uint64_t number = 0;
};

}  // namespace lightloom::cosim
