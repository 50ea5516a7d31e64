#include "cosim/layers/cost_input.hpp"

namespace lightloom::cosim {

const char* way_name(WeightDelivery way) {
  switch (way) {
    case WeightDelivery::reload:
      return "reload";
    case WeightDelivery::regenerate:
      return "regenerate";
    case WeightDelivery::factored:
      return "factored";
    case WeightDelivery::automatic:
      return "automatic";
  }
  return "";
}

bool CostLayer::takes_work() const {
  return work.intra_macs + work.cross_macs + work.shifts + work.adds + work.lookups > 0;
}

int CostLayer::repeats() const {
  return way == WeightDelivery::regenerate || !takes_work() ? row_repeats : 1;
}

CostLayer reload_layer(const nn::LayerShape& shape, int bits) {
  return {.shape = shape,
          .way = WeightDelivery::reload,
          .streams = {{.name = "weight", .count = shape.weights(), .bits = bits}}};
}

CostLayer source_layer(const nn::LayerShape& shape, nn::StoredWeight& source) {
  CostLayer layer{.shape = shape,
                  .streams = source.streams(),
                  .work = source.work(),
                  .value_shares = source.value_shares(),
                  .row_repeats = source.row_repeats()};
  if (layer.takes_work()) layer.way = WeightDelivery::regenerate;
  if (const auto factors = source.factors()) layer.factors = factor_shape(*factors);
  return layer;
}

}  // namespace lightloom::cosim
