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
/// and the same layer in other plans of its network, as far as these decide the same about it. One
/// for each context; the context's input must outlive it.
class LayerPlans {
 public:
  explicit LayerPlans(const CostInput& input);

  /// The plan of layer `index`, of which `setup` has been decided.
  std::shared_ptr<const LayerPlan> of(std::size_t index, const LayerSetup& setup);

 private:
  /// The first layer alike, and all that plans decide about a layer by themselves.
  using Key = std::tuple<std::size_t, bool, bool, bool, int, double, double, double>;

  std::vector<std::size_t> alike_;  // by layer: the first that is like it
  std::map<Key, std::shared_ptr<const LayerPlan>> plans_;
};

}  // namespace lightloom::cosim
