#pragma once

#include <span>
#include <vector>

#include "cosim/analog/layer_on_core.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// A matrix of network weights, (rows, columns) row-major: outputs and inputs.
struct TargetMatrix {
  int rows = 0, columns = 0;
  std::span<const float> weights;
};

/// What one chip makes of a matrix that is its first layer.
struct RealisedMatrix {
  /// (rows, columns) in network units: what the analog engine multiplies with, static and
  /// programming errors and frozen errors of products included, without those of converters and
  /// what is new at every reading.
  std::vector<float> weights;
  int row_tiles = 0, column_tiles = 0;  // tile number = row_tile * column_tiles + column_tile
  /// (tiles, rows of the core): network weight that a full-scale weight of that row stands for, all
  /// slices of it together.
  std::vector<float> full_scale;
  photonic::RealisationReport report;
};

/// Cuts the matrix into tiles and writes them as layer 0, like a linear layer of a network. Throws
/// `Error` for weights that are no finite numbers.
RealisedMatrix realise_matrix(const ChipCore& chip, const TargetMatrix& target);

/// The tiles that are asked of the core meanwhile, for whoever looks at its devices.
LayerTargets matrix_targets(const ChipCore& chip, const TargetMatrix& target);

}  // namespace lightloom::cosim
