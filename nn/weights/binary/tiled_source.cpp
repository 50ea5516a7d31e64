#include "nn/weights/binary/tiled_source.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "nn/weights/source/stored_words.hpp"

namespace lightloom::nn {
namespace {

constexpr int tile_bits = 1;

std::vector<StoredStream> tiled_streams(std::int64_t weights, std::int64_t runs) {
  return {{.name = "tile", .count = weights / runs, .bits = tile_bits},
          {.name = "scale", .count = runs, .bits = 32, .in_ratio = false, .exposed = false}};
}

}  // namespace

void describe(Section& section, TiledCard& card) {
  section.value("repeats", card.repeats, {.low = 1, .high = 65536});
  section.value("minimum", card.minimum, not_negative);
  section.choice("scale", card.scale,
                 {{"magnitude", TiledScale::magnitude}, {"nearest", TiledScale::nearest}});
}

int tile_repeats(const LayerShape& shape, const TiledCard& card) {
  if (shape.groups > 1 || shape.weights() < card.minimum) return 1;
  return std::gcd(card.repeats, shape.out_channels);
}

TiledSource::TiledSource(const LayerShape& shape, const TiledCard& card)
    : way_(card.scale), scales_(static_cast<std::size_t>(tile_repeats(shape, card)), 1.0f) {
  const auto count = static_cast<std::size_t>(shape.weights());
  score_ = {
      .name = "score", .value = std::vector<float>(count), .gradient = std::vector<float>(count)};
  signs_.assign(count / scales_.size(), 1.0f);
}

void TiledSource::encode(std::span<const float> dense) {
  std::copy(dense.begin(), dense.end(), score_.value.begin());
}

float TiledSource::run_scale(std::span<const float> scores) const {
  double sum = 0;
  for (std::size_t j = 0; j < scores.size(); ++j)
    sum += way_ == TiledScale::magnitude ? std::fabs(scores[j]) : signs_[j] * scores[j];
  return static_cast<float>(std::max(0.0, sum / static_cast<double>(scores.size())));
}

void TiledSource::round() {
  const std::size_t length = signs_.size();
  const std::span<const float> scores(score_.value);
  for (std::size_t j = 0; j < length; ++j) {
    float sum = 0;
    for (std::size_t r = 0; r < scales_.size(); ++r) sum += scores[r * length + j];
    signs_[j] = sum < 0.0f ? -1.0f : 1.0f;
  }
  for (std::size_t r = 0; r < scales_.size(); ++r)
    scales_[r] = run_scale(scores.subspan(r * length, length));
}

void TiledSource::repeat(std::span<float> dense) const {
  const std::size_t length = signs_.size();
  for (std::size_t r = 0; r < scales_.size(); ++r)
    for (std::size_t j = 0; j < length; ++j) dense[r * length + j] = scales_[r] * signs_[j];
}

void TiledSource::materialise(std::span<float> dense) {
  round();
  repeat(dense);
}

void TiledSource::backward(std::span<const float> d_dense) {
  const std::size_t length = signs_.size();
  std::vector<float> through_sign(length);
  for (std::size_t r = 0; r < scales_.size(); ++r) {
    const std::size_t first = r * length;
    double d_scale = 0;
    for (std::size_t j = 0; j < length; ++j) {
      through_sign[j] += scales_[r] * d_dense[first + j];
      d_scale += double{signs_[j]} * d_dense[first + j];
    }
    if (way_ == TiledScale::nearest && scales_[r] == 0.0f) continue;  // held at 0
    const auto share = static_cast<float>(d_scale / static_cast<double>(length));
    for (std::size_t j = 0; j < length; ++j)
      score_.gradient[first + j] +=
          share *
          (way_ == TiledScale::nearest ? signs_[j] : std::copysign(1.0f, score_.value[first + j]));
  }
  for (std::size_t i = 0; i < d_dense.size(); ++i) score_.gradient[i] += through_sign[i % length];
}

std::vector<StoredStream> TiledSource::streams() const {
  return tiled_streams(static_cast<std::int64_t>(score_.value.size()), row_repeats());
}

std::vector<CodedStream> TiledSource::codes() {
  round();
  const std::vector<StoredStream> stored = streams();
  return {to_words(stored[0], WordCoding::offset, signs_),
          to_words(stored[1], WordCoding::real, scales_)};
}

void TiledSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == 2, "a tiled layer was stored in {} streams", streams.size());
  from_words(streams[0], WordCoding::offset, signs_);
  from_words(streams[1], WordCoding::real, scales_);
  repeat(dense);
}

SourceEntry tiled_entry() {
  const auto own = [](const SourceCard& card) { return card.settings.of<TiledCard>(); };
  return {.name = tiled_kind,
          .settings = {settings_of<TiledCard>("tiled")},
          .bits = tile_bits,
          .bits_range = {.low = tile_bits, .high = tile_bits},
          .bits_of_linear = [](const SourceCard&) { return tile_bits; },
          .takes =
              [](const SourceCard& card, const LayerShape& shape) {
                return !is_linear(shape) || card.fc_bits == tile_bits;
              },
          .make =
              [own](const SourceCard& card, const LayerShape& shape) {
                return std::make_unique<TiledSource>(shape, own(card));
              },
          .streams =
              [own](const SourceCard& card, const LayerShape& shape) {
                return tiled_streams(shape.weights(), tile_repeats(shape, own(card)));
              }};
}

}  // namespace lightloom::nn
