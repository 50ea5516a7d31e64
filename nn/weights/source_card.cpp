#include "nn/weights/source_card.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.hpp"
#include "nn/weights/dense_source.hpp"
#include "nn/weights/integer_source.hpp"
#include "nn/weights/multilevel_source.hpp"

namespace lightloom::nn {
namespace {

using Source = std::unique_ptr<WeightSource>;
using Streams = std::vector<StoredStream>;

bool linear(const LayerShape& shape) { return shape.kind == LayerShape::Kind::linear; }

int dense_bits(const SourceCard& card, const LayerShape& shape) {
  return linear(shape) ? card.linear_bits() : card.dense_bits;
}

Source make_dense(const SourceCard& card, const LayerShape& shape) {
  return std::make_unique<DenseSource>(shape, dense_bits(card, shape));
}

Streams dense_layer_streams(const SourceCard& card, const LayerShape& shape) {
  return dense_streams(shape, dense_bits(card, shape));
}

int integer_bits(const SourceCard& card, const LayerShape& shape) {
  return linear(shape) ? card.linear_bits() : card.bits;
}

Source make_integer(const SourceCard& card, const LayerShape& shape) {
  return std::make_unique<IntegerSource>(shape, integer_bits(card, shape));
}

Streams integer_layer_streams(const SourceCard& card, const LayerShape& shape) {
  return integer_streams(shape, integer_bits(card, shape));
}

bool generated(const SourceCard& card, const LayerShape& shape) {
  return !linear(shape) && card.slots(shape).generated();
}

Source make_multilevel(const SourceCard& card, const LayerShape& shape) {
  if (!generated(card, shape)) return make_dense(card, shape);
  return std::make_unique<MultilevelSource>(card, shape);
}

Streams multilevel_layer_streams(const SourceCard& card, const LayerShape& shape) {
  return generated(card, shape) ? multilevel_streams(card, shape)
                                : dense_layer_streams(card, shape);
}

struct Entry {
  SourceKind kind;
  const char* name;
  Source (*make)(const SourceCard&, const LayerShape&);
  Streams (*streams)(const SourceCard&, const LayerShape&);
};

/// Every source there is.
constexpr std::array table{
    Entry{SourceKind::dense, "dense", make_dense, dense_layer_streams},
    Entry{SourceKind::integer, "integer", make_integer, integer_layer_streams},
    Entry{SourceKind::multilevel, "multilevel", make_multilevel, multilevel_layer_streams},
};

const Entry& entry_of(SourceKind kind) {
  return *std::find_if(table.begin(), table.end(),
                       [&](const Entry& entry) { return entry.kind == kind; });
}

void describe_bits(Section& section, SourceCard& card) {
  constexpr Range bits{.low = 1, .high = 32};
  if (card.source != SourceKind::multilevel) {
    section.value("bits", card.bits, bits);
    return;
  }
  section.section("bits", [&](Section& inner) {
    inner.value("basis", card.factor_bits.basis, bits);
    inner.value("intra", card.factor_bits.intra, bits);
    inner.value("cross", card.factor_bits.cross, bits);
  });
}

void describe_projection(Section& section, ProjectionCard& projection) {
  using Method = ProjectionCard::Method;
  section.choice("method", projection.method,
                 {{"random", Method::random}, {"svd", Method::svd}, {"l2", Method::l2}});
  section.value("steps", projection.steps, not_negative);
  section.value("rate", projection.rate, positive);
  section.value("peak", projection.peak, {.low = 0.01, .high = 0.99});
  section.value("seed", projection.seed);
}

void describe_one(Section& section, SourceCard& card) {
  section.choice("source", card.source,
                 {{"dense", SourceKind::dense},
                  {"integer", SourceKind::integer},
                  {"multilevel", SourceKind::multilevel}});
  describe_bits(section, card);
  section.value("intra", card.intra, not_negative);
  section.value("cross", card.cross, not_negative);
  section.value("cross_share", card.cross_share, fraction);
  section.choice("expansion", card.expansion,
                 {{"allowed", Expansion::allowed}, {"refused", Expansion::refused}});
  section.value("fc_bits", card.fc_bits, {.low = 0, .high = 32});
  section.value("dense_bits", card.dense_bits, {.low = 1, .high = 32});
  section.value("activations", card.activations, {.low = 0, .high = 16});
  section.section("projection",
                  [&](Section& inner) { describe_projection(inner, card.projection); });
}

/// Whether `name` matches `pattern`, in which `*` stands for any text.
bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*')
    return matches(pattern.substr(1), name) || (!name.empty() && matches(pattern, name.substr(1)));
  return !name.empty() && pattern.front() == name.front() &&
         matches(pattern.substr(1), name.substr(1));
}

}  // namespace

int SourceCard::linear_bits() const {
  if (fc_bits > 0) return fc_bits;
  switch (source) {
    case SourceKind::dense:
      return 32;
    case SourceKind::integer:
      return bits;
    case SourceKind::multilevel:
      return std::min({factor_bits.basis, factor_bits.intra, factor_bits.cross}) < 16 ? 8 : 32;
  }
  return 32;
}

Slots SourceCard::slots(const LayerShape& shape) const {
  const double share = cross_share * shape.out_channels / shape.groups;
  return slots_of(shape, intra, cross_share > 0 ? static_cast<int>(share) : cross, expansion);
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

const char* name_of(SourceKind kind) { return entry_of(kind).name; }

std::unique_ptr<WeightSource> make_source(const SourceCard& card, const LayerShape& shape) {
  const SourceCard own = card_for(card, shape.name);
  return entry_of(own.source).make(own, shape);
}

std::vector<StoredStream> stored_streams(const SourceCard& card, const LayerShape& shape) {
  const SourceCard own = card_for(card, shape.name);
  return entry_of(own.source).streams(own, shape);
}

}  // namespace lightloom::nn
