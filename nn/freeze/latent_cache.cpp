#include "nn/freeze/latent_cache.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/error.hpp"
#include "nn/ops/quantise.hpp"

namespace lightloom::nn {
namespace {

constexpr std::int64_t scale_bytes = 8;  // of the scale and the zero of integers
constexpr int byte = 8;

/// The block that lies on disk, or never does.
LargeAllocator<std::uint8_t> allocator_at(LatentPlace place) {
  return LargeAllocator<std::uint8_t>(
      place == LatentPlace::disk ? 1 : std::numeric_limits<std::size_t>::max());
}

ActivationRange range_of(std::span<const float> values) {
  ActivationRange range{.seen = true};
  for (const float value : values) {
    if (!std::isfinite(value))
      throw Failure(
          "the frozen layers give numbers that are not finite: the training before train.freeze's "
          "epoch diverged (a lower train.rate, or train.clip, may help)");
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
  }
  return range;
}

/// Words of `bits` bits, the low end of a byte first.
void pack(std::span<const float> values, const ActivationScale& scale, std::uint8_t* out) {
  std::uint64_t waiting = 0;
  int held = 0;
  for (const float value : values) {
    waiting |= static_cast<std::uint64_t>(scale.level(value)) << held;
    for (held += scale.bits; held >= byte; held -= byte, waiting >>= byte)
      *out++ = static_cast<std::uint8_t>(waiting);
  }
  if (held > 0) *out = static_cast<std::uint8_t>(waiting);
}

void unpack(const std::uint8_t* in, const ActivationScale& scale, std::span<float> values) {
  std::uint64_t waiting = 0;
  int held = 0;
  const std::uint64_t mask = (std::uint64_t{1} << scale.bits) - 1;
  for (float& value : values) {
    for (; held < scale.bits; held += byte) waiting |= static_cast<std::uint64_t>(*in++) << held;
    value = scale.value(static_cast<float>(waiting & mask));
    waiting >>= scale.bits;
    held -= scale.bits;
  }
}

}  // namespace

std::int64_t latent_bytes(const LatentFormat& format) {
  const std::int64_t words = (format.shape.size() * format.bits + byte - 1) / byte;
  return format.bits == 32 ? words : words + scale_bytes;
}

LatentCache::LatentCache(const LatentFormat& format, std::size_t count, LatentPlace place)
    : format_(format),
      each_(static_cast<std::size_t>(latent_bytes(format))),
      bytes_(count * each_, std::uint8_t{0}, allocator_at(place)) {}

void LatentCache::put(std::size_t latent, std::span<const float> values) {
  assert(static_cast<std::int64_t>(values.size()) == format_.shape.size());
  std::uint8_t* out = bytes_.data() + latent * each_;
  if (format_.bits == 32) {
    std::memcpy(out, values.data(), values.size_bytes());
    return;
  }
  const ActivationScale scale = activation_scale(format_.bits, range_of(values));
  std::memcpy(out, &scale.scale, sizeof(float));
  std::memcpy(out + sizeof(float), &scale.zero, sizeof(float));
  pack(values, scale, out + scale_bytes);
}

void LatentCache::take(std::size_t latent, std::span<float> values) const {
  assert(static_cast<std::int64_t>(values.size()) == format_.shape.size());
  const std::uint8_t* in = bytes_.data() + latent * each_;
  if (format_.bits == 32) {
    std::memcpy(values.data(), in, values.size_bytes());
    return;
  }
  ActivationScale scale{.bits = format_.bits};  // whose levels are there already
  std::memcpy(&scale.scale, in, sizeof(float));
  std::memcpy(&scale.zero, in + sizeof(float), sizeof(float));
  unpack(in + scale_bytes, scale, values);
}

}  // namespace lightloom::nn
