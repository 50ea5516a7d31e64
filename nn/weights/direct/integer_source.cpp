#include "nn/weights/direct/integer_source.hpp"

#include <algorithm>
#include <cassert>

#include "core/error.hpp"
#include "nn/ops/quantise.hpp"
#include "nn/weights/source/stored_words.hpp"

namespace lightloom::nn {
namespace {

WordCoding coding_of(int bits) { return bits == 32 ? WordCoding::real : WordCoding::offset; }

}  // namespace

void describe(Section& section, IntegerCard& card) {
  section.choice("scales", card.scales,
                 {{"layer", IntegerScales::layer}, {"filter", IntegerScales::filter}});
  section.value("weight_clip", card.weight_clip, not_negative);
}

IntegerSource::IntegerSource(const LayerShape& shape, int bits, const IntegerCard& card)
    : bits_(stored_integer_bits(bits)), weight_clip_(static_cast<float>(card.weight_clip)) {
  const auto count = static_cast<std::size_t>(shape.weights());
  const auto groups = static_cast<std::size_t>(integer_scales(shape, card.scales));
  weight_ = {
      .name = "weight", .value = std::vector<float>(count), .gradient = std::vector<float>(count)};
  clip_ = {.name = "clip",
           .value = std::vector<float>(groups, 1.0f),
           .gradient = std::vector<float>(groups),
           .decay = false};
  levels_.resize(count);
  scales_.resize(groups, 1.0f);
}

template <class Value>
std::span<Value> IntegerSource::part(std::vector<Value>& values, std::size_t group) const {
  const std::size_t size = values.size() / scales_.size();
  return std::span(values).subspan(group * size, size);
}

void IntegerSource::encode(std::span<const float> dense) {
  assert(dense.size() == weight_.value.size());
  std::copy(dense.begin(), dense.end(), weight_.value.begin());
  for (std::size_t g = 0; g < scales_.size(); ++g)
    clip_.value[g] = bits_ <= 4 ? best_clip(part(weight_.value, g), bits_) : 1.0f;
}

void IntegerSource::round() {
  if (weight_clip_ > 0)
    for (float& value : weight_.value) value = std::clamp(value, -weight_clip_, weight_clip_);
  if (bits_ == 32) {
    std::copy(weight_.value.begin(), weight_.value.end(), levels_.begin());
    return;
  }
  for (std::size_t g = 0; g < scales_.size(); ++g)
    scales_[g] = integer_forward(part(weight_.value, g), bits_, clip_.value[g], part(levels_, g));
}

void IntegerSource::multiply_out(std::span<float> dense) const {
  const std::size_t size = levels_.size() / scales_.size();
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = scales_[i / size] * levels_[i];
}

void IntegerSource::materialise(std::span<float> dense) {
  round();
  multiply_out(dense);
}

void IntegerSource::backward(std::span<const float> d_dense) {
  for (std::size_t i = 0; i < d_dense.size(); ++i) weight_.gradient[i] += d_dense[i];
}

std::int64_t integer_scales(const LayerShape& shape, IntegerScales scales) {
  return scales == IntegerScales::filter ? shape.out_channels : 1;
}

std::vector<StoredStream> integer_streams(std::int64_t weights, int bits, std::int64_t scales) {
  std::vector<StoredStream> streams{
      {.name = "weight", .count = weights, .bits = stored_integer_bits(bits)}};
  if (bits <= most_integer_bits)
    streams.push_back(
        {.name = "scale", .count = scales, .bits = 32, .in_ratio = false, .exposed = false});
  return streams;
}

std::vector<StoredStream> IntegerSource::streams() const {
  return integer_streams(static_cast<std::int64_t>(levels_.size()), bits_,
                         static_cast<std::int64_t>(scales_.size()));
}

std::vector<CodedStream> IntegerSource::codes() {
  round();
  const std::vector<StoredStream> stored = streams();
  std::vector<CodedStream> coded{to_words(stored[0], coding_of(bits_), levels_)};
  if (bits_ < 32) coded.push_back(to_words(stored[1], WordCoding::real, scales_));
  return coded;
}

void IntegerSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == (bits_ < 32 ? 2 : 1), "an integer layer was stored in {} streams",
          streams.size());
  from_words(streams[0], coding_of(bits_), levels_);
  if (bits_ < 32) from_words(streams[1], WordCoding::real, scales_);
  multiply_out(dense);
}

SourceEntry integer_entry() {
  return {.name = integer_kind,
          .settings = {settings_of<IntegerCard>()},
          .bits_of_linear = [](const SourceCard& card) { return card.bits; },
          .make =
              [](const SourceCard& card, const LayerShape& shape) {
                return std::make_unique<IntegerSource>(shape, word_bits(card, shape),
                                                       card.settings.of<IntegerCard>());
              },
          .streams =
              [](const SourceCard& card, const LayerShape& shape) {
                return integer_streams(
                    shape.weights(), word_bits(card, shape),
                    integer_scales(shape, card.settings.of<IntegerCard>().scales));
              }};
}

}  // namespace lightloom::nn
