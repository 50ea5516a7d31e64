#include "photonic/cores/tensor_core.hpp"

#include <algorithm>
#include <cassert>

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

RealisationReport TensorCore::realise_slices(const TileBatch& batch, CellNoise noise) const {
  assert(description().slices == 1);
  if (!noise.variance.empty() || !noise.light.empty())
    cell_noise(batch.targets, batch.address, noise);
  return realise_used(batch);
}

}  // namespace lightloom::photonic
