#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "nn/graph/layer_shape.hpp"

namespace lightloom::nn {

/// A weight whose rows are integers of 8 bits times a factor each: integers of any source, signs,
/// ternary levels, powers of two.
struct IntegerRows {
  std::vector<std::int8_t> levels;  // as many as weights, within +-127
  std::vector<float> factors;       // by row
};

/// Of a weight of `rows` rows: none where a row is no such product, to the rounding of one
/// multiplication.
std::optional<IntegerRows> integer_rows(std::span<const float> weights, int rows);

/// Whether this processor multiplies bytes and sums them in 32 bits (VNNI, AMX). Others would sum
/// pairs in 16, which saturate.
bool multiplies_bytes();

/// Whether the sums of a layer stay within 32 bits whatever its inputs of 8 bits and weights of
/// `IntegerRows` are.
bool sums_fit(const LayerShape& shape);

/// A convolution or linear layer in integers, exact. For processors that multiply bytes and layers
/// whose sums fit.
class IntegerProduct {
 public:
  /// `levels` is [out, in/groups, kh, kw] row-major.
  IntegerProduct(const LayerShape& shape, std::span<const std::int8_t> levels);
  ~IntegerProduct();
  IntegerProduct(IntegerProduct&&) noexcept;
  IntegerProduct& operator=(IntegerProduct&&) noexcept;

  /// Sums (images, h, w, out) of the levels of inputs (images, h, w, in), channels last; outside
  /// the map are zeros.
  void forward(std::span<const std::uint8_t> x, int images, std::span<std::int32_t> sums);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> own_;
};

}  // namespace lightloom::nn
