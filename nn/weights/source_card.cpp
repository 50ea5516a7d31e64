#include "nn/weights/source_card.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/weights/projected_source.hpp"
#include "nn/weights/source_table.hpp"

namespace lightloom::nn {
namespace {

bool baseline(SourceKind kind) {
  return kind == SourceKind::low_rank || kind == SourceKind::bsconv || kind == SourceKind::dsconv ||
         kind == SourceKind::penni || kind == SourceKind::circulant;
}

/// The published baselines are unquantised, power-of-two codes have 4 bits.
int default_bits(SourceKind kind) {
  if (baseline(kind)) return 32;
  return kind == SourceKind::power_of_two ? 4 : 8;
}

/// `before`: the kind that `card.bits` was meant for.
void describe_bits(Section& section, SourceKind before, SourceCard& card) {
  constexpr Range bits{.low = 1, .high = 32};
  if (card.source == SourceKind::multilevel) {
    section.section("bits", [&](Section& inner) {
      inner.value("basis", card.factor_bits.basis, bits);
      inner.value("intra", card.factor_bits.intra, bits);
      inner.value("cross", card.factor_bits.cross, bits);
    });
    return;
  }
  if (card.source != before) card.bits = default_bits(card.source);
  // Eight bits of exponent span what a float holds; a step learned for one bit has no level but
  // zero.
  constexpr Range powers{.low = 2, .high = 8}, learned{.low = 2, .high = 16};
  section.value("bits", card.bits,
                card.source == SourceKind::power_of_two ? powers
                : card.source == SourceKind::lsq        ? learned
                                                        : bits);
}

void describe_projection(Section& section, ProjectionCard& projection) {
  using Method = ProjectionCard::Method;
  section.choice("method", projection.method,
                 {{"random", Method::random}, {"svd", Method::svd}, {"l2", Method::l2}});
  section.value("steps", projection.steps, not_negative);
  section.value("rate", projection.rate, positive);
  section.value("peak", projection.peak, {.low = 0.01, .high = 0.99});
  section.value("equalise", projection.equalise);
  section.value("seed", projection.seed);
}

void describe_exchange(Section& section, ExchangeCard& exchange) {
  section.value("theta", exchange.theta, not_negative);
  section.value("row_theta", exchange.row_theta, not_negative);
  section.value("iterations", exchange.iterations, {.low = 1});
  section.value("tolerance", exchange.tolerance, not_negative);
}

void describe_one(Section& section, SourceCard& card) {
  const SourceKind before = card.source;
  section.choice("source", card.source,
                 {{"dense", SourceKind::dense},
                  {"integer", SourceKind::integer},
                  {"lsq", SourceKind::lsq},
                  {"power_of_two", SourceKind::power_of_two},
                  {"multilevel", SourceKind::multilevel},
                  {"low_rank", SourceKind::low_rank},
                  {"bsconv", SourceKind::bsconv},
                  {"dsconv", SourceKind::dsconv},
                  {"penni", SourceKind::penni},
                  {"circulant", SourceKind::circulant},
                  {"smart_exchange", SourceKind::smart_exchange},
                  {"smart_deal", SourceKind::smart_deal}});
  describe_bits(section, before, card);
  section.value("intra", card.intra, not_negative);
  section.value("cross", card.cross, not_negative);
  section.value("cross_share", card.cross_share, fraction);
  section.choice("expansion", card.expansion,
                 {{"allowed", Expansion::allowed}, {"refused", Expansion::refused}});
  section.value("kernels", card.kernels, {.low = 1});
  section.value("block", card.block, {.low = 1});
  section.choice("linear", card.linear,
                 {{"rounded", LinearLayers::rounded}, {"generated", LinearLayers::generated}});
  section.choice("scales", card.scales,
                 {{"layer", IntegerScales::layer}, {"filter", IntegerScales::filter}});
  section.value("weight_clip", card.weight_clip, not_negative);
  section.value("fc_bits", card.fc_bits, {.low = 0, .high = 32});
  section.value("dense_bits", card.dense_bits, {.low = 1, .high = 32});
  section.value("activations", card.activations, {.low = 0, .high = 16});
  section.value("quant_ratio", card.quant_ratio, fraction);
  section.section("projection",
                  [&](Section& inner) { describe_projection(inner, card.projection); });
  section.card("orthogonality", card.orthogonality);
  section.section("exchange", [&](Section& inner) { describe_exchange(inner, card.exchange); });
  section.card("smart_deal", card.smart_deal);
  card.smart_deal.theta = card.exchange.theta;
  section.choice("retraining", card.retraining,
                 {{"codes", Retraining::codes}, {"projection", Retraining::projection}});
  if (card.source == SourceKind::smart_deal && card.retraining == Retraining::projection)
    section.problem("retraining", "must be codes (smart_deal trains in its codes)");
}

}  // namespace

void describe(Section& section, BucketOptions& options) {
  section.value("momentum", options.momentum, {.low = 0, .high = 0.9999});
  section.value("weight_decay", options.weight_decay, not_negative);
  section.value("dead_zone", options.dead_zone, not_negative);
  section.value("switch_bar", options.switch_bar, {.low = 1, .high = 127});
}

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*')
    return matches(pattern.substr(1), name) || (!name.empty() && matches(pattern, name.substr(1)));
  return !name.empty() && pattern.front() == name.front() &&
         matches(pattern.substr(1), name.substr(1));
}

