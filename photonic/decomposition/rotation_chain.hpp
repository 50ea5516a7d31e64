#pragma once

#include <span>
#include <vector>

#include "photonic/devices/mzi.hpp"
#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// A square matrix with real and imaginary parts apart, row-major: what a decomposition rotates in
/// place.
struct SplitMatrix {
  int size = 0;
  std::vector<double> re, im;

  explicit SplitMatrix(const SquareMatrix& matrix);
  [[nodiscard]] Complex at(int row, int column) const {
    const std::size_t k = index(row, column);
    return {re[k], im[k]};
  }
  [[nodiscard]] std::size_t index(int row, int column) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(size) +
           static_cast<std::size_t>(column);
  }
};

/// Rows (mode, mode+1) of columns [first, size) become T times themselves.
void rotate_rows(SplitMatrix& u, int mode, int first, const Transfer& t);

/// Rotations of neighbouring pairs of columns from the right, one after the other: the k-th takes
/// columns (m, m+1), m = first_mode + k (ascending) or first_mode - k (descending), to themselves
/// times T^dagger. Neighbours share a column, which stays in registers from one rotation to the
/// next; eight rows go together.
struct RotationChain {
  int first_mode = 0;
  bool descending = false;
  std::vector<Transfer> rotations;  // the T

  [[nodiscard]] int mode(int k) const { return descending ? first_mode - k : first_mode + k; }
};

/// Numbers from `first` on, before `end`.
struct IndexRange {
  int first = 0, end = 0;
};

/// Applies some rotations of the chain to some rows. O(rotations rows).
void rotate_columns(SplitMatrix& u, const RotationChain& chain, IndexRange rotations,
                    IndexRange rows);

}  // namespace lightloom::photonic
