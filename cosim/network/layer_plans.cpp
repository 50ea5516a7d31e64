#include "cosim/network/layer_plans.hpp"

#include <algorithm>
#include <utility>

namespace lightloom::cosim {
namespace {

/// The settings are the same whatever words the weights had.
CostLayer without_words(CostLayer layer) {
  layer.streams.clear();
  layer.work = {};
  layer.factors.reset();
  layer.reload_bits = 0;
  return layer;
}

}  // namespace

void LayerPlans::turn_to(const CostInput& input) {
  alike_.clear();
  alike_as_settings_.clear();
  for (const CostLayer& layer : input.layers) {
    alike_.push_back(number_of(layer));
    alike_as_settings_.push_back(number_of(without_words(layer)));
  }
}

std::size_t LayerPlans::number_of(CostLayer layer) {
  layer.shape.name.clear();
  const auto found = std::find(known_.begin(), known_.end(), layer);
  const auto number = static_cast<std::size_t>(found - known_.begin());
  if (found == known_.end()) known_.push_back(std::move(layer));
  return number;
}

std::shared_ptr<const LayerPlan> LayerPlans::of(std::size_t index, const LayerSetup& setup) {
  const Key key{setup.stored_as_settings ? alike_as_settings_[index] : alike_[index],
                setup.stored_as_settings,
                setup.spills_output,
                setup.resident,
                setup.on_core,
                setup.replicas,
                setup.input_bytes,
                setup.output_bytes,
                setup.spilled_sums,
                setup.here_bits};
  std::shared_ptr<const LayerPlan>& plan = plans_[key];
  if (!plan) plan = std::make_shared<const LayerPlan>(plan_layer(setup));
  return plan;
}

}  // namespace lightloom::cosim