int SourceCard::linear_bits() const {
  if (fc_bits > 0) return fc_bits;
  switch (source) {
    case SourceKind::dense:
      return 32;
    case SourceKind::integer:
      return bits;
    case SourceKind::lsq:
    case SourceKind::power_of_two:
    case SourceKind::smart_exchange:
    case SourceKind::smart_deal:
      return 8;
    default:
      break;
  }
  const FactorBits own = generator_bits();
  return std::min({own.basis, own.intra, own.cross}) < 16 ? 8 : 32;
}

FactorBits SourceCard::generator_bits() const {
  return source == SourceKind::multilevel ? factor_bits : FactorBits{bits, bits, bits};
}

Slots SourceCard::slots(const LayerShape& shape) const {
  const double share = cross_share * shape.out_channels / shape.groups;
  const int rank = cross_share > 0 ? static_cast<int>(std::lround(share)) : cross;
  switch (source) {
    case SourceKind::bsconv:
      return blueprint_slots(shape);
    case SourceKind::dsconv:
      return separable_slots(shape);
    case SourceKind::penni:
      return shared_kernel_slots(shape, kernels);
    case SourceKind::low_rank:
      return slots_of(shape, 0, rank, expansion);
    default:
      return slots_of(shape, intra, rank, expansion);
  }
}

void describe(Section& section, SourceCard& card) {
  describe_one(section, card);
  section.sections("layers", [&](Section& inner, std::size_t) {
    LayerOverride other{.card = card};
    other.card.layers.clear();
    inner.value("layer", other.layer);
    inner.must_have("layer");
    describe_one(inner, other.card);
    card.layers.push_back(std::move(other));
  });
}

SourceCard card_for(const SourceCard& card, const std::string& layer) {
  for (const LayerOverride& other : card.layers)
    if (matches(other.layer, layer)) return other.card;
  return card;
}

double precision_bits(const SourceCard& card, const LayerShape& shape) {
  if (!has_factors(card, shape) || !card.quantised()) return 0;
  const Slots slots = card.slots(shape);
  const FactorBits own = card.generator_bits();
  double bits = own.basis;
  if (slots.intra_on()) bits += own.intra + std::log2(slots.intra);
  if (slots.cross_on) bits += own.cross + std::log2(slots.cross);
  const int widest =
      std::max({own.basis, slots.intra_on() ? own.intra : 0, slots.cross_on ? own.cross : 0});
  return widest < 32 ? bits : 0;
}

const char* name_of(SourceKind kind) { return source_entry(kind).name; }

std::unique_ptr<WeightSource> make_source(const SourceCard& card, const LayerShape& shape) {
  const SourceCard own = card_for(card, shape.name);
  auto source = source_entry(own.source).make(own, shape);
  if (own.retraining == Retraining::codes) return source;
  return std::make_unique<ProjectedSource>(std::move(source), shape);
}

std::vector<StoredStream> stored_streams(const SourceCard& card, const LayerShape& shape) {
  const SourceCard own = card_for(card, shape.name);
  return source_entry(own.source).streams(own, shape);
}

}  // namespace lightloom::nn
