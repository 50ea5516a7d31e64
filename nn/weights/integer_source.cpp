#include "nn/weights/integer_source.hpp"

#include <algorithm>
#include <cassert>

#include "nn/quantise.hpp"

namespace lightloom::nn {
namespace {

constexpr int most_bits = 24;  // integers float holds exactly

int stored_bits(int bits) { return bits > most_bits ? 32 : bits; }

}  // namespace

IntegerSource::IntegerSource(const LayerShape& shape, int bits) : bits_(stored_bits(bits)) {
  const auto count = static_cast<std::size_t>(shape.weights());
  weight_ = {
      .name = "weight", .value = std::vector<float>(count), .gradient = std::vector<float>(count)};
  clip_ = {.name = "clip", .value = {1.0f}, .gradient = {0.0f}, .decay = false};
}

void IntegerSource::encode(std::span<const float> dense) {
  assert(dense.size() == weight_.value.size());
  std::copy(dense.begin(), dense.end(), weight_.value.begin());
  clip_.value[0] = bits_ <= 4 ? best_clip(dense, bits_) : 1.0f;
}

void IntegerSource::materialise(std::span<float> dense) {
  if (bits_ == 32) {
    std::copy(weight_.value.begin(), weight_.value.end(), dense.begin());
    return;
  }
  const float scale = integer_forward(weight_.value, bits_, clip_.value[0], dense);
  for (float& value : dense) value *= scale;
}

void IntegerSource::backward(std::span<const float> d_dense) {
  for (std::size_t i = 0; i < d_dense.size(); ++i) weight_.gradient[i] += d_dense[i];
}

std::vector<StoredStream> integer_streams(const LayerShape& shape, int bits) {
  std::vector<StoredStream> streams{
      {.name = "weight", .count = shape.weights(), .bits = stored_bits(bits)}};
  if (bits <= most_bits)
    streams.push_back({.name = "scale", .count = 1, .bits = 32, .in_ratio = false});
  return streams;
}

std::vector<StoredStream> IntegerSource::streams() const {
  LayerShape shape{.out_channels = static_cast<int>(weight_.value.size())};
  return integer_streams(shape, bits_);
}

}  // namespace lightloom::nn
