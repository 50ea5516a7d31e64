#include "cosim/training/layer_time.hpp"

#include <algorithm>
#include <cmath>

#include "cosim/layers/tile_write.hpp"
#include "cosim/mapping.hpp"

namespace lightloom::cosim {

double rule_time_ns(const StepCore& on, const nn::LayerShape& layer, int images) {
  const double rate = photonic::peak_macs_per_ns(on.core) * on.cores;
  return rate > 0 ? static_cast<double>(layer.macs()) * images / rate : 0;
}

double layer_time_ns(const StepCore& on, const nn::LayerShape& layer, const StepPlan& plan) {
  const LayerMapping mapping = map_layer(layer, {on.core.rows, on.core.columns});
  const auto tiles = static_cast<double>(mapping.tiles);
  const double rounds = std::ceil(tiles / on.cores);
  const bool again = plan.order == StepOrder::images && tiles > on.cores;
  const double visits = again ? plan.images : 1,
               vectors = static_cast<double>(mapping.input_vectors) * plan.images / visits;
  const int phases = photonic::read_phases(on.core, photonic::InputSigns::positive);
  const double streams = vectors * photonic::product_time_ns(on.core.cost, phases);
  const double writes = tile_write(on.core.cost, on.programming,
                                   {.rows = static_cast<double>(on.core.rows),
                                    .conversions = static_cast<double>(on.core.cost.devices)})
                            .sum_ns();
  const double visit =
      on.programming.shadow_settings ? std::max(streams, writes) : streams + writes;
  return rounds * visits * visit;
}

}  // namespace lightloom::cosim
