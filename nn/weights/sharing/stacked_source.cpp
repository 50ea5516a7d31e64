#include "nn/weights/sharing/stacked_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/error.hpp"
#include "nn/weights/multilevel/generators.hpp"
#include "nn/weights/multilevel/two_level_product.hpp"
#include "nn/weights/source/stored_words.hpp"

namespace lightloom::nn {
namespace {

constexpr int most_heads = 4096;

int heads_of(const StackedCard& card, const LayerShape& shape) {
  return std::gcd(card.heads, shape.out_channels);
}

int kernels_asked(const MultilevelCard& card, int kernels) {
  if (card.cross_share <= 0) return card.cross;
  return std::max(1, static_cast<int>(std::lround(card.cross_share * kernels)));
}

/// Level 1 is on iff 0 < intra < Ci: how many layers a stack gets to have is not known beforehand.
LevelSizes slice_sizes(const SourceCard& card, const LayerShape& shape) {
  const MultilevelCard& own = card.settings.of<MultilevelCard>();
  const int heads = heads_of(card.settings.of<StackedCard>(), shape);
  LevelSizes sizes{.kernels = shape.out_channels / heads,
                   .channels = shape.in_channels,
                   .area = shape.kernel_area() * heads};
  if (own.intra > 0 && own.intra < sizes.channels) sizes.intra = own.intra;
  const int cross = kernels_asked(own, sizes.kernels);
  sizes.cross_on = cross > 0 && cross < sizes.kernels;
  sizes.cross = sizes.cross_on ? cross : sizes.kernels;
  return sizes;
}

GeneratorPlan slice_plan(const SourceCard& card, const LayerShape& shape) {
  return generator_plan(card, slice_sizes(card, shape), card.settings.of<MultilevelCard>().bits);
}

StackedSource::Place join(const SourceCard& card, const LayerShape& shape, SharedParts& parts) {
  const StackedCard& own = card.settings.of<StackedCard>();
  const GeneratorPlan plan = slice_plan(card, shape);
  const std::string key =
      fmt::format("stacked {} {} {}/{} {}/{}/{} {} {}", own.uses, own.heads, plan.sizes.intra,
                  plan.sizes.cross, plan.bits.basis, plan.bits.intra, plan.bits.cross,
                  plan.rounding == Rounding::dorefa, group_key(own.by, shape));
  const double peak = card.settings.of<MultilevelCard>().projection.peak;
  return parts.join<StackedFactors>(key, own.uses, [&] { return StackedFactors(plan, peak); });
}

std::unique_ptr<StackedSource> make_slice(const SourceCard& card, const LayerShape& shape,
                                          SharedParts& parts) {
  const int heads = heads_of(card.settings.of<StackedCard>(), shape);
  return std::make_unique<StackedSource>(slice_plan(card, shape), heads, join(card, shape, parts));
}

bool takes_slice(const SourceCard& card, const LayerShape& shape) {
  const bool taken =
      !is_linear(shape) || card.settings.of<MultilevelCard>().linear == LinearLayers::generated;
  return taken && shape.groups == 1 && slice_sizes(card, shape).generated();
}

/// Calls `copy(dense offset, ordered offset, count)` for every run of positions.
template <class Copy>
void for_each_run(const LevelSizes& sizes, int heads, Copy copy) {
  const auto channels = static_cast<std::size_t>(sizes.channels),
             kernels = static_cast<std::size_t>(sizes.kernels),
             slots = static_cast<std::size_t>(heads),
             positions = static_cast<std::size_t>(sizes.area) / slots;
  for (std::size_t h = 0; h < slots; ++h)
    for (std::size_t k = 0; k < kernels; ++k)
      for (std::size_t c = 0; c < channels; ++c)
        copy(((h * kernels + k) * channels + c) * positions,
             ((k * channels + c) * slots + h) * positions, positions);
}

}  // namespace

void describe(Section& section, StackedCard& card) {
  section.value("uses", card.uses, {.low = 0, .high = 1000000});
  section.value("heads", card.heads, {.low = 1, .high = most_heads});
  describe_by(section, card.by);
}

StackedSource::StackedSource(const GeneratorPlan& plan, int heads, Place place)
    : plan_(plan), heads_(heads), place_(std::move(place)) {
  const LevelSizes& sizes = plan_.sizes;
  assert(sizes.generated() && sizes.area % heads == 0);
  const auto kernels = static_cast<std::size_t>(std::int64_t{sizes.cross} * sizes.columns());
  u_.resize(place_.part->u().levels.size());
  v_.resize(place_.part->v().levels.size());
  v_wide_.resize(v_.size());
  kernels_.resize(kernels);
  kernels_wide_.resize(kernels);
  d_kernels_.resize(kernels);
  ordered_.resize(static_cast<std::size_t>(sizes.dense()));
}

std::span<const float> StackedSource::in_stack_order(std::span<const float> dense) {
  if (heads_ == 1) return dense;
  for_each_run(plan_.sizes, heads_, [&](std::size_t from, std::size_t to, std::size_t count) {
    std::copy_n(dense.data() + from, count, ordered_.data() + to);
  });
  return ordered_;
}

void StackedSource::encode(std::span<const float> dense) {
  place_.part->encode(place_.use, in_stack_order(dense));
}

float StackedSource::total_scale() const {
  double scale = gain().value[0];
  for (const QuantisedTensor* factor : {&basis(), &place_.part->u(), &place_.part->v()})
    scale *= factor->scale.scale;
  return static_cast<float>(scale);
}

void StackedSource::round_factors() {
  for (QuantisedTensor* factor : {&basis(), &place_.part->u(), &place_.part->v()})
    if (factor->on()) quantise(*factor);
}

void StackedSource::use(std::span<const float> u, std::span<const float> v) {
  std::ranges::copy(u, u_.begin());
  std::ranges::copy(v, v_.begin());
}

void StackedSource::materialise(std::span<float> dense) {
  round_factors();
  use(place_.part->u().levels, place_.part->v().levels);
  regenerate(total_scale(), dense);
}

/// In double precision, where sums of integer levels are exact up to 2^53.
void StackedSource::regenerate(float scale, std::span<float> dense) {
  const LevelSizes& sizes = plan_.sizes;
  const std::vector<float>& levels = basis().levels;
  if (sizes.intra_on())
    level_one<double>(sizes, {.u = u_, .basis = levels}, kernels_wide_);
  else
    std::ranges::copy(levels, kernels_wide_.begin());
  std::ranges::copy(v_, v_wide_.begin());
  std::ranges::transform(kernels_wide_, kernels_.begin(),
                         [](double value) { return static_cast<float>(value); });
  const std::span<float> target = heads_ == 1 ? dense : std::span<float>(ordered_);
  level_two<double>(sizes, {v_wide_, kernels_wide_}, scale, target);
  if (heads_ == 1) return;
  for_each_run(sizes, heads_, [&](std::size_t to, std::size_t from, std::size_t count) {
    std::copy_n(ordered_.data() + from, count, dense.data() + to);
  });
}

void StackedSource::backward(std::span<const float> d_dense) {
  QuantisedTensor &u = place_.part->u(), &v = place_.part->v(), &own = basis();
  const LevelSizes& sizes = plan_.sizes;
  const float* d_kernels = in_stack_order(d_dense).data();
  if (sizes.cross_on) {
    level_two_backward(sizes, {v_, kernels_}, d_kernels, {v.d_value, d_kernels_});
    d_kernels = d_kernels_.data();
  }
  if (sizes.intra_on())
    level_one_backward(sizes, {.u = u_, .basis = own.levels}, d_kernels, {u.d_value, own.d_value});
  else
    std::copy_n(d_kernels, own.d_value.size(), own.d_value.begin());
  const float magnitude = gain().value[0];
  add_gradient(v, magnitude * own.scale.scale * u.scale.scale);
  add_gradient(u, magnitude * own.scale.scale * v.scale.scale);
  add_gradient(own, magnitude * u.scale.scale * v.scale.scale);
}

std::vector<Parameter*> StackedSource::parameters() {
  std::vector<Parameter*> all{&basis().latent};
  if (!first()) return all;
  for (QuantisedTensor* factor : {&place_.part->u(), &place_.part->v()})
    if (factor->on()) all.push_back(&factor->latent);
  return all;
}

std::vector<StoredStream> StackedSource::streams() const {
  std::vector<StoredStream> all = generator_streams(plan_);
  if (!first())
    std::erase_if(all, [](const StoredStream& stream) {
      return stream.name == "intra" || stream.name == "cross";
    });
  return all;
}

std::vector<CodedStream> StackedSource::codes() {
  round_factors();
  const std::vector<StoredStream> stored = streams();
  std::vector<CodedStream> coded{to_words(stored[0], basis().coding(), basis().levels)};
  if (first())
    for (QuantisedTensor* factor : {&place_.part->u(), &place_.part->v()})
      if (factor->on())
        coded.push_back(to_words(stored[coded.size()], factor->coding(), factor->levels));
  coded.push_back(scale_stream(total_scale()));
  return coded;
}

void StackedSource::decode(std::span<const CodedStream> coded, std::span<float> dense) {
  require(coded.size() == streams().size(), "these stored streams belong to another layer");
  from_words(coded[0], basis().coding(), basis().levels);
  if (first()) place_.part->take(coded.subspan(1));
  place_.part->require_taken();
  use(place_.part->taken_u(), place_.part->taken_v());
  regenerate(to_float(coded.back().words.at(0)), dense);
}

RegenerationWork StackedSource::work() const {
  const LevelSizes& sizes = plan_.sizes;
  const std::int64_t kernels = std::int64_t{sizes.cross} * sizes.columns();
  int widest = 8;
  for (const StoredStream& stream : generator_streams(plan_))
    if (stream.in_ratio) widest = std::max(widest, stream.bits);
  return {.intra_macs = sizes.intra_on() ? kernels * sizes.intra : 0,
          .cross_macs = sizes.cross_on ? kernels * sizes.kernels : 0,
          .mac_bits = widest};
}

/// Heads stand side by side in a stack, and one below the other in the weight: then there are none.
std::optional<TwoLevelFactors> StackedSource::factors() {
  if (heads_ > 1) return std::nullopt;
  round_factors();
  QuantisedTensor &u = place_.part->u(), &v = place_.part->v();
  const auto values = [](const QuantisedTensor& factor, float extra, std::vector<float>& to) {
    to.clear();
    for (const float level : factor.levels) to.push_back(extra * factor.scale.scale * level);
  };
  values(basis(), gain().value[0], basis_values_);
  values(u, 1, u_values_);
  values(v, 1, v_values_);
  const LevelSizes& sizes = plan_.sizes;
  return TwoLevelFactors{.out = sizes.kernels,
                         .in = sizes.channels,
                         .area = sizes.area,
                         .cross = sizes.cross,
                         .intra = sizes.intra,
                         .basis = basis_values_,
                         .u = u_values_,
                         .v = v_values_};
}

SourceEntry stacked_entry() {
  return {
      .name = "stacked",
      .settings = {settings_of<MultilevelCard>(), settings_of<StackedCard>("stacked")},
      .describe_bits =
          [](Section& section, SourceSettings& settings) {
            section.card("bits", settings.of<MultilevelCard>().bits);
          },
      .bits_of_linear =
          [](const SourceCard& card) {
            return linear_bits_beside(card.settings.of<MultilevelCard>().bits);
          },
      .takes = takes_slice,
      .make =
          [](const SourceCard& card, const LayerShape& shape) {
            SharedParts alone;
            return make_slice(card, shape, alone);
          },
      .streams = [](const SourceCard& card,
                    const LayerShape& shape) { return generator_streams(slice_plan(card, shape)); },
      .make_sharing = make_slice,
      .streams_sharing =
          [](const SourceCard& card, const LayerShape& shape, SharedParts& parts) {
            return make_slice(card, shape, parts)->streams();
          },
      .precision_bits = [](const SourceCard& card,
                           const LayerShape& shape) { return most_bits(slice_plan(card, shape)); }};
}

}  // namespace lightloom::nn
