#pragma once

#include "core/random/random.hpp"
#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// A matrix as a product of butterflies: screen B_{N/2} ... B_2 B_1, with B_s a column of 2x2s that
/// join modes s apart (`butterfly_topology`). An N = 2^m mode butterfly has only N/2 log2 N devices
/// for the N^2 parameters of a unitary: Fourier and Hadamard matrices and any product of such
/// columns are exact, most unitaries are not.
struct ButterflyFactors {
  MeshSettings settings;
  /// Guides may have to cross before the first column or behind the screen: input (output) k is
  /// then mode reverse(k) with its log2 N bits reversed. A Fourier matrix needs it at one side.
  bool inputs_reversed = false;
  bool outputs_reversed = false;
  double error = 0;  // ||matrix - rebuilt||_F / sqrt(N)
};

/// Factorises level by level. The last column joins k and k + N/2, so rows k and k + N/2 of a
/// product of butterflies have rank one in each half of the columns: the 2x2 is what makes them so
/// best (the eigenvectors of X X^dagger - Y Y^dagger of the two halves X and Y), the two halves
/// that are left are brought to the nearest unitary where they are none, and factorised in turn.
/// Exact for products of butterflies. All four orders of inputs and outputs are tried, in order
/// first. `matrix` must be unitary; its size must be a power of two.
ButterflyFactors decompose_butterfly(const SquareMatrix& matrix);

/// Settings of an ideal butterfly mesh whose 2x2s are Haar-random, each on its own.
MeshSettings random_butterfly_settings(const Topology& topology, const Stream& stream);

/// The number below `size` (a power of two) with the bits of `k` in reverse order.
int reverse_bits(int k, int size);
/// `matrix` with its rows or columns in bit-reversed order.
SquareMatrix reverse_rows(const SquareMatrix& matrix);
SquareMatrix reverse_columns(const SquareMatrix& matrix);

}  // namespace lightloom::photonic
