#include "cosim/verify/verified_core.hpp"

#include <algorithm>

namespace lightloom::cosim {

using photonic::RealisationReport;
using photonic::TileBatch;

bool verifies_tiles(const photonic::CoreDescription& core) { return core.kind == "mzi-mesh"; }

/// The first slice takes what is put right.
void VerifiedCore::verify(const TileBatch& batch, RealisationReport& report) const {
  const std::size_t layer = batch.address.layer;
  if (layer >= weights_.chosen.size() || weights_.chosen[layer].empty()) return;
  const photonic::CoreDescription& core = description();
  const std::size_t size =
      static_cast<std::size_t>(core.rows) * static_cast<std::size_t>(core.columns);
  const std::size_t tiles = batch.targets.size() / size;
  const std::size_t slices = batch.scales.size() / tiles;
  const auto tolerance = static_cast<float>(tolerance_);
  for (std::size_t t = 0; t < tiles; ++t) {
    const std::uint8_t* chosen = weights_.chosen[layer].data() + (batch.address.tile + t) * size;
    const auto scales = batch.scales.subspan(t * slices, slices);
    const float limit = tolerance * *std::max_element(scales.begin(), scales.end());
    for (std::size_t i = 0; i < size; ++i) {
      if (chosen[i] == 0) continue;
      float error = -batch.targets[t * size + i];
      for (std::size_t s = 0; s < slices; ++s) error += batch.realised[(t * slices + s) * size + i];
      const float left = std::clamp(error, -limit, limit);
      batch.realised[t * slices * size + i] -= error - left;
      report.squared_error += double{left} * left - double{error} * error;
    }
  }
}

RealisationReport VerifiedCore::realise(std::span<const float> targets,
                                        photonic::TileAddress address, std::span<float> realised,
                                        std::span<float> scales) const {
  RealisationReport report = core_.realise(targets, address, realised, scales);
  verify({targets, address, realised, scales}, report);
  return report;
}

RealisationReport VerifiedCore::realise_used(const TileBatch& batch) const {
  RealisationReport report = core_.realise_used(batch);
  verify(batch, report);
  return report;
}

RealisationReport VerifiedCore::realise_slices(const TileBatch& batch,
                                               photonic::CellNoise noise) const {
  RealisationReport report = core_.realise_slices(batch, noise);
  verify(batch, report);
  return report;
}

}  // namespace lightloom::cosim
