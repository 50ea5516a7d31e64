#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/cards/card.hpp"
#include "nn/graph/layer_shape.hpp"
#include "nn/weights/source/settings.hpp"
#include "nn/weights/source/shared_tensor.hpp"
#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

/// The kind that stores words of 32 bits and takes every layer that another cannot.
inline constexpr const char* dense_kind = "dense";

/// How a source learns: its own parameters, straight through their rounding; or a dense weight that
/// is fitted anew after every epoch (SmartExchange retraining, Zhao et al. 2020).
enum class Retraining { codes, projection };

struct LayerOverride;

/// The section `weights` of a card: where the weights of a network come from. What one kind alone
/// can be told is in its own card, among `settings`.
struct SourceCard {
  std::string source = dense_kind;  // the name of a kind in the table of sources
  int bits = 8;                     // per word; multilevel has its own
  int fc_bits = 0;      // linear layers that the source does not take; 0: as the source has it
  int dense_bits = 32;  // convolutions that it does not take
  int activations = 0;  // bits of the activation quantiser; 0: off
  Retraining retraining = Retraining::codes;
  SourceSettings settings;
  std::vector<LayerOverride> layers;  // first match wins
};

/// Other settings for the layers whose name matches.
struct LayerOverride {
  std::string layer;  // a layer's name; `*` stands for any text
  SourceCard card;
};

inline bool is_linear(const LayerShape& shape) { return shape.kind == LayerShape::Kind::linear; }

/// One kind of weight source: what it reads of a card, how it is made for a layer, what it stores
/// there. The functions get the card that holds for the layer, `fc_bits` resolved.
struct SourceEntry {
  std::string name;                     // as cards spell it
  std::vector<SettingsEntry> settings;  // its own cards, read in every section `weights`
  int bits = 8;                         // per word, where a card has this source and no `bits`
  Range bits_range{.low = 1, .high = 32};
  Range linear_range{.low = 1, .high = 32};  // of `fc_bits` where it is not 0
  /// Reads `bits` where it is not one number.
  std::function<void(Section&, SourceSettings&)> describe_bits = nullptr;
  /// Bits of linear layers where the card has no `fc_bits`.
  std::function<int(const SourceCard&)> bits_of_linear = [](const SourceCard&) { return 8; };
  /// Whether it takes the layer, which is stored dense if not. Empty: all.
  std::function<bool(const SourceCard&, const LayerShape&)> takes = nullptr;
  std::function<std::unique_ptr<WeightSource>(const SourceCard&, const LayerShape&)> make;
  /// What such a source stores, without making it. Where it depends on the weights: the most, or
  /// what weights of a stated distribution take, with `StoredStream::most`.
  std::function<std::vector<StoredStream>(const SourceCard&, const LayerShape&)> streams;
  /// `make` and `streams` of a kind whose layers share parts: called for the layers of a network in
  /// order, with what those before share. Without it, and for a layer by itself, `make`, `streams`.
  std::function<std::unique_ptr<WeightSource>(const SourceCard&, const LayerShape&, SharedParts&)>
      make_sharing = nullptr;
  std::function<std::vector<StoredStream>(const SourceCard&, const LayerShape&, SharedParts&)>
      streams_sharing = nullptr;
  /// The most bits a weight made of factors can need; see `precision_bits`. Empty: no factors.
  std::function<double(const SourceCard&, const LayerShape&)> precision_bits = nullptr;
  bool own_rule = false;  // trains its words by `own_step`: nothing can average or project them
  /// Whether `StoredWeight::value_shares` of such a source has them. Empty: it has none.
  std::function<bool(const SourceCard&)> lists_values = nullptr;
};

}  // namespace lightloom::nn
