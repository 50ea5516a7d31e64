#pragma once

#include <string>
#include <vector>

#include "core/random/random.hpp"

namespace lightloom::photonic {

/// Weights that chips are asked for, each drawn by itself: uniform in [-1, 1]; normal, of variance
/// 1; one of `levels` evenly spaced from -1 to 1, all equally likely (3: ternary weights, 2^b:
/// those of b bits); or those of a given matrix, the same for every chip.
struct WeightTargets {
  enum class Law { uniform, normal, levels, given };
  Law law = Law::uniform;
  int levels = 0;
  int rows = 0, columns = 0;  // of the given matrix, row-major
  std::vector<float> matrix;

  /// For results: "uniform weights", ...
  [[nodiscard]] std::string name() const;
  /// Throws `Error` where `levels` are fewer than two, or the matrix is empty or not full.
  void validate() const;
};

/// Tiles (tiles, rows, columns) of such weights: one, or all that the given matrix takes, in rows
/// of tiles and filled up with zeros.
std::vector<float> target_tiles(const WeightTargets& targets, const Stream& stream, int rows,
                                int columns);

}  // namespace lightloom::photonic
