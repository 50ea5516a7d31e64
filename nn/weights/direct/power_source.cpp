#include "nn/weights/direct/power_source.hpp"

#include <algorithm>
#include <cassert>

#include "core/error.hpp"
#include "nn/weights/source/stored_words.hpp"

namespace lightloom::nn {

PowerSource::PowerSource(const LayerShape& shape, int bits) : bits_(bits) {
  assert(bits >= 2 && bits <= 8);
  const auto count = static_cast<std::size_t>(shape.weights());
  weight_ = {
      .name = "weight", .value = std::vector<float>(count), .gradient = std::vector<float>(count)};
  top_ = {.name = "top", .value = {0.0f}, .gradient = {0.0f}, .decay = false};
}

PowerCode PowerSource::code() const {
  return {.bits = bits_, .top = static_cast<int>(top_.value[0])};
}

void PowerSource::encode(std::span<const float> dense) {
  assert(dense.size() == weight_.value.size());
  std::copy(dense.begin(), dense.end(), weight_.value.begin());
  top_.value[0] = static_cast<float>(top_exponent(dense));
}

void PowerSource::materialise(std::span<float> dense) {
  round_to_powers(code(), weight_.value, dense);
}

void PowerSource::backward(std::span<const float> d_dense) {
  for (std::size_t i = 0; i < d_dense.size(); ++i) weight_.gradient[i] += d_dense[i];
}

std::vector<StoredStream> power_streams(std::int64_t weights, int bits) {
  return {{.name = "weight", .count = weights, .bits = bits},
          {.name = "top", .count = 1, .bits = 32, .in_ratio = false, .exposed = false}};
}

std::vector<StoredStream> PowerSource::streams() const {
  return power_streams(static_cast<std::int64_t>(weight_.value.size()), bits_);
}

std::vector<CodedStream> PowerSource::codes() {
  CodedStream words{.name = "weight", .bits = bits_};
  for (const float value : weight_.value) words.words.push_back(power_word(code(), value));
  CodedStream top = scale_stream(top_.value[0]);
  top.name = "top";
  return {std::move(words), std::move(top)};
}

void PowerSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == 2 && streams[0].words.size() == dense.size(),
          "these stored streams belong to another layer");
  const PowerCode own{.bits = bits_, .top = stored_exponent(streams[1].words.at(0))};
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = power_value(own, streams[0].words[i]);
}

RegenerationWork PowerSource::work() const {
  return {.shifts = static_cast<std::int64_t>(weight_.value.size())};
}

SourceEntry power_entry() {
  return {
      .name = power_kind,
      .bits = 4,
      // Eight bits of exponent span what a float holds.
      .bits_range = {.low = 2, .high = 8},
      .takes = [](const SourceCard&, const LayerShape& shape) { return !is_linear(shape); },
      .make =
          [](const SourceCard& card, const LayerShape& shape) {
            return std::make_unique<PowerSource>(shape, card.bits);
          },
      .streams = [](const SourceCard& card,
                    const LayerShape& shape) { return power_streams(shape.weights(), card.bits); }};
}

}  // namespace lightloom::nn
