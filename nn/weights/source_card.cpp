#include "nn/weights/source_card.hpp"

#include <algorithm>
#include <array>

#include "core/error.hpp"
#include "nn/weights/dense_source.hpp"

namespace lightloom::nn {
namespace {

using Maker = std::unique_ptr<WeightSource> (*)(const SourceCard&, const LayerShape&);

std::unique_ptr<WeightSource> make_dense(const SourceCard& card, const LayerShape& shape) {
  const bool linear = shape.kind == LayerShape::Kind::linear;
  return std::make_unique<DenseSource>(shape, linear ? card.linear_bits() : card.dense_bits);
}

struct Entry {
  SourceKind kind;
  const char* name;
  Maker make;
};

/// Every source there is.
constexpr std::array table{
    Entry{SourceKind::dense, "dense", make_dense},
};

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

void describe(Section& section, SourceCard& card) {
  section.choice("source", card.source,
                 {{"dense", SourceKind::dense},
                  {"integer", SourceKind::integer},
                  {"multilevel", SourceKind::multilevel}});
  describe_bits(section, card);
  section.value("intra", card.intra, not_negative);
  section.value("cross", card.cross, not_negative);
  section.value("fc_bits", card.fc_bits, {.low = 0, .high = 32});
  section.value("dense_bits", card.dense_bits, {.low = 1, .high = 32});
  section.value("activations", card.activations, {.low = 0, .high = 16});
  section.section("projection", [&](Section& inner) {
    using Method = ProjectionCard::Method;
    inner.choice("method", card.projection.method,
                 {{"random", Method::random}, {"svd", Method::svd}, {"l2", Method::l2}});
    inner.value("steps", card.projection.steps, not_negative);
    inner.value("rate", card.projection.rate, positive);
  });
}

const char* name_of(SourceKind kind) {
  for (const Entry& entry : table)
    if (entry.kind == kind) return entry.name;
  return "";
}

std::unique_ptr<WeightSource> make_source(const SourceCard& card, const LayerShape& shape) {
  for (const Entry& entry : table)
    if (entry.kind == card.source) return entry.make(card, shape);
  throw Error("this weight source is not built in");
}

}  // namespace lightloom::nn
