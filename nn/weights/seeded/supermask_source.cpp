#include "nn/weights/seeded/supermask_source.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace lightloom::nn {
namespace {

constexpr int mask_bits = 1;

std::size_t kept_of(std::int64_t weights, double share) {
  const std::int64_t kept = std::llround(share * static_cast<double>(weights));
  return static_cast<std::size_t>(std::clamp<std::int64_t>(kept, 1, weights));
}

float fan_in_scale(const LayerShape& shape, double kept) {
  const double fan_in =
      static_cast<double>(shape.weights()) / static_cast<double>(shape.out_channels);
  return static_cast<float>(std::sqrt(2.0 / (fan_in * kept)));
}

std::vector<StoredStream> supermask_streams(std::int64_t weights) {
  return {{.name = "mask", .count = weights, .bits = mask_bits},
          seed_stream(),
          {.name = "scale", .count = 1, .bits = 32, .in_ratio = false, .exposed = false}};
}

}  // namespace

void describe(Section& section, SupermaskCard& card) {
  section.value("kept", card.kept, {.low = 0, .high = 1, .open_low = true});
  section.choice("scale", card.scale,
                 {{"fitted", SupermaskScale::fitted}, {"fan_in", SupermaskScale::fan_in}});
  section.value("seed", card.seed);
}

SupermaskSource::SupermaskSource(const LayerShape& shape, const SupermaskCard& card)
    : signs_(layer_seed(card.seed, shape.name), shape.weights()),
      way_(card.scale),
      kept_(kept_of(shape.weights(), card.kept)),
      seed_now_(signs_.seed()),
      scale_now_(fan_in_scale(shape, card.kept)) {
  const auto count = static_cast<std::size_t>(shape.weights());
  score_ = {
      .name = "score", .value = std::vector<float>(count), .gradient = std::vector<float>(count)};
  scale_ = {.name = "scale", .value = {scale_now_}, .gradient = {0.0f}, .decay = false};
  magnitudes_.resize(count);
  mask_.resize(count);
}

void SupermaskSource::encode(std::span<const float> dense) {
  const std::span<const float> signs = signs_.signs();
  for (std::size_t i = 0; i < dense.size(); ++i) score_.value[i] = signs[i] * dense[i];
  const float lowest = *std::min_element(score_.value.begin(), score_.value.end());
  for (float& score : score_.value) score -= lowest;
  if (way_ == SupermaskScale::fan_in) return;
  choose();
  double sum = 0;
  for (std::size_t i = 0; i < dense.size(); ++i) sum += double{mask_[i] * signs[i]} * dense[i];
  if (sum > 0) scale_.value[0] = static_cast<float>(sum / static_cast<double>(kept_));
}

/// Exactly `kept_` weights, whatever scores are equal.
void SupermaskSource::choose() {
  for (std::size_t i = 0; i < magnitudes_.size(); ++i) magnitudes_[i] = std::fabs(score_.value[i]);
  std::vector<float>& order = mask_;  // as room to sort in
  order = magnitudes_;
  const auto last = order.begin() + static_cast<std::ptrdiff_t>(kept_ - 1);
  std::nth_element(order.begin(), last, order.end(), std::greater<>());
  const float least = *last;
  const auto above = std::count_if(order.begin(), last, [least](float one) { return one > least; });
  std::size_t equals = kept_ - static_cast<std::size_t>(above);
  for (std::size_t i = 0; i < mask_.size(); ++i) {
    const bool takes_place = magnitudes_[i] == least && equals > 0;
    if (takes_place) --equals;
    mask_[i] = magnitudes_[i] > least || takes_place ? 1.0f : 0.0f;
  }
}

void SupermaskSource::spread(std::uint32_t seed, float scale, std::span<float> dense) {
  seed_now_ = seed;
  scale_now_ = scale;
  const std::span<const float> signs = signs_.signs(seed);
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = scale * mask_[i] * signs[i];
}

void SupermaskSource::materialise(std::span<float> dense) {
  choose();
  spread(signs_.seed(), scale_.value[0], dense);
}

void SupermaskSource::backward(std::span<const float> d_dense) {
  const std::span<const float> signs = signs_.signs(seed_now_);
  for (std::size_t i = 0; i < d_dense.size(); ++i)
    score_.gradient[i] += std::copysign(scale_now_, score_.value[i]) * signs[i] * d_dense[i];
}

std::vector<StoredStream> SupermaskSource::streams() const {
  return supermask_streams(static_cast<std::int64_t>(mask_.size()));
}

std::vector<CodedStream> SupermaskSource::codes() {
  choose();
  CodedStream mask{.name = "mask", .bits = mask_bits};
  mask.words.reserve(mask_.size());
  for (const float kept : mask_) mask.words.push_back(kept > 0 ? 1u : 0u);
  return {std::move(mask), coded_seed(signs_.seed()), scale_stream(scale_.value[0])};
}

void SupermaskSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == 3 && streams[0].words.size() == mask_.size() &&
              streams[1].words.size() == 1 && streams[2].words.size() == 1,
          "these stored streams belong to another layer");
  for (std::size_t i = 0; i < mask_.size(); ++i) mask_[i] = streams[0].words[i] != 0 ? 1.0f : 0.0f;
  spread(streams[1].words[0], to_float(streams[2].words[0]), dense);
}

RegenerationWork SupermaskSource::work() const {
  const std::int64_t words = words_of_bits(static_cast<std::int64_t>(mask_.size()));
  RegenerationWork work = seeded_word_work(words);
  work.adds += words;
  return work;
}

SourceEntry supermask_entry() {
  return {.name = supermask_kind,
          .settings = {settings_of<SupermaskCard>("supermask")},
          .bits = mask_bits,
          .bits_range = {.low = mask_bits, .high = mask_bits},
          .bits_of_linear = [](const SourceCard&) { return mask_bits; },
          .takes =
              [](const SourceCard& card, const LayerShape& shape) {
                return !is_linear(shape) || card.fc_bits == mask_bits;
              },
          .make =
              [](const SourceCard& card, const LayerShape& shape) {
                return std::make_unique<SupermaskSource>(shape, card.settings.of<SupermaskCard>());
              },
          .streams = [](const SourceCard&,
                        const LayerShape& shape) { return supermask_streams(shape.weights()); }};
}

}  // namespace lightloom::nn
