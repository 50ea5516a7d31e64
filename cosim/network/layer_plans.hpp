#pragma once

#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "cosim/layers/cost_input.hpp"
#include "cosim/visits/layer_plan.hpp"

namespace lightloom::cosim {

using SharedPlans = std::vector<std::shared_ptr<const LayerPlan>>;

/// Plans of layers, made once for all that are alike: other layers of the same shape and delivery,
/// the same layer in other plans of its network, and layers of other inputs, as far as these decide
/// the same about it. Inputs may differ in their layers alone; each must outlive its turn.
class LayerPlans {
 public:
  LayerPlans() = default;
  explicit LayerPlans(const CostInput& input) { turn_to(input); }

  /// The layers asked for from now on are those of `input`.
  void turn_to(const CostInput& input);

  /// The plan of layer `index`, of which `setup` has been decided.
  std::shared_ptr<const LayerPlan> of(std::size_t index, const LayerSetup& setup);

 private:
  /// The first layer alike, and all that plans decide about a layer by themselves.
  using Key = std::tuple<std::size_t, bool, bool, bool, bool, int, double, double, double, double>;

  std::size_t number_of(CostLayer layer);

  std::vector<CostLayer> known_;  // no two alike, without names
  // By layer of the input in hand: the known one that it is like, and, where it comes as device
  // settings, the one that stores no words.
  std::vector<std::size_t> alike_, alike_as_settings_;
  std::map<Key, std::shared_ptr<const LayerPlan>> plans_;
};

}  // namespace lightloom::cosim
