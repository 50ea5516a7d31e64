#include "photonic/cores/tensor_core.hpp"

#include <algorithm>

namespace lightloom::photonic {

void RealisationReport::add(const RealisationReport& other) {
  tiles += other.tiles;
  weights += other.weights;
  clipped_weights += other.clipped_weights;
  devices += other.devices;
  unreachable_devices += other.unreachable_devices;
  squared_error += other.squared_error;
  squared_target += other.squared_target;
  squared_miss += other.squared_miss;
}

RealisationReport TensorCore::realise_used(const TileBatch& batch) const {
  return realise(batch.targets, batch.address, batch.realised, batch.scales);
}

void TensorCore::cell_noise(std::span<const float>, TileAddress, CellNoise noise) const {
  std::fill(noise.variance.begin(), noise.variance.end(), 0.0F);
  std::fill(noise.light.begin(), noise.light.end(), 1.0F);
}

OutputErrors TensorCore::output_errors(std::uint64_t, std::uint32_t) const { return {}; }

}  // namespace lightloom::photonic
