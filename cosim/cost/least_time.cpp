#include "cosim/cost/least_time.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::cosim {
namespace {

/// Of a layer's tiles on the cores: layers compute one after the other, some core has as many of
/// the tiles as any, and without a second set of settings it is written between two of them; and
/// all cores stream from one buffer.
double least_on_cores_ns(const LayerPlan& layer, const ScheduleInput& schedule) {
  const double tiles = std::ceil(static_cast<double>(layer.visits.size()) / schedule.cores);
  const double written = schedule.places.settings == 1 ? tiles - 1 : 0;
  const double core =
      tiles * layer.least_ns[Stage::compute] + written * layer.least_ns[Stage::program];
  return std::max(core, layer.needs_ns[Stage::compute][TimePart::activation_buffer]);
}

}  // namespace

double least_time_ns(const NetworkPlan& plan) {
  double dram = 0, settings = 0, generator = 0, cores_own = 0, layer_by_layer = 0;
  for (const auto& layer : plan.layers) {
    const auto& needs = layer->needs_ns;
    for (const Stage stage : {Stage::fetch_weights, Stage::fetch_inputs, Stage::write_back})
      dram += needs[stage][TimePart::dram];
    settings += needs[Stage::decompose][TimePart::settings];
    generator += needs[Stage::generate][TimePart::generator];
    cores_own += needs[Stage::compute][TimePart::core] / plan.schedule.cores;
    layer_by_layer += least_on_cores_ns(*layer, plan.schedule);
  }
  layer_by_layer *= 1 - 1e-9;  // but for what rounding adds to sums of a million times
  return std::max({dram, settings, generator, cores_own, layer_by_layer});
}

}  // namespace lightloom::cosim
