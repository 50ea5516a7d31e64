#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lightloom::nn {

/// Sizes of a network of exclusive ors.
struct XorSize {
  int inputs = 8;    // stored bits of a block
  int outputs = 10;  // bits that it gives
  int taps = 2;      // inputs that an output is the sum of, modulo 2
};

/// Fixed wires from `inputs` bits to `outputs`, each the sum modulo 2 of a few. In signs (a bit of
/// 1 is 1, of 0 is -1) an output is the product of its taps' signs. Where every output has an even
/// number of taps, turning all inputs changes nothing.
class XorNetwork {
 public:
  /// Output o has input o mod inputs among its taps, the others by the hash of (0, o); no two have
  /// the same taps while that input has other sets.
  explicit XorNetwork(const XorSize& size);

  [[nodiscard]] const XorSize& size() const { return size_; }
  /// The inputs of an output.
  [[nodiscard]] std::span<const std::size_t> taps(std::size_t output) const;
  /// The sign of an output for the signs of all inputs.
  [[nodiscard]] float sign(std::size_t output, std::span<const float> inputs) const;
  /// The inputs, bit i that of input i, whose outputs' signs have the largest sum of products with
  /// `targets`, the first outputs; the smallest among equals.
  [[nodiscard]] std::uint32_t best(std::span<const float> targets) const;

 private:
  XorSize size_;
  std::vector<std::size_t> taps_;  // [outputs, taps]
  std::vector<float> signs_;       // [2^inputs, outputs]
};

}  // namespace lightloom::nn
