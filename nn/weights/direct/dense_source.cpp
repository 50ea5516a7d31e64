#include "nn/weights/direct/dense_source.hpp"

#include <algorithm>
#include <cassert>

#include "core/error.hpp"
#include "nn/weights/direct/float_source.hpp"
#include "nn/weights/source/latent.hpp"

namespace lightloom::nn {

DenseSource::DenseSource(const LayerShape& shape, int bits)
    : weight_(make_tensor("weight", shape.weights(), bits, Rounding::dorefa)),
      gain_{.name = "gain", .value = {1.0f}, .gradient = {0.0f}, .decay = false} {
  assert(!kept_as_float(bits));
}

void DenseSource::encode(std::span<const float> dense) {
  assert(dense.size() == weight_.levels.size());
  std::copy(dense.begin(), dense.end(), weight_.latent.value.begin());
  gain_.value[0] = to_latent(weight_.latent.value, weight_.bits);
}

void DenseSource::materialise(std::span<float> dense) {
  quantise(weight_);
  const float unit = gain_.value[0] * weight_.scale.scale;
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = unit * weight_.levels[i];
}

void DenseSource::backward(std::span<const float> d_dense) {
  std::copy(d_dense.begin(), d_dense.end(), weight_.d_value.begin());
  add_gradient(weight_, gain_.value[0]);
}

std::vector<StoredStream> dense_streams(std::int64_t weights, int bits) {
  const bool exact = kept_as_float(bits);
  std::vector<StoredStream> streams{
      {.name = "weight", .count = weights, .bits = exact ? 32 : bits}};
  if (!exact)
    streams.push_back(
        {.name = "scale", .count = 1, .bits = 32, .in_ratio = false, .exposed = false});
  return streams;
}

SourceEntry dense_entry() {
  const auto bits = [](const SourceCard& card, const LayerShape& shape) {
    return is_linear(shape) ? card.fc_bits : card.dense_bits;
  };
  return {.name = dense_kind,
          .bits_of_linear = [](const SourceCard&) { return 32; },
          .make = [bits](const SourceCard& card,
                         const LayerShape& shape) -> std::unique_ptr<WeightSource> {
            if (kept_as_float(bits(card, shape))) return std::make_unique<FloatSource>(shape);
            return std::make_unique<DenseSource>(shape, bits(card, shape));
          },
          .streams =
              [bits](const SourceCard& card, const LayerShape& shape) {
                return dense_streams(shape.weights(), bits(card, shape));
              }};
}

std::vector<StoredStream> DenseSource::streams() const {
  return dense_streams(static_cast<std::int64_t>(weight_.levels.size()), weight_.bits);
}

std::vector<CodedStream> DenseSource::codes() {
  quantise(weight_);
  return {to_words(streams()[0], weight_.coding(), weight_.levels),
          scale_stream(gain_.value[0] * weight_.scale.scale)};
}

void DenseSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == 2, "a rounded dense layer was stored in {} streams", streams.size());
  from_words(streams[0], weight_.coding(), weight_.levels);
  const float unit = to_float(streams[1].words.at(0));
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = unit * weight_.levels[i];
}

}  // namespace lightloom::nn
