#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/weights/seeded/seeded_bits.hpp"

namespace lightloom::nn {

/// Orthonormal bases of k-dimensional subspaces of blocks of n weights, from a seed, with no matrix
/// stored: Q_b = S1 H S2b P H S3 / n on the first k of n inputs, with random signs S (S2 of every
/// block its own), the Walsh-Hadamard transform H and a fixed permutation P. n log2 n sums a
/// transform.
class StructuredBasis {
 public:
  /// `block` is a power of two, 1 <= inputs <= block.
  StructuredBasis(int block, int inputs);

  /// n Q_b x for block number b: k numbers to n.
  void expand(std::uint32_t seed, std::int64_t block, std::span<const float> x,
              std::span<float> out) const;
  /// n Q_b^T y: n numbers to k.
  void project(std::uint32_t seed, std::int64_t block, std::span<const float> y,
               std::span<float> out) const;
  /// The transforms and signs of `blocks` blocks, in operations on numbers of 16 bits.
  [[nodiscard]] RegenerationWork work(std::int64_t blocks) const;

  [[nodiscard]] std::size_t block() const { return order_.size(); }
  [[nodiscard]] std::size_t inputs() const { return inputs_; }

 private:
  std::size_t inputs_;
  std::vector<std::uint32_t> order_;  // input i of P is its output order_[i]
};

}  // namespace lightloom::nn
