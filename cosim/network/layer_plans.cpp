#include "cosim/network/layer_plans.hpp"

namespace lightloom::cosim {
namespace {

/// Whether two layers differ in their names at most.
bool are_alike(const CostLayer& a, const CostLayer& b) {
  CostLayer renamed = b;
  renamed.shape.name = a.shape.name;
  return a == renamed;
}

}  // namespace

LayerPlans::LayerPlans(const CostInput& input) {
  for (std::size_t i = 0; i < input.layers.size(); ++i) {
    std::size_t first = 0;
    while (first < i && !are_alike(input.layers[first], input.layers[i])) ++first;
    alike_.push_back(first);
  }
}

std::shared_ptr<const LayerPlan> LayerPlans::of(std::size_t index, const LayerSetup& setup) {
  const Key key{alike_[index],  setup.stored_as_settings, setup.spills_output, setup.resident,
                setup.replicas, setup.input_bytes,        setup.output_bytes,  setup.spilled_sums};
  std::shared_ptr<const LayerPlan>& plan = plans_[key];
  if (!plan) plan = std::make_shared<const LayerPlan>(plan_layer(setup));
  return plan;
}

}  // namespace lightloom::cosim
