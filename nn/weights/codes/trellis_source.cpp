#include "nn/weights/codes/trellis_source.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "nn/weights/source/projected_source.hpp"
#include "nn/weights/source/stored_words.hpp"

namespace lightloom::nn {
namespace {

constexpr Range trellis_bits{.low = 1, .high = 4};
constexpr std::size_t sampled_rings = 16;
/// The spread of the weights over that of the levels: below one leaves room for far ones.
constexpr std::array<float, 6> tried_shares{0.7f, 0.8f, 0.9f, 1.0f, 1.1f, 1.2f};

std::size_t rings_of(std::size_t weights) {
  return std::max<std::size_t>(weights / static_cast<std::size_t>(ring_weights), 1);
}

/// The part of `values` that is ring number `ring`: rings differ by one weight at most.
template <class Value>
std::span<Value> ring_at(std::span<Value> values, std::size_t ring) {
  const std::size_t rings = rings_of(values.size());
  const std::size_t begin = values.size() * ring / rings;
  return values.subspan(begin, values.size() * (ring + 1) / rings - begin);
}

double spread_of(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * value;
  return values.empty() ? 0 : std::sqrt(sum / static_cast<double>(values.size()));
}

/// The code with the levels of its states.
struct Coder {
  TrellisCode code;
  std::vector<float> states;
};

/// The words of one ring at a scale of the levels.
std::vector<std::uint32_t> ring_words(const Coder& coder, std::span<const float> values,
                                      float scale) {
  std::vector<float> targets(values.size());
  if (scale > 0)
    for (std::size_t i = 0; i < targets.size(); ++i) targets[i] = values[i] / scale;
  return trellis_encode(coder.code, coder.states, targets);
}

/// Sums over weights and levels, of which the best scale and its error are made.
struct Products {
  double levels = 0, mixed = 0;

  void add(std::span<const float> values, std::span<const float> level) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      levels += double{level[i]} * level[i];
      mixed += double{level[i]} * values[i];
    }
  }
  [[nodiscard]] double scale() const { return levels > 0 ? mixed / levels : 0; }
  /// How much of the sum of squares the levels take at that scale.
  [[nodiscard]] double explained() const { return scale() * mixed; }
};

/// The words of some rings, and what they explain together.
struct CodedRings {
  std::vector<std::vector<std::uint32_t>> words;
  Products products;
};

CodedRings code_rings(const Coder& coder, std::span<const float> values, float scale,
                      std::span<const std::size_t> rings) {
  CodedRings coded{.words = std::vector<std::vector<std::uint32_t>>(rings.size()), .products = {}};
  std::vector<Products> each(rings.size());
  parallel_for_dynamic(static_cast<std::ptrdiff_t>(rings.size()), [&](std::ptrdiff_t number) {
    const auto i = static_cast<std::size_t>(number);
    const std::span<const float> ring = ring_at(values, rings[i]);
    coded.words[i] = ring_words(coder, ring, scale);
    std::vector<float> levels(ring.size());
    trellis_decode(coder.code, coded.words[i], levels);
    each[i].add(ring, levels);
  });
  for (const Products& one : each) {
    coded.products.levels += one.levels;
    coded.products.mixed += one.mixed;
  }
  return coded;
}

/// `count` of the rings, evenly spread.
std::vector<std::size_t> some_rings(std::size_t rings, std::size_t count) {
  std::vector<std::size_t> some(std::min(rings, count));
  for (std::size_t i = 0; i < some.size(); ++i) some[i] = rings * i / some.size();
  return some;
}

/// The scale to code at.
float best_scale(const Coder& coder, std::span<const float> values) {
  const double spread = spread_of(values);
  const std::vector<std::size_t> rings = some_rings(rings_of(values.size()), sampled_rings);
  float best = 0;
  double most = -std::numeric_limits<double>::infinity();
  for (const float share : tried_shares) {
    const auto scale = static_cast<float>(spread / (trellis_spread * double{share}));
    const double explained = code_rings(coder, values, scale, rings).products.explained();
    if (explained <= most) continue;
    most = explained;
    best = scale;
  }
  return best;
}

/// Levels of all rings.
void decode_rings(const TrellisCode& code, std::span<const std::uint32_t> words,
                  std::span<float> levels) {
  for (std::size_t ring = 0; ring < rings_of(words.size()); ++ring)
    trellis_decode(code, ring_at(words, ring), ring_at(levels, ring));
}

}  // namespace

