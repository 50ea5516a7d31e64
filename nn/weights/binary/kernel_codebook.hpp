#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/optim/parameter.hpp"

namespace lightloom::nn {

/// Places of a 3x3 kernel, and its patterns of signs: bit i of a pattern is set where place i is 1.
inline constexpr int kernel_places = 9;
inline constexpr int kernel_patterns = 1 << kernel_places;

/// How the patterns of a codebook move (Wang et al., ICCV 2021, as their code has it).
inline constexpr int pattern_period = 25;          // steps from one move to the next
inline constexpr float pattern_bound = 3;          // of a pattern's parameters
inline constexpr float pattern_threshold = 1e-3f;  // a smaller parameter turns no sign

/// A layer's trained patterns: one sign and one parameter a place, in constants of the source that
/// a checkpoint keeps.
class KernelCodebook {
 public:
  explicit KernelCodebook(int index_bits);

  /// The commonest sign patterns of the kernels [count, 9], the smaller number among equals; then
  /// numbers that no kernel has. A parameter is the mean of what its kernels have at the place, in
  /// units of the layer's mean magnitude, under the pattern's sign.
  void fit(std::span<const float> kernels);

  /// The pattern with the largest sum of sign times value, the first among equals: the nearest in
  /// the squared norm.
  [[nodiscard]] std::uint32_t nearest(std::span<const float> kernel) const;

  /// Patterns, kernel_places bits each.
  [[nodiscard]] std::vector<std::uint32_t> words() const;

  /// Adds the gradient of pattern `index` at a place.
  void add_gradient(std::uint32_t index, std::size_t place, float gradient);
  /// One training step: at every 25th the parameters go down their gradient and the signs follow;
  /// patterns that came to equal an earlier one are replaced by others. Gradients are forgotten.
  /// Returns how many stored words changed.
  std::int64_t step(double rate, std::uint32_t seed);

  [[nodiscard]] std::vector<Parameter*> constants() { return {&value_, &sign_, &steps_}; }
  [[nodiscard]] std::size_t size() const { return sign_.value.size() / kernel_places; }

 private:
  void set_pattern(std::size_t index, std::uint32_t pattern, float magnitude);
  [[nodiscard]] std::uint32_t word(std::size_t index) const;
  void move(double rate);
  void replace_doubles(std::uint32_t seed);

  Parameter value_;  // [patterns, 9]
  Parameter sign_;   // the same, -1 or 1
  Parameter steps_;  // taken since the last move, and moves
};

}  // namespace lightloom::nn
