#include "nn/weights/source_table.hpp"

#include <algorithm>
#include <array>

#include "nn/weights/direct/circulant_source.hpp"
#include "nn/weights/direct/dense_source.hpp"
#include "nn/weights/direct/float_source.hpp"
#include "nn/weights/direct/integer_source.hpp"
#include "nn/weights/direct/learned_step_source.hpp"
#include "nn/weights/direct/power_source.hpp"
#include "nn/weights/exchange/exchange_source.hpp"
#include "nn/weights/exchange/smart_deal_source.hpp"
#include "nn/weights/multilevel/multilevel_source.hpp"

namespace lightloom::nn {
namespace {

using Source = std::unique_ptr<WeightSource>;
using Streams = std::vector<StoredStream>;

bool linear(const LayerShape& shape) { return shape.kind == LayerShape::Kind::linear; }

int dense_bits(const SourceCard& card, const LayerShape& shape) {
  return linear(shape) ? card.linear_bits() : card.dense_bits;
}

Source make_dense(const SourceCard& card, const LayerShape& shape) {
  const int bits = dense_bits(card, shape);
  if (kept_as_float(bits)) return std::make_unique<FloatSource>(shape);
  return std::make_unique<DenseSource>(shape, bits);
}

Streams streams_dense(const SourceCard& card, const LayerShape& shape) {
  return dense_streams(shape.weights(), dense_bits(card, shape));
}

int integer_bits(const SourceCard& card, const LayerShape& shape) {
  return linear(shape) ? card.linear_bits() : card.bits;
}

Source make_integer(const SourceCard& card, const LayerShape& shape) {
  return std::make_unique<IntegerSource>(shape, integer_bits(card, shape), card.weight_clip,
                                         card.scales);
}

Streams streams_integer(const SourceCard& card, const LayerShape& shape) {
  return integer_streams(shape.weights(), integer_bits(card, shape),
                         integer_scales(shape, card.scales));
}

Source make_learned_step(const SourceCard& card, const LayerShape& shape) {
  return std::make_unique<LearnedStepSource>(shape, std::min(8, integer_bits(card, shape)));
}

Streams streams_learned_step(const SourceCard& card, const LayerShape& shape) {
  return integer_streams(shape.weights(), std::min(8, integer_bits(card, shape)));
}

Source make_power(const SourceCard& card, const LayerShape& shape) {
  if (linear(shape)) return make_dense(card, shape);
  return std::make_unique<PowerSource>(shape, card.bits);
}

Streams streams_power(const SourceCard& card, const LayerShape& shape) {
  return linear(shape) ? streams_dense(card, shape) : power_streams(shape.weights(), card.bits);
}

bool generated(const SourceCard& card, const LayerShape& shape) {
  const bool taken = !linear(shape) || card.linear == LinearLayers::generated;
  return taken && card.slots(shape).generated();
}

Source make_generator(const SourceCard& card, const LayerShape& shape) {
  if (!generated(card, shape)) return make_dense(card, shape);
  return std::make_unique<MultilevelSource>(card, shape);
}

Streams streams_generator(const SourceCard& card, const LayerShape& shape) {
  return generated(card, shape) ? multilevel_streams(card, shape) : streams_dense(card, shape);
}

bool circulant(const LayerShape& shape) { return !linear(shape) && shape.groups == 1; }

Source make_circulant(const SourceCard& card, const LayerShape& shape) {
  if (!circulant(shape)) return make_dense(card, shape);
  return std::make_unique<CirculantSource>(shape, card.block, card.bits);
}

Streams streams_circulant(const SourceCard& card, const LayerShape& shape) {
  return circulant(shape) ? circulant_streams(shape, card.block, card.bits)
                          : streams_dense(card, shape);
}

Source make_exchange(const SourceCard& card, const LayerShape& shape) {
  if (!exchangeable(shape)) return make_dense(card, shape);
  return std::make_unique<ExchangeSource>(card.exchange, shape);
}

Streams streams_exchange(const SourceCard& card, const LayerShape& shape) {
  return exchangeable(shape) ? exchange_streams(shape) : streams_dense(card, shape);
}

Source make_deal(const SourceCard& card, const LayerShape& shape) {
  if (!exchangeable(shape)) return make_dense(card, shape);
  return std::make_unique<SmartDealSource>(card, shape);
}

/// Every source there is.
constexpr std::array table{
    SourceEntry{SourceKind::dense, "dense", make_dense, streams_dense},
    SourceEntry{SourceKind::integer, "integer", make_integer, streams_integer},
    SourceEntry{SourceKind::lsq, "lsq", make_learned_step, streams_learned_step},
    SourceEntry{SourceKind::power_of_two, "power_of_two", make_power, streams_power},
    SourceEntry{SourceKind::multilevel, "multilevel", make_generator, streams_generator},
    SourceEntry{SourceKind::low_rank, "low_rank", make_generator, streams_generator},
    SourceEntry{SourceKind::bsconv, "bsconv", make_generator, streams_generator},
    SourceEntry{SourceKind::dsconv, "dsconv", make_generator, streams_generator},
    SourceEntry{SourceKind::penni, "penni", make_generator, streams_generator},
    SourceEntry{SourceKind::circulant, "circulant", make_circulant, streams_circulant},
    SourceEntry{SourceKind::smart_exchange, "smart_exchange", make_exchange, streams_exchange},
    SourceEntry{SourceKind::smart_deal, "smart_deal", make_deal, streams_exchange},
};

}  // namespace

bool has_factors(const SourceCard& card, const LayerShape& shape) {
  return source_entry(card.source).make == make_generator && generated(card, shape);
}

const SourceEntry& source_entry(SourceKind kind) {
  return *std::find_if(table.begin(), table.end(),
                       [&](const SourceEntry& entry) { return entry.kind == kind; });
}

}  // namespace lightloom::nn
