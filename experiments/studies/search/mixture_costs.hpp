#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "experiments/cards/experiment_card.hpp"
#include "nn/graph/graph.hpp"
#include "nn/mixture/cost_hinges.hpp"

namespace lightloom::experiments {

/// The candidate of every layer, by number.
using LayerNumbers = std::vector<std::size_t>;

/// What the candidates of a card's search cost. Bytes are those that the sources store, to the bit,
/// scales included; time and energy are of one batch on the card's hardware, each layer simulated
/// by itself. The sums of layers are scaled to the whole simulation of one uniform network, the one
/// that the cost's target names or else the warm-up's: exact there, a surrogate elsewhere, since
/// layers overlap. Bytes need no scale.
class MixtureCosts {
 public:
  /// `card` has a section `search`; it and the graph must outlive this. Time and energy are known
  /// where a target asks for them or the hardware can regenerate weights. Throws `Error` for
  /// targets that no choice can meet, with the least that can be had.
  MixtureCosts(const Experiment& card, const nn::Graph& graph);

  [[nodiscard]] const std::vector<nn::MixtureCost>& known() const { return known_; }
  [[nodiscard]] const std::vector<nn::LayerShape>& layers() const { return shapes_; }
  /// By layer, the candidates that its sources take; the others would leave it dense.
  [[nodiscard]] const std::vector<LayerNumbers>& serving() const { return serving_; }
  /// Tables of the costs that have a target, in the order of the card, [layer][place].
  [[nodiscard]] std::vector<nn::CostTable> targets() const;

  /// The sum of the table, one value for each known cost.
  [[nodiscard]] std::vector<double> by_table(const LayerNumbers& chosen) const;
  /// The whole network simulated; bytes of what its sources store at most.
  [[nodiscard]] std::vector<double> of_whole(const nn::SourceCard& weights) const;
  [[nodiscard]] bool meets_targets(const LayerNumbers& chosen) const;

 private:
  struct Known {
    std::vector<std::vector<double>> table;  // [layer][candidate], scaled
    double target = 0;                       // 0: none
  };
  [[nodiscard]] std::size_t place_of(nn::MixtureCost cost) const;
  void find_serving();
  void fill_table(std::size_t candidate);
  void set_target(std::size_t place, const nn::MixtureTarget* target);
  void require_within_reach(std::size_t place) const;

  const Experiment& card_;
  const nn::Graph& graph_;
  std::vector<nn::LayerShape> shapes_;
  std::vector<LayerNumbers> serving_;
  std::vector<nn::MixtureCost> known_;
  std::vector<Known> costs_;
};

/// The card's weights with the candidate chosen in every layer.
nn::SourceCard weights_of_choice(const Experiment& card, const std::vector<nn::LayerShape>& layers,
                                 const LayerNumbers& chosen);

/// "12.3 kB", "4.5 us": of a cost.
std::string cost_text(nn::MixtureCost cost, double value);

}  // namespace lightloom::experiments