void describe(Section& section, TrellisCard& card) {
  section.value("state_bits", card.state_bits);
  if (card.state_bits != 8 && card.state_bits != 12 && card.state_bits != 16)
    section.problem("state_bits", fmt::format("is {} but must be 8, 12 or 16", card.state_bits));
  section.choice("transform", card.transform,
                 {{"none", Mixing::none}, {"hadamard", Mixing::hadamard}});
}

TrellisSource::TrellisSource(const TrellisCard& card, const LayerShape& shape, int bits)
    : card_(card),
      code_{.bits = bits, .state_bits = card.state_bits},
      shape_{.rows = shape.out_channels, .columns = shape.weights() / shape.out_channels} {
  assert(bits >= trellis_bits.low && bits <= trellis_bits.high);
  words_ = {.name = "words",
            .value = std::vector<float>(static_cast<std::size_t>(shape.weights())),
            .gradient = {}};
  scale_ = {.name = "scale", .value = {0.0f}, .gradient = {}, .decay = false};
}

void TrellisSource::encode(std::span<const float> dense) {
  assert(dense.size() == words_.value.size());
  std::vector<float> values(dense.begin(), dense.end());
  if (card_.transform == Mixing::hadamard) mix(shape_, values);
  const Coder coder{code_, trellis_levels(code_.state_bits)};
  const std::span<const float> targets(values);
  const float scale = best_scale(coder, targets);
  const std::size_t rings = rings_of(values.size());
  const CodedRings coded = code_rings(coder, targets, scale, some_rings(rings, rings));
  auto place = words_.value.begin();
  for (const std::vector<std::uint32_t>& words : coded.words)
    place = std::copy(words.begin(), words.end(), place);
  scale_.value[0] = static_cast<float>(coded.products.scale());
}

void TrellisSource::materialise(std::span<float> dense) { decode(codes(), dense); }

std::vector<StoredStream> trellis_streams(std::int64_t weights, int bits) {
  return {{.name = "path", .count = weights, .bits = bits},
          {.name = "scale", .count = 1, .bits = 32, .in_ratio = false, .exposed = false}};
}

std::vector<StoredStream> TrellisSource::streams() const {
  return trellis_streams(static_cast<std::int64_t>(words_.value.size()), code_.bits);
}

std::vector<CodedStream> TrellisSource::codes() {
  CodedStream path{.name = "path", .bits = code_.bits};
  for (const float word : words_.value) path.words.push_back(static_cast<std::uint32_t>(word));
  return {std::move(path), scale_stream(scale_.value[0])};
}

void TrellisSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == 2 && streams[0].words.size() == dense.size() &&
              streams[1].words.size() == 1,
          "these stored streams belong to another layer");
  decode_rings(code_, streams[0].words, dense);
  const float scale = to_float(streams[1].words[0]);
  for (float& value : dense) value *= scale;
  if (card_.transform == Mixing::hadamard) unmix(shape_, dense);
}

RegenerationWork TrellisSource::work() const {
  const auto weights = static_cast<std::int64_t>(words_.value.size());
  const bool mixed = card_.transform == Mixing::hadamard;
  return {.cross_macs = weights,
          .adds = 3 * weights + (mixed ? mixing_adds(shape_) : 0),
          .mac_bits = 32,  // the state's hash, modulo 2^32
          .sum_bits = mixed ? mixed_bits : 8};
}

SourceEntry trellis_entry() {
  const auto bits = [](const SourceCard& card, const LayerShape& shape) {
    return is_linear(shape) ? card.fc_bits : card.bits;
  };
  return {.name = trellis_kind,
          .settings = {settings_of<TrellisCard>()},
          .bits = 2,
          .bits_range = trellis_bits,
          .linear_range = trellis_bits,
          .bits_of_linear = [](const SourceCard& card) { return card.bits; },
          .make =
              [bits](const SourceCard& card, const LayerShape& shape) {
                auto source = std::make_unique<TrellisSource>(card.settings.of<TrellisCard>(),
                                                              shape, bits(card, shape));
                return std::make_unique<ProjectedSource>(std::move(source), shape);
              },
          .streams =
              [bits](const SourceCard& card, const LayerShape& shape) {
                return trellis_streams(shape.weights(), bits(card, shape));
              }};
}

}  // namespace lightloom::nn
