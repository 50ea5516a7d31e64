#include "nn/weights/sharing/shared_source.hpp"

#include <algorithm>
#include <cassert>
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
  ShareBy by = ShareBy::shape;
};

SharedParts::Place join(const Sharing& sharing, const LayerShape& shape, SharedParts& parts) {
  const std::string key = fmt::format("{} {} {} {}", sharing.kind, sharing.uses, sharing.bits,
                                      group_key(sharing.by, shape));
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
  const SharedDepthCard& own = card.settings.of<SharedDepthCard>();
  return {"shared_depth", own.uses, word_bits(card, shape), own.by};
}

/// What a layer adds to the shared weight, as large a rank as its matrix has at most; nothing
/// without a rank.
std::shared_ptr<LowRankAddition> addition_of(const SharedDepthCard& card, const LayerShape& shape) {
  if (card.rank == 0) return nullptr;
  const int inputs = shape.in_channels / shape.groups * shape.kernel_area();
  return std::make_shared<LowRankAddition>(
      AdditionSizes{.out = shape.out_channels,
                    .inputs = inputs,
                    .rank = std::min({card.rank, shape.out_channels, inputs}),
                    .bits = card.factor_bits});
}

/// A product for the layer's magnitude and each component, summed.
RegenerationWork addition_work(const SharedDepthCard& card, const LayerShape& shape, int bits) {
  if (card.rank == 0) return {};
  const int inputs = shape.in_channels / shape.groups * shape.kernel_area(),
            rank = std::min({card.rank, shape.out_channels, inputs});
  return {.cross_macs = shape.weights() * (rank + 1),
          .mac_bits = std::max({8, bits, card.factor_bits})};
}

Sharing blend_sharing(const SourceCard& card, const LayerShape& shape) {
  const BlendCard& own = card.settings.of<BlendCard>();
  return {own.transpose ? "blend transposed" : "blend", own.uses, word_bits(card, shape)};
}

using SharingOf = Sharing (*)(const SourceCard&, const LayerShape&);
using MakeUse = std::unique_ptr<SharedSource> (*)(const SourceCard&, const LayerShape&,
                                                  const SharedParts::Place&);

std::unique_ptr<SharedSource> make_depth_use(const SourceCard& card, const LayerShape& shape,
                                             const SharedParts::Place& place) {
  const SharedDepthCard& own = card.settings.of<SharedDepthCard>();
  return std::make_unique<SharedSource>(
      place, SharedSource::Blend{.work = addition_work(own, shape, word_bits(card, shape))},
      addition_of(own, shape));
}

std::unique_ptr<SharedSource> make_blend_use(const SourceCard& card, const LayerShape& shape,
                                             const SharedParts::Place& place) {
  return std::make_unique<SharedSource>(place,
                                        blend_of(card.settings.of<BlendCard>(), shape, place.use));
}

/// Layers are integers of `bits` bits, of which those of one group share the words.
SourceEntry sharing_entry(SharingOf sharing, MakeUse make_use) {
  constexpr Range bits{.low = 1, .high = 16};
  const auto make = [sharing, make_use](const SourceCard& card, const LayerShape& shape,
                                        SharedParts& parts) {
    return make_use(card, shape, join(sharing(card, shape), shape, parts));
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
  describe_by(section, card.by);
  section.value("rank", card.rank, {.low = 0, .high = 4096});
  section.value("factor_bits", card.factor_bits, {.low = 2, .high = 16});
}

void describe(Section& section, BlendCard& card) {
  section.value("uses", card.uses, {.low = 0, .high = 1000000});
  section.value("transpose", card.transpose);
  section.value("seed", card.seed);
}

SharedSource::SharedSource(SharedParts::Place place, Blend blend,
                           std::shared_ptr<LowRankAddition> addition)
    : place_(std::move(place)),
      blend_(std::move(blend)),
      addition_(std::move(addition)),
      seed_(blend_.seed) {
  assert(!addition_ || !blends());
  if (addition_)
    place_.tensor->on_rest(
        place_.use, [addition = addition_](std::span<const float> rest) { addition->fit(rest); });
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
  if (addition_) addition_->add_to(dense);
}

void SharedSource::materialise(std::span<float> dense) {
  set_order(seed_.get());
  place_.tensor->round();
  if (addition_) addition_->round();
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
  if (addition_) addition_->backward(d_dense);
}

std::vector<Parameter*> SharedSource::parameters() {
  std::vector<Parameter*> all;
  if (first()) all.push_back(&place_.tensor->latent());
  all.push_back(&scale());
  if (addition_)
    for (Parameter* factor : addition_->parameters()) all.push_back(factor);
  return all;
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
  if (addition_)
    for (StoredStream& stream : addition_->streams()) all.push_back(std::move(stream));
  return all;
}

std::vector<CodedStream> SharedSource::codes() {
  place_.tensor->round();
  std::vector<CodedStream> all;
  if (first()) all.push_back(place_.tensor->coded());
  if (blends()) all.push_back(coded_seed(seed_.get()));
  all.push_back(scale_stream(scale().value[0] * place_.tensor->step()));
  if (!addition_) return all;
  addition_->round();
  for (CodedStream& stream : addition_->codes()) all.push_back(std::move(stream));
  return all;
}

void SharedSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == this->streams().size(), "these stored streams belong to another layer");
  std::size_t next = 0;
  if (first()) place_.tensor->take(streams[next++]);
  if (blends()) set_order(streams[next++].words.at(0));
  const float magnitude = to_float(streams[next++].words.at(0));
  if (addition_) addition_->take(streams.subspan(next));
  spread(place_.tensor->taken(), magnitude, dense);
}

SourceEntry shared_depth_entry() {
  SourceEntry entry = sharing_entry(depth_sharing, make_depth_use);
  entry.name = "shared_depth";
  entry.settings = {settings_of<SharedDepthCard>("shared_depth")};
  return entry;
}

SourceEntry blend_entry() {
  SourceEntry entry = sharing_entry(blend_sharing, make_blend_use);
  entry.name = "blend";
  entry.settings = {settings_of<BlendCard>("blend")};
  return entry;
}

}  // namespace lightloom::nn
