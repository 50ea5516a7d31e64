#include "nn/weights/source_card.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "core/cards/content_text.hpp"
#include "core/cards/words.hpp"
#include "core/error.hpp"
#include "nn/weights/source/projected_source.hpp"
#include "nn/weights/source_table.hpp"

namespace lightloom::nn {
namespace {

void describe_bits(Section& section, bool other_source, const SourceEntry& entry,
                   SourceCard& card) {
  if (entry.describe_bits) return entry.describe_bits(section, card.settings);
  if (other_source) card.bits = entry.bits;
  section.value("bits", card.bits, entry.bits_range);
}

void describe_linear_bits(Section& section, const SourceEntry& entry, SourceCard& card) {
  section.value("fc_bits", card.fc_bits, {.low = 0, .high = 32});
  const Range& range = entry.linear_range;
  if (card.fc_bits == 0 || (card.fc_bits >= range.low && card.fc_bits <= range.high)) return;
  section.problem(
      "fc_bits",
      fmt::format("is {} but must be 0 ({} bits) or from {:.0f} to {:.0f} ({} stores "
                  "linear layers too and has levels in these widths only)",
                  card.fc_bits, entry.bits_of_linear(card), range.low, range.high, entry.name));
}

/// The cards of all kinds, so that a card can be swept over its source.
void describe_settings(Section& section, SourceSettings& settings) {
  std::set<std::type_index> read;
  for (const SourceEntry& source : source_entries())
    for (const SettingsEntry& entry : source.settings)
      if (read.insert(entry.type).second) entry.describe(section, settings);
}

void describe_one(Section& section, SourceCard& card) {
  const std::string before = card.source;
  section.choice("source", card.source, source_names());
  const SourceEntry& entry = source_entry(card.source);
  describe_bits(section, card.source != before, entry, card);
  describe_settings(section, card.settings);
  describe_linear_bits(section, entry, card);
  section.value("dense_bits", card.dense_bits, {.low = 1, .high = 32});
  section.value("activations", card.activations, {.low = 0, .high = 16});
  section.choice("retraining", card.retraining,
                 {{"codes", Retraining::codes}, {"projection", Retraining::projection}});
  if (entry.own_rule && card.retraining == Retraining::projection)
    section.problem("retraining",
                    fmt::format("must be codes ({} trains in its codes)", entry.name));
  if (entry.make_sharing && card.retraining == Retraining::projection)
    section.problem("retraining",
                    fmt::format("must be codes (layers of {} share what they store)", entry.name));
  // As result files have always had them.
  section.arrange({"source",      "bits",          "intra",      "cross",        "cross_share",
                   "expansion",   "kernels",       "block",      "linear",       "scales",
                   "weight_clip", "fc_bits",       "dense_bits", "activations",  "quant_ratio",
                   "projection",  "orthogonality", "exchange",   "smart_deal",   "supermask",
                   "tiled",       "subbit",        "xor",        "subspace",     "state_bits",
                   "transform",   "seedlm",        "crew",       "shared_depth", "blend",
                   "stacked",     "retraining"});
}

/// The keys that only training reads.
constexpr std::array<std::string_view, 7> training_keys{
    "activations", "quant_ratio", "projection", "orthogonality",
    "retraining",  "weight_clip", "smart_deal"};

/// All keys of a card that its stored words depend on, overrides of layers left out.
std::string stored_part(SourceCard card) {
  card.fc_bits = linear_bits(card);
  card.layers.clear();
  Tree part = read_tree(Tree::mapping(), [&](Section& section) { describe_one(section, card); });
  std::erase_if(part.pairs, [](const TreeEntry& entry) {
    return std::ranges::find(training_keys, entry.key) != training_keys.end();
  });
  return content_text(part);
}

/// What holds for a layer, and the kind that stores it.
struct LayerCard {
  SourceCard card;
  const SourceEntry& entry;
};

LayerCard layer_card(const SourceCard& card, const LayerShape& shape) {
  SourceCard own = card_for(card, shape.name);
  own.fc_bits = linear_bits(own);
  const SourceEntry& entry = source_entry(own.source);
  const bool takes = !entry.takes || entry.takes(own, shape);
  return {std::move(own), takes ? entry : source_entry(dense_kind)};
}

}  // namespace

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

int linear_bits(const SourceCard& card) {
  return card.fc_bits > 0 ? card.fc_bits : source_entry(card.source).bits_of_linear(card);
}

bool takes_layer(const SourceCard& card, const LayerShape& shape) {
  const SourceCard own = card_for(card, shape.name);
  return layer_card(card, shape).entry.name == own.source;
}

std::unique_ptr<WeightSource> NetworkSources::make(const LayerShape& shape) {
  const LayerCard own = layer_card(card_, shape);
  auto source = own.entry.make_sharing ? own.entry.make_sharing(own.card, shape, made_)
                                       : own.entry.make(own.card, shape);
  const bool already = dynamic_cast<const ProjectedSource*>(source.get()) != nullptr;
  if (already || own.card.retraining == Retraining::codes) return source;
  return std::make_unique<ProjectedSource>(std::move(source), shape);
}

std::unique_ptr<WeightSource> make_source(const SourceCard& card, const LayerShape& shape) {
  return NetworkSources(card).make(shape);
}

std::vector<StoredStream> NetworkSources::streams(const LayerShape& shape) {
  const LayerCard own = layer_card(card_, shape);
  return own.entry.streams_sharing ? own.entry.streams_sharing(own.card, shape, listed_)
                                   : own.entry.streams(own.card, shape);
}

std::vector<StoredStream> stored_streams(const SourceCard& card, const LayerShape& shape) {
  return NetworkSources(card).streams(shape);
}

double precision_bits(const SourceCard& card, const LayerShape& shape) {
  const LayerCard own = layer_card(card, shape);
  return own.entry.precision_bits ? own.entry.precision_bits(own.card, shape) : 0;
}

bool stores_the_same(const SourceCard& a, const SourceCard& b) {
  return a.source == b.source && stored_part(a) == stored_part(b) &&
         std::ranges::equal(
             a.layers, b.layers, [](const LayerOverride& left, const LayerOverride& right) {
               return left.layer == right.layer && stores_the_same(left.card, right.card);
             });
}

bool is_projected(const SourceCard& card) {
  const LayerShape any{.in_channels = 4, .out_channels = 4, .kernel_height = 3, .kernel_width = 3};
  return dynamic_cast<const ProjectedSource*>(make_source(card, any).get()) != nullptr;
}

bool has_own_rule(const SourceCard& card) { return source_entry(card.source).own_rule; }

}  // namespace lightloom::nn
