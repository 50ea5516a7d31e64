#include "nn/weights/sharing/shared_source.hpp"

#include <utility>

#include "core/error.hpp"
#include "nn/weights/direct/integer_source.hpp"
#include "nn/weights/source/stored_words.hpp"

namespace lightloom::nn {
namespace {

StoredStream magnitude_stream() {
  return {.name = "scale", .count = 1, .bits = 32, .in_ratio = false, .exposed = false};
}

/// What a layer's own card says of sharing.
struct Sharing {
  std::string kind;
  int uses = 0;
  int bits = 8;
};

SharedParts::Place join(const Sharing& sharing, const LayerShape& shape, SharedParts& parts) {
  const std::string key = fmt::format(
      "{} {} {} {} {}x{}x{}x{}/{}", sharing.kind, sharing.uses, sharing.bits, is_linear(shape),
      shape.out_channels, shape.in_channels, shape.kernel_height, shape.kernel_width, shape.groups);
  return parts.join(key, sharing.uses, shape.weights(), sharing.bits);
}

/// Of the tensor [out, inputs, area]: outputs and inputs each in an order of the seed, and of every
/// second use the one in place of the other.
std::vector<std::uint32_t> blended_order(const LayerShape& shape, bool transposed,
                                         std::uint32_t seed) {
  const auto out = static_cast<std::uint32_t>(shape.out_channels),
             in = static_cast<std::uint32_t>(shape.in_channels / shape.groups),
             area = static_cast<std::uint32_t>(shape.kernel_area());
  const auto rows = seeded_permutation(seeded_word(seed, 0), out),
             columns = seeded_permutation(seeded_word(seed, 1), in);
  std::vector<std::uint32_t> order;
  order.reserve(std::size_t{out} * in * area);
  for (const std::uint32_t row : rows)
    for (const std::uint32_t column : columns) {
      const std::uint32_t place = transposed ? column * in + row : row * in + column;
      for (std::uint32_t s = 0; s < area; ++s) order.push_back(place * area + s);
    }
  return order;
}

SharedSource::Blend blend_of(const BlendCard& card, const LayerShape& shape, int use) {
  const int in = shape.in_channels / shape.groups;
  const bool transposed = card.transpose && use % 2 == 1 && shape.out_channels == in;
  const std::int64_t addresses = std::int64_t{shape.out_channels} + in;
  RegenerationWork work = seeded_word_work(addresses);
  work.lookups = addresses;
  return {.seed = layer_seed(card.seed, shape.name),
          .order = [shape, transposed](
                       std::uint32_t seed) { return blended_order(shape, transposed, seed); },
          .work = work};
}

Sharing depth_sharing(const SourceCard& card, const LayerShape& shape) {
  return {"shared_depth", card.settings.of<SharedDepthCard>().uses, word_bits(card, shape)};
}

Sharing blend_sharing(const SourceCard& card, const LayerShape& shape) {
  const BlendCard& own = card.settings.of<BlendCard>();
  return {own.transpose ? "blend transposed" : "blend", own.uses, word_bits(card, shape)};
}

using SharingOf = Sharing (*)(const SourceCard&, const LayerShape&);
using BlendOf = SharedSource::Blend (*)(const SourceCard&, const LayerShape&, int use);

/// Layers are integers of `bits` bits, of which those of one shape share the words.
SourceEntry sharing_entry(SharingOf sharing, BlendOf blend) {
  constexpr Range bits{.low = 1, .high = 16};
  const auto make = [sharing, blend](const SourceCard& card, const LayerShape& shape,
                                     SharedParts& parts) {
    SharedParts::Place place = join(sharing(card, shape), shape, parts);
    return std::make_unique<SharedSource>(place, blend(card, shape, place.use));
  };
  const auto streams = [make](const SourceCard& card, const LayerShape& shape, SharedParts& parts) {
    return make(card, shape, parts)->streams();
  };
  SourceEntry entry{.name = {},
                    .bits_range = bits,
                    .linear_range = bits,
                    .bits_of_linear = [](const SourceCard& card) { return card.bits; }};
  entry.make = [make](const SourceCard& card, const LayerShape& shape) {
    SharedParts alone;
    return make(card, shape, alone);
  };
  entry.streams = [streams](const SourceCard& card, const LayerShape& shape) {
    SharedParts alone;
    return streams(card, shape, alone);
  };
  entry.make_sharing = make;
  entry.streams_sharing = streams;
  return entry;
}

}  // namespace

void describe(Section& section, SharedDepthCard& card) {
  section.value("uses", card.uses, {.low = 0, .high = 1000000});
}

void describe(Section& section, BlendCard& card) {
  section.value("uses", card.uses, {.low = 0, .high = 1000000});
  section.value("transpose", card.transpose);
  section.value("seed", card.seed);
}

SharedSource::SharedSource(SharedParts::Place place, Blend blend)
    : place_(std::move(place)), blend_(std::move(blend)), seed_(blend_.seed) {
  if (blends()) order_ = blend_.order(blend_.seed);
  order_of_ = blend_.seed;
  used_.resize(place_.tensor->levels().size());
}

void SharedSource::set_order(std::uint32_t seed) {
  if (blends() && seed != order_of_) order_ = blend_.order(seed);
  order_of_ = seed;
}

void SharedSource::encode(std::span<const float> dense) {
  set_order(seed_.get());
  std::vector<float> own(dense.size());
  for (std::size_t i = 0; i < dense.size(); ++i) own[element(i)] = dense[i];
  place_.tensor->encode(place_.use, own);
}

void SharedSource::spread(std::span<const float> levels, float scale, std::span<float> dense) {
  std::copy(levels.begin(), levels.end(), used_.begin());
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = scale * used_[element(i)];
}

void SharedSource::materialise(std::span<float> dense) {
  set_order(seed_.get());
  place_.tensor->round();
  spread(place_.tensor->levels(), scale().value[0] * place_.tensor->step(), dense);
}

void SharedSource::backward(std::span<const float> d_dense) {
  std::vector<float>& d_latent = place_.tensor->latent().gradient;
  const float magnitude = scale().value[0];
  double d_scale = 0;
  for (std::size_t i = 0; i < d_dense.size(); ++i) {
    d_latent[element(i)] += magnitude * d_dense[i];
    d_scale += double{used_[element(i)]} * d_dense[i];
  }
  scale().gradient[0] +=
      static_cast<float>(place_.tensor->step() * d_scale / static_cast<double>(d_dense.size()));
}

std::vector<Parameter*> SharedSource::parameters() {
  if (first()) return {&place_.tensor->latent(), &scale()};
  return {&scale()};
}

std::vector<Parameter*> SharedSource::constants() {
  std::vector<Parameter*> all;
  if (first()) all.push_back(&place_.tensor->clip());
  if (blends()) all.push_back(&seed_.constant());
  return all;
}

std::vector<StoredStream> SharedSource::streams() const {
  std::vector<StoredStream> all;
  if (first()) all.push_back(place_.tensor->stream());
  if (blends()) all.push_back(seed_stream());
  all.push_back(magnitude_stream());
  return all;
}

std::vector<CodedStream> SharedSource::codes() {
  place_.tensor->round();
  std::vector<CodedStream> all;
  if (first()) all.push_back(place_.tensor->coded());
  if (blends()) all.push_back(coded_seed(seed_.get()));
  all.push_back(scale_stream(scale().value[0] * place_.tensor->step()));
  return all;
}

void SharedSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == this->streams().size(), "these stored streams belong to another layer");
  if (first()) place_.tensor->take(streams.front());
  if (blends()) set_order(streams[streams.size() - 2].words.at(0));
  spread(place_.tensor->taken(), to_float(streams.back().words.at(0)), dense);
}

SourceEntry shared_depth_entry() {
  SourceEntry entry = sharing_entry(depth_sharing, [](const SourceCard&, const LayerShape&, int) {
    return SharedSource::Blend{};
  });
  entry.name = "shared_depth";
  entry.settings = {settings_of<SharedDepthCard>("shared_depth")};
  return entry;
}

SourceEntry blend_entry() {
  SourceEntry entry =
      sharing_entry(blend_sharing, [](const SourceCard& card, const LayerShape& shape, int use) {
        return blend_of(card.settings.of<BlendCard>(), shape, use);
      });
  entry.name = "blend";
  entry.settings = {settings_of<BlendCard>("blend")};
  return entry;
}

}  // namespace lightloom::nn
