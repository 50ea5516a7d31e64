#include "cosim/corrections/frozen_chip.hpp"

namespace lightloom::cosim {

void FrozenChip::load(int layer, const nn::LayerShape& shape, std::span<const float> weights,
                      std::uint32_t /*write*/) {
  const auto k = static_cast<std::size_t>(layer);
  if (loaded_[k]) return;
  chip_.engine().load(layer, shape, weights, 0);
  loaded_[k] = true;
}

}  // namespace lightloom::cosim
