#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "nn/files/large_vector.hpp"
#include "nn/freeze/freeze_card.hpp"
#include "nn/graph/graph.hpp"

namespace lightloom::nn {

/// The form that a latent is kept in.
struct LatentFormat {
  MapShape shape;
  int bits = 32;  // of a number: 1 to 16, or 32: float32 as it is
};

/// Bytes of one kept latent: its numbers packed bit by bit, to a whole byte, and, of integers, the
/// scale and the zero, 32 bits each.
std::int64_t latent_bytes(const LatentFormat& format);

/// Latents of images, at the bits of their format: what `bytes` says is what they take. Integers
/// are those of `quantise_activation` over the range of each latent by itself.
class LatentCache {
 public:
  /// Zeros. On disk in an unnamed file (see LargeVector).
  LatentCache(const LatentFormat& format, std::size_t count, LatentPlace place);

  /// Throws `Failure` for integers of numbers that are not finite. Different latents may be put and
  /// taken on several threads.
  void put(std::size_t latent, std::span<const float> values);
  void take(std::size_t latent, std::span<float> values) const;

  [[nodiscard]] std::int64_t bytes() const { return static_cast<std::int64_t>(bytes_.size()); }

 private:
  LatentFormat format_;
  std::size_t each_;
  LargeVector<std::uint8_t> bytes_;
};

}  // namespace lightloom::nn
