#pragma once

#include <functional>
#include <vector>

#include "nn/accounting/ratio.hpp"
#include "nn/network/network.hpp"
#include "nn/search/knapsack.hpp"

namespace lightloom::nn {

/// Loss of a network on the caller's calibration images (never the test set).
using CalibrationLoss = std::function<double(Network&)>;

/// Per weight layer, how much the loss rises per unit of squared weight error: the layer's weight
/// is replaced by what `probe` makes of it (three-bit integers where it changes nothing), all
/// others stay. Rises below a thousandth of the largest count as that. `network` has dense sources
/// and comes back unchanged.
std::vector<double> layer_sensitivities(Network& network, const SourceCard& probe,
                                        const CalibrationLoss& loss);

/// How a network suffers from the weight errors of its layers: the sum of their harms.
struct LayerHarm {
  std::vector<double> sensitivities;  // one per weight layer
  HarmRule rule;
};
/// Sensitivity 1 / ||W||^2: errors count relative to their layer, as if all layers mattered
/// alike. Needs no images, and does not extrapolate a loss far beyond where it was measured.
LayerHarm relative_harm(Network& network);
/// Sensitivity size^(1/4) / ||W||^4, power 2, rounding 2: what a short training does not make up
/// for. It makes up for small relative errors and hardly for large ones, for lost rank rather than
/// for rounding, and large layers need smaller errors. Chosen among such rules by how they order 64
/// trained ResNet-20s (docs/evidence/studies.md). Needs no images.
LayerHarm trained_harm(Network& network);

/// The same setting in all layers.
struct UniformChoice {
  SourceCard card;
  std::int64_t cost = 0;
  double error = 0;
};

struct NetworkChoices {
  std::vector<LayerChoices> layers;    // without the dominated ones
  std::vector<UniformChoice> uniform;  // every setting of the grid, in its order

  /// What the cheapest choice of every layer costs together.
  [[nodiscard]] std::int64_t least_cost() const;
  /// The uniform setting with the least error that costs at most `limit`, or null.
  [[nodiscard]] const UniformChoice* best_uniform(std::int64_t limit) const;
};

/// By what choices are judged: what a layer's error harms, and what its setting costs.
struct ChoiceRules {
  const LayerHarm& harm;
  ChoiceCost cost = stored_bits;
};

/// The choices of every weight layer of a network of dense sources.
NetworkChoices network_choices(Network& network, const SourceCard& base, const SearchGrid& grid,
                               const ChoiceRules& rules);

/// Bits of a whole network as memory ratios count them (`ratio_of`): choices of layers have a
/// share of them, biases and normalisations the rest.
class MemoryBudget {
 public:
  explicit MemoryBudget(const NetworkShape& shape);
  /// What all layers may store at a memory ratio of at most `ratio`. A ratio that came from bits
  /// gives those bits back.
  [[nodiscard]] std::int64_t bits_at(double ratio) const;
  /// The memory ratio when the layers store `bits`.
  [[nodiscard]] double ratio_with(std::int64_t bits) const;

 private:
  std::int64_t dense_ = 0;  // the network at 32 bits throughout
  std::int64_t fixed_ = 0;  // biases and normalisations, at 32 bits
};

}  // namespace lightloom::nn
