#include "nn/weights/direct/circulant_source.hpp"

#include <algorithm>
#include <cassert>

#include "core/error.hpp"
#include "nn/weights/source/latent.hpp"

namespace lightloom::nn {
namespace {

int stored_value_bits(int bits) { return bits < 16 ? bits : 32; }

std::vector<std::uint32_t> circulant_index(const LayerShape& shape, int block) {
  const int area = shape.kernel_area(), in_blocks = (shape.in_channels + block - 1) / block;
  std::vector<std::uint32_t> index;
  index.reserve(static_cast<std::size_t>(shape.weights()));
  for (int o = 0; o < shape.out_channels; ++o)
    for (int c = 0; c < shape.in_channels; ++c) {
      const int piece = o / block * in_blocks + c / block;
      const int diagonal = (o % block - c % block + block) % block;
      for (int s = 0; s < area; ++s)
        index.push_back(static_cast<std::uint32_t>((piece * block + diagonal) * area + s));
    }
  return index;
}

}  // namespace

std::int64_t circulant_words(const LayerShape& shape, int block) {
  const std::int64_t in = (shape.in_channels + block - 1) / block;
  const std::int64_t out = (shape.out_channels + block - 1) / block;
  return in * out * block * shape.kernel_area();
}

CirculantSource::CirculantSource(const LayerShape& shape, int block, int bits)
    : index_(circulant_index(shape, block)),
      words_(make_tensor("weight", circulant_words(shape, block), stored_value_bits(bits),
                         stored_value_bits(bits) < 32 ? Rounding::dorefa : Rounding::none)),
      gain_{.name = "gain", .value = {1.0f}, .gradient = {0.0f}, .decay = false} {
  assert(shape.groups == 1);
}

/// The nearest circulant matrix: the mean along each diagonal.
void CirculantSource::encode(std::span<const float> dense) {
  assert(dense.size() == index_.size());
  std::vector<double> sums(words_.levels.size());
  std::vector<int> counts(sums.size());
  for (std::size_t i = 0; i < dense.size(); ++i) {
    sums[index_[i]] += dense[i];
    ++counts[index_[i]];
  }
  for (std::size_t w = 0; w < sums.size(); ++w)
    words_.latent.value[w] = static_cast<float>(sums[w] / std::max(1, counts[w]));
  gain_.value[0] = words_.rounded ? to_latent(words_.latent.value, words_.bits) : 1.0f;
}

void CirculantSource::spread(float unit, std::span<float> dense) const {
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = unit * words_.levels[index_[i]];
}

void CirculantSource::materialise(std::span<float> dense) {
  quantise(words_);
  spread(gain_.value[0] * words_.scale.scale, dense);
}

void CirculantSource::backward(std::span<const float> d_dense) {
  std::fill(words_.d_value.begin(), words_.d_value.end(), 0.0f);
  for (std::size_t i = 0; i < d_dense.size(); ++i) words_.d_value[index_[i]] += d_dense[i];
  add_gradient(words_, gain_.value[0]);
}

std::vector<StoredStream> circulant_streams(const LayerShape& shape, int block, int bits) {
  bits = stored_value_bits(bits);
  std::vector<StoredStream> streams{
      {.name = "weight", .count = circulant_words(shape, block), .bits = bits}};
  if (bits < 32)
    streams.push_back(
        {.name = "scale", .count = 1, .bits = 32, .in_ratio = false, .exposed = false});
  return streams;
}

std::vector<StoredStream> CirculantSource::streams() const {
  std::vector<StoredStream> streams{{.name = "weight",
                                     .count = static_cast<std::int64_t>(words_.levels.size()),
                                     .bits = words_.bits}};
  if (words_.rounded)
    streams.push_back(
        {.name = "scale", .count = 1, .bits = 32, .in_ratio = false, .exposed = false});
  return streams;
}

std::vector<CodedStream> CirculantSource::codes() {
  quantise(words_);
  std::vector<CodedStream> coded{to_words(streams()[0], words_.coding(), words_.levels)};
  if (words_.rounded) coded.push_back(scale_stream(gain_.value[0] * words_.scale.scale));
  return coded;
}

void CirculantSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == (words_.rounded ? 2 : 1), "a circulant layer was stored in {} streams",
          streams.size());
  from_words(streams[0], words_.coding(), words_.levels);
  spread(words_.rounded ? to_float(streams[1].words.at(0)) : 1.0f, dense);
}

RegenerationWork CirculantSource::work() const {
  return {.lookups = static_cast<std::int64_t>(index_.size())};
}

void describe(Section& section, CirculantCard& card) {
  section.value("block", card.block, {.low = 1});
}

SourceEntry circulant_entry() {
  const auto block = [](const SourceCard& card) { return card.settings.of<CirculantCard>().block; };
  return {.name = "circulant",
          .settings = {settings_of<CirculantCard>()},
          .bits = 32,
          .bits_of_linear = [](const SourceCard& card) { return card.bits < 16 ? 8 : 32; },
          .takes = [](const SourceCard&,
                      const LayerShape& shape) { return !is_linear(shape) && shape.groups == 1; },
          .make =
              [block](const SourceCard& card, const LayerShape& shape) {
                return std::make_unique<CirculantSource>(shape, block(card), card.bits);
              },
          .streams =
              [block](const SourceCard& card, const LayerShape& shape) {
                return circulant_streams(shape, block(card), card.bits);
              }};
}

}  // namespace lightloom::nn
