#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "nn/network/network.hpp"
#include "nn/slimmable/scaled_graph.hpp"
#include "nn/slimmable/slim_card.hpp"

namespace lightloom::nn {

/// One network of several widths (Yu et al., ICLR 2019; DS-Net, Li et al., CVPR 2021): the weights
/// of a width are slices of the widest's, W[:outputs, inputs], its biases and the scales and shifts
/// of its normalisations their first numbers. Statistics of normalisations and ranges of
/// activations are its own. Every width is a network by itself, whose products are of its own size.
class SlimmableNetwork {
 public:
  /// Of the graph `model` at full width. A trunk is as wide as the card's gate says, in all widths.
  /// Throws `Error` for a graph or a weight source that cannot be sliced.
  SlimmableNetwork(const Graph& model, const SourceCard& weights, const SlimCard& card,
                   std::uint64_t seed);

  [[nodiscard]] std::size_t count() const { return widths_.size(); }
  [[nodiscard]] std::size_t widest() const { return widths_.size() - 1; }
  [[nodiscard]] double width(std::size_t w) const { return widths_[w]; }
  /// The widest: everything that is trained is in it.
  [[nodiscard]] Network& whole() { return *whole_; }
  [[nodiscard]] const Network& whole() const { return *whole_; }
  /// The network of a width; call `refresh` first where the whole's parameters changed.
  [[nodiscard]] Network& network(std::size_t w);
  [[nodiscard]] const Network& network(std::size_t w) const;
  /// What all widths have in common; of a network without a gate, the input alone.
  [[nodiscard]] const GraphCut& trunk() const { return trunk_; }
  /// The whole in the graph of the full model: channels by node.
  [[nodiscard]] const std::vector<std::vector<int>>& kept() const { return kept_; }

  /// Copies biases, scales and shifts of the whole to a width.
  void refresh(std::size_t w);
  void refresh();
  /// Adds the gradients of these to the whole's, and clears them.
  void hand_over(std::size_t w);
  /// Gives every width the whole's statistics of the trunk's normalisations.
  void share_trunk();

 private:
  struct Width {
    std::unique_ptr<Network> network;
    std::vector<std::vector<int>> kept;  // by node, channels of the whole network
  };
  Width make_width(double share);
  template <class Visit>
  void visit_shared(std::size_t w, const Visit& visit);

  std::vector<double> widths_;
  GraphCut trunk_;
  std::vector<std::vector<int>> kept_;
  std::unique_ptr<Network> whole_;
  std::vector<Width> narrow_;
};

/// Fits the whole to the first channels of a network of the full model: weights, biases and
/// normalisations.
void copy_slices(Network& full, SlimmableNetwork& slim);
/// The same for any network on a scaled graph of the full model, whose channels are `kept`.
void copy_slices(Network& full, const std::vector<std::vector<int>>& kept, Network& part);

}  // namespace lightloom::nn
