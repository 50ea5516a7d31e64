#include "nn/slimmable/slimmable_network.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "nn/weights/slices/sliced_source.hpp"

namespace lightloom::nn {
namespace {

GraphCut trunk_of(const Graph& model, const SlimCard& card) {
  return card.gate ? cut_behind_layer(model, card.gate->after) : cut_at_input(model);
}

int input_of(const Graph& graph, std::size_t node) { return graph.nodes[node].inputs.front(); }

/// What a layer of a narrower network has of the same layer of a wider one.
LayerSlice slice_of(const Network& wide, const Network& narrow,
                    const std::vector<std::vector<int>>& kept, std::size_t node) {
  const auto layer = static_cast<std::size_t>(wide.index_of(static_cast<int>(node)));
  return {.whole = wide.weight_layers()[layer].shape,
          .part = narrow.weight_layers()[layer].shape,
          .inputs = kept[static_cast<std::size_t>(input_of(wide.graph(), node))]};
}

/// Whether the stored words of a slice are some of the whole's.
bool can_slice(const WeightSource& source) {
  const auto* factors = dynamic_cast<const SlicedWeight*>(&source);
  return dynamic_cast<const WordPerWeight*>(&source) != nullptr ||
         (factors != nullptr && factors->can_slice());
}

void require_slices(const Network& network) {
  for (const WeightLayer& layer : network.weight_layers()) {
    const SourceCard card = card_for(network.source_card(), layer.shape.name);
    const bool projected = card.retraining == Retraining::projection;
    require(can_slice(*layer.source),
            "the weights of layer '{}' cannot be sliced into widths: a stored word of {} says "
            "something of weights that a narrower network lacks (dense, integer, lsq, "
            "power_of_two, supermask, multilevel, low_rank and bsconv can be sliced)",
            layer.shape.name, projected ? "retraining: projection" : card.source);
  }
}

std::unique_ptr<WeightSource> slice_source(const SourceCard& card, WeightSource& whole,
                                           LayerSlice slice) {
  if (dynamic_cast<SlicedWeight*>(&whole) != nullptr)
    return std::make_unique<SlicedSource>(whole, std::move(slice));
  const auto alone = make_source(card, slice.part);
  StoredSlice stored{alone->streams(), alone->work()};
  return std::make_unique<SlicedSource>(whole, std::move(slice), std::move(stored));
}

std::vector<float> chosen_values(const std::vector<float>& from, const std::vector<int>& channels) {
  std::vector<float> values;
  for (const int channel : channels) values.push_back(from[static_cast<std::size_t>(channel)]);
  return values;
}

}  // namespace

SlimmableNetwork::SlimmableNetwork(const Graph& model, const SourceCard& weights,
                                   const SlimCard& card, std::uint64_t seed)
    : widths_(card.widths), trunk_(trunk_of(model, card)) {
  const double trunk = card.gate ? card.gate->trunk : 1;
  ScaledGraph scaled = scaled_graph(model, width_shares(trunk_, trunk, 1));
  kept_ = std::move(scaled.kept);
  whole_ = std::make_unique<Network>(std::move(scaled.graph), weights, seed);
  require_slices(*whole_);
  for (std::size_t w = 0; w + 1 < widths_.size(); ++w) narrow_.push_back(make_width(widths_[w]));
  refresh();
}

SlimmableNetwork::Width SlimmableNetwork::make_width(double share) {
  ScaledGraph scaled = scaled_graph(whole_->graph(), width_shares(trunk_, 1, share));
  Width width{.network = nullptr, .kept = std::move(scaled.kept)};
  const SourceCard plain{
      .activations = whole_->source_card().activations, .settings = {}, .layers = {}};
  width.network =
      std::make_unique<Network>(std::move(scaled.graph), plain, 0, InitialWeights::none);
  for (const int node : weight_nodes(whole_->graph())) {
    const auto layer = static_cast<std::size_t>(whole_->index_of(node));
    WeightLayer& own = width.network->weight_layers()[layer];
    own.source =
        slice_source(whole_->source_card(), *whole_->weight_layers()[layer].source,
                     slice_of(*whole_, *width.network, width.kept, static_cast<std::size_t>(node)));
    own.activation_bits = whole_->weight_layers()[layer].activation_bits;
  }
  return width;
}

Network& SlimmableNetwork::network(std::size_t w) {
  return w == widest() ? *whole_ : *narrow_[w].network;
}

const Network& SlimmableNetwork::network(std::size_t w) const {
  return w == widest() ? *whole_ : *narrow_[w].network;
}

/// Calls visit(whole's parameter, the width's, channels) for all that a width has beside slices of
/// weights.
template <class Visit>
void SlimmableNetwork::visit_shared(std::size_t w, const Visit& visit) {
  Width& width = narrow_[w];
  const std::vector<Node>& nodes = whole_->graph().nodes;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    if (!is_weight_layer(nodes[n].op) && !is_norm(nodes[n].op)) continue;
    const auto at = static_cast<std::size_t>(whole_->index_of(static_cast<int>(n)));
    if (is_weight_layer(nodes[n].op)) {
      if (whole_->weight_layers()[at].bias.value.empty()) continue;
      if (!width.network->weight_layers()[at].shape.bias) width.network->give_bias(at);
      visit(whole_->weight_layers()[at].bias, width.network->weight_layers()[at].bias,
            width.kept[n]);
      continue;
    }
    visit(whole_->norms()[at].scale, width.network->norms()[at].scale, width.kept[n]);
    visit(whole_->norms()[at].shift, width.network->norms()[at].shift, width.kept[n]);
  }
}

