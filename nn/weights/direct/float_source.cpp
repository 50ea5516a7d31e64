#include "nn/weights/direct/float_source.hpp"

#include <algorithm>
#include <cassert>

#include "core/error.hpp"
#include "nn/ops/elementwise.hpp"
#include "nn/weights/direct/dense_source.hpp"
#include "nn/weights/source/stored_words.hpp"

namespace lightloom::nn {

FloatSource::FloatSource(const LayerShape& shape)
    : weight_{.name = "weight"},
      gain_{.name = "gain", .value = {1.0f}, .gradient = {0.0f}, .decay = false} {
  weight_.value.resize(static_cast<std::size_t>(shape.weights()));
  weight_.gradient.resize(weight_.value.size());
}

void FloatSource::encode(std::span<const float> dense) {
  assert(dense.size() == weight_.value.size());
  std::copy(dense.begin(), dense.end(), weight_.value.begin());
}

void FloatSource::materialise(std::span<float> dense) {
  std::copy(weight_.value.begin(), weight_.value.end(), dense.begin());
}

void FloatSource::backward(std::span<const float> d_dense) {
  accumulate(d_dense, weight_.gradient);
}

std::vector<StoredStream> FloatSource::streams() const {
  return dense_streams(static_cast<std::int64_t>(weight_.value.size()), 32);
}

std::vector<CodedStream> FloatSource::codes() {
  return {to_words(streams()[0], WordCoding::real, weight_.value)};
}

void FloatSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == 1, "a dense layer was stored in {} streams", streams.size());
  from_words(streams[0], WordCoding::real, dense);
}

}  // namespace lightloom::nn
