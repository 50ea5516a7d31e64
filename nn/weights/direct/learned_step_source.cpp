#include "nn/weights/direct/learned_step_source.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/error.hpp"
#include "nn/weights/direct/integer_source.hpp"
#include "nn/weights/source/stored_words.hpp"

namespace lightloom::nn {
namespace {

/// A step that training drove to zero or below would turn the weights over.
constexpr float least_step = 1e-8f;

float top_level(int bits) { return static_cast<float>((1 << (bits - 1)) - 1); }

}  // namespace

LearnedStepSource::LearnedStepSource(const LayerShape& shape, int bits) : bits_(bits) {
  assert(bits >= 2 && bits <= 16);
  const auto count = static_cast<std::size_t>(shape.weights());
  weight_ = {
      .name = "weight", .value = std::vector<float>(count), .gradient = std::vector<float>(count)};
  step_ = {.name = "step", .value = {1.0f}, .gradient = {0.0f}, .decay = false};
  levels_.resize(count);
}

/// The authors' start: s = 2 mean|v| / sqrt(Q).
void LearnedStepSource::encode(std::span<const float> dense) {
  assert(dense.size() == weight_.value.size());
  std::copy(dense.begin(), dense.end(), weight_.value.begin());
  double sum = 0;
  for (const float value : dense) sum += std::abs(value);
  const double mean = sum / static_cast<double>(std::max<std::size_t>(1, dense.size()));
  step_.value[0] = mean > 0 ? static_cast<float>(2 * mean / std::sqrt(top_level(bits_))) : 1.0f;
}

void LearnedStepSource::round() {
  step_.value[0] = std::max(step_.value[0], least_step);
  const float top = top_level(bits_), inverse = 1.0f / step_.value[0];
  for (std::size_t i = 0; i < levels_.size(); ++i)
    levels_[i] = std::min(std::max(std::rint(weight_.value[i] * inverse), -top), top);
}

void LearnedStepSource::materialise(std::span<float> dense) {
  round();
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = step_.value[0] * levels_[i];
}

void LearnedStepSource::backward(std::span<const float> d_dense) {
  const float top = top_level(bits_), inverse = 1.0f / step_.value[0];
  double d_step = 0;
  for (std::size_t i = 0; i < d_dense.size(); ++i) {
    const float ratio = weight_.value[i] * inverse;
    const bool inside = std::abs(ratio) < top;
    if (inside) weight_.gradient[i] += d_dense[i];
    d_step += double{d_dense[i]} * (inside ? levels_[i] - ratio : levels_[i]);
  }
  step_.gradient[0] +=
      static_cast<float>(d_step / std::sqrt(static_cast<double>(levels_.size()) * top));
}

std::vector<StoredStream> LearnedStepSource::streams() const {
  return integer_streams(static_cast<std::int64_t>(levels_.size()), bits_);
}

std::vector<CodedStream> LearnedStepSource::codes() {
  round();
  return {to_words(streams()[0], WordCoding::offset, levels_), scale_stream(step_.value[0])};
}

void LearnedStepSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == 2, "an integer layer was stored in {} streams", streams.size());
  from_words(streams[0], WordCoding::offset, levels_);
  const float step = to_float(streams[1].words.at(0));
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = step * levels_[i];
}

SourceEntry learned_step_entry() {
  // A step learned for one bit has no level but zero.
  constexpr Range range{.low = 2, .high = 16};
  return {.name = learned_step_kind,
          .bits_range = range,
          .linear_range = range,
          .make =
              [](const SourceCard& card, const LayerShape& shape) {
                return std::make_unique<LearnedStepSource>(shape, word_bits(card, shape));
              },
          .streams =
              [](const SourceCard& card, const LayerShape& shape) {
                return integer_streams(shape.weights(), word_bits(card, shape));
              }};
}

}  // namespace lightloom::nn
