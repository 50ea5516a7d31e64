#include "nn/weights/dense_source.hpp"

#include <algorithm>
#include <cassert>

#include "nn/weights/latent.hpp"

namespace lightloom::nn {
namespace {

/// From 16 bits on the reference implementation switches its quantiser off.
int stored_bits(int bits) { return bits < 16 ? bits : 32; }

}  // namespace

DenseSource::DenseSource(const LayerShape& shape, int bits) : bits_(stored_bits(bits)) {
  const auto count = static_cast<std::size_t>(shape.weights());
  weight_ = {
      .name = "weight", .value = std::vector<float>(count), .gradient = std::vector<float>(count)};
  gain_ = {.name = "gain", .value = {1.0f}, .gradient = {0.0f}, .decay = false};
  if (bits_ == 32) return;
  squashed_.resize(count);
  levels_.resize(count);
}

void DenseSource::encode(std::span<const float> dense) {
  assert(dense.size() == weight_.value.size());
  std::copy(dense.begin(), dense.end(), weight_.value.begin());
  gain_.value[0] = bits_ == 32 ? 1.0f : to_latent(weight_.value, bits_);
}

void DenseSource::materialise(std::span<float> dense) {
  if (bits_ == 32) {
    std::copy(weight_.value.begin(), weight_.value.end(), dense.begin());
    return;
  }
  scale_ = dorefa_forward(weight_.value, bits_, squashed_, levels_);
  const float unit = gain_.value[0] * scale_.scale;
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = unit * levels_[i];
}

void DenseSource::backward(std::span<const float> d_dense) {
  std::vector<float>& gradient = weight_.gradient;
  if (bits_ == 32) {
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] += d_dense[i];
    return;
  }
  // levels_ is free until the next materialise: it carries the gradient with respect to the
  // quantised value.
  for (std::size_t i = 0; i < gradient.size(); ++i) levels_[i] = gain_.value[0] * d_dense[i];
  dorefa_backward(squashed_, bits_, scale_, levels_, gradient);
}

std::vector<StoredStream> dense_streams(const LayerShape& shape, int bits) {
  bits = stored_bits(bits);
  std::vector<StoredStream> streams{{.name = "weight", .count = shape.weights(), .bits = bits}};
  if (bits < 32) streams.push_back({.name = "scale", .count = 1, .bits = 32, .in_ratio = false});
  return streams;
}

std::vector<StoredStream> DenseSource::streams() const {
  return dense_streams({.out_channels = static_cast<int>(weight_.value.size())}, bits_);
}

}  // namespace lightloom::nn
