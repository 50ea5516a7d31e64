#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/cards/card.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {

/// A source that any layer may get.
struct MixtureCandidate {
  std::string label;
  SourceCard weights;  // as an override of the section `weights` would be read
};

/// What a search bounds.
enum class MixtureCost { bytes, time, energy };
inline constexpr MixtureCost mixture_costs[] = {MixtureCost::bytes, MixtureCost::time,
                                                MixtureCost::energy};
const char* name_of(MixtureCost cost);
const char* unit_of(MixtureCost cost);  // "B", "s", "J"

struct MixtureTarget {
  MixtureCost cost = MixtureCost::bytes;
  double at_most = 0;  // in the cost's unit, or as a share of what `of` costs
  std::string of;      // label of the candidate that all layers have then; "": none
};

/// How the hinges' strengths go with the epochs of a search.
enum class Strengths { annealed, constant };
/// What a step of a search multiplies with: the mixture, or its largest share alone, whose gradient
/// is the mixture's.
enum class MixtureSample { soft, straight_through };
/// By which shares a step's costs are expected: those that it drew, as published, or those without
/// noise.
enum class CostShares { drawn, mean };
/// What holds a cost whose target equal shares meet: nothing, as published, or its hinge as if the
/// search had begun with the dearest candidates.
enum class MetTargets { free, held };

/// The section `search` of a card: a differentiable search over weight sources per layer
/// (docs/models/weights/differentiable-search.md).
struct MixtureCard {
  std::vector<MixtureCandidate> candidates;
  std::vector<MixtureTarget> targets;
  int warm_up = 1;                                // epochs with one candidate
  std::size_t warm = 0;                           // its number
  int epochs = 10;                                // of the search
  int fine_tune = 3;                              // epochs of the network chosen
  double rate = 0.01;                             // of the architecture's parameters
  double temperature = 1, final_temperature = 1;  // of the first and the last epoch
  bool noise = true;                              // Gumbel's, in training
  MixtureSample sample = MixtureSample::soft;
  Strengths strengths = Strengths::annealed;
  CostShares cost_shares = CostShares::mean;
  MetTargets met_targets = MetTargets::held;
  int refit = 1;  // steps from one fit of the candidates to the next
  bool uniform = true, random = true, greedy = true;  // controls

  /// Epochs of a whole search, which every control gets too.
  [[nodiscard]] int budget() const { return warm_up + epochs + fine_tune; }
};

/// Keys: method, candidates (as overrides of `base`, each with a label), targets {cost, at_most,
/// of}, warm_up {epochs, with}, epochs, fine_tune, rate, temperature, final_temperature, noise,
/// sample, strengths, cost_shares, met_targets, refit, controls.
void describe(Section& section, const SourceCard& base, MixtureCard& card);

}  // namespace lightloom::nn
