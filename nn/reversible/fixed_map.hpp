#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// A map in fixed point: n stands for n 2^-fraction_bits. Sums wrap around at 32 bits, so that
/// whatever is added can be taken off again, to the last bit.
struct FixedMap {
  TensorShape shape;
  std::vector<std::int32_t> numbers;

  void resize(const TensorShape& to);
  [[nodiscard]] std::int64_t bytes() const {
    return static_cast<std::int64_t>(numbers.size()) * std::int64_t{sizeof(std::int32_t)};
  }
};

/// What is done with rounded numbers.
enum class Rounded { added, taken_off, set };

/// to = to + round(x 2^fraction_bits), to - round(...), or round(...), halves to even; what is
/// beyond +-2^30 counts as that, and no number as 0. Of x's shape.
void round_into(const Tensor& x, int fraction_bits, Rounded how, FixedMap& to);

/// The numbers as float32: exact below 2^24.
void to_floats(const FixedMap& map, int fraction_bits, Tensor& x);

}  // namespace lightloom::nn