void SlimmableNetwork::refresh(std::size_t w) {
  if (w == widest()) return;
  visit_shared(w, [](const Parameter& whole, Parameter& own, const std::vector<int>& channels) {
    for (std::size_t i = 0; i < channels.size(); ++i)
      own.value[i] = whole.value[static_cast<std::size_t>(channels[i])];
  });
}

void SlimmableNetwork::refresh() {
  for (std::size_t w = 0; w < count(); ++w) refresh(w);
}

void SlimmableNetwork::hand_over(std::size_t w) {
  if (w == widest()) return;
  visit_shared(w, [](Parameter& whole, Parameter& own, const std::vector<int>& channels) {
    for (std::size_t i = 0; i < channels.size(); ++i) {
      whole.gradient[static_cast<std::size_t>(channels[i])] += own.gradient[i];
      own.gradient[i] = 0;
    }
  });
}

void SlimmableNetwork::share_trunk() {
  const std::vector<Node>& nodes = whole_->graph().nodes;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    if (!trunk_.first[n]) continue;
    const int index = whole_->index_of(static_cast<int>(n));
    if (index < 0) continue;
    const auto at = static_cast<std::size_t>(index);
    for (Width& width : narrow_) {
      if (is_norm(nodes[n].op)) {
        width.network->norms()[at].mean = whole_->norms()[at].mean;
        width.network->norms()[at].variance = whole_->norms()[at].variance;
      } else if (is_weight_layer(nodes[n].op)) {
        width.network->weight_layers()[at].range = whole_->weight_layers()[at].range;
      }
    }
  }
}

void copy_slices(Network& full, SlimmableNetwork& slim) {
  copy_slices(full, slim.kept(), slim.whole());
  slim.refresh();
}

void copy_slices(Network& full, const std::vector<std::vector<int>>& kept, Network& part) {
  const std::vector<Node>& nodes = full.graph().nodes;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    const int index = full.index_of(static_cast<int>(n));
    if (index < 0) continue;
    const auto at = static_cast<std::size_t>(index);
    if (!is_weight_layer(nodes[n].op)) {
      const NormLayer& from = full.norms()[at];
      NormLayer& to = part.norms()[at];
      to.scale.value = chosen_values(from.scale.value, kept[n]);
      to.shift.value = chosen_values(from.shift.value, kept[n]);
      to.mean = chosen_values(from.mean, kept[n]);
      to.variance = chosen_values(from.variance, kept[n]);
      continue;
    }
    WeightLayer& from = full.weight_layers()[at];
    const LayerSlice slice = slice_of(full, part, kept, n);
    std::vector<float> weight(static_cast<std::size_t>(slice.part.weights()));
    gather(slice, dense_weight(from), weight);
    part.weight_layers()[at].source->encode(weight);
    if (from.shape.bias) {
      part.give_bias(at);
      part.weight_layers()[at].bias.value = chosen_values(from.bias.value, kept[n]);
    }
    if (from.range.seen) part.weight_layers()[at].range = from.range;
  }
}

}  // namespace lightloom::nn
