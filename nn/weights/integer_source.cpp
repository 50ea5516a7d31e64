#include "nn/weights/integer_source.hpp"

#include <algorithm>
#include <cassert>

#include "core/error.hpp"
#include "nn/quantise.hpp"
#include "nn/weights/codes.hpp"

namespace lightloom::nn {
namespace {

constexpr int most_bits = 23;  // integers that single precision holds with room to spare

int stored_bits(int bits) { return bits > most_bits ? 32 : bits; }

Coding coding_of(int bits) { return bits == 32 ? Coding::real : Coding::offset; }

}  // namespace

IntegerSource::IntegerSource(const LayerShape& shape, int bits, double weight_clip)
    : bits_(stored_bits(bits)), weight_clip_(static_cast<float>(weight_clip)) {
  const auto count = static_cast<std::size_t>(shape.weights());
  weight_ = {
      .name = "weight", .value = std::vector<float>(count), .gradient = std::vector<float>(count)};
  clip_ = {.name = "clip", .value = {1.0f}, .gradient = {0.0f}, .decay = false};
  levels_.resize(count);
}

void IntegerSource::encode(std::span<const float> dense) {
  assert(dense.size() == weight_.value.size());
  std::copy(dense.begin(), dense.end(), weight_.value.begin());
  clip_.value[0] = bits_ <= 4 ? best_clip(dense, bits_) : 1.0f;
}

float IntegerSource::round() {
  if (weight_clip_ > 0)
    for (float& value : weight_.value) value = std::clamp(value, -weight_clip_, weight_clip_);
  if (bits_ < 32) return integer_forward(weight_.value, bits_, clip_.value[0], levels_);
  std::copy(weight_.value.begin(), weight_.value.end(), levels_.begin());
  return 1.0f;
}

void IntegerSource::materialise(std::span<float> dense) {
  const float scale = round();
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = scale * levels_[i];
}

void IntegerSource::backward(std::span<const float> d_dense) {
  for (std::size_t i = 0; i < d_dense.size(); ++i) weight_.gradient[i] += d_dense[i];
}

std::vector<StoredStream> integer_streams(std::int64_t weights, int bits) {
  std::vector<StoredStream> streams{
      {.name = "weight", .count = weights, .bits = stored_bits(bits)}};
  if (bits <= most_bits)
    streams.push_back(
        {.name = "scale", .count = 1, .bits = 32, .in_ratio = false, .exposed = false});
  return streams;
}

std::vector<StoredStream> IntegerSource::streams() const {
  return integer_streams(static_cast<std::int64_t>(levels_.size()), bits_);
}

std::vector<CodedStream> IntegerSource::codes() {
  const float scale = round();
  std::vector<CodedStream> coded{to_words(streams()[0], coding_of(bits_), levels_)};
  if (bits_ < 32) coded.push_back(scale_stream(scale));
  return coded;
}

void IntegerSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == (bits_ < 32 ? 2 : 1), "an integer layer was stored in {} streams",
          streams.size());
  from_words(streams[0], coding_of(bits_), levels_);
  const float scale = bits_ < 32 ? to_float(streams[1].words.at(0)) : 1.0f;
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = scale * levels_[i];
}

}  // namespace lightloom::nn
