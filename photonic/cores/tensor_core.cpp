#include "photonic/cores/tensor_core.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "photonic/cores/core_table.hpp"

namespace lightloom::photonic {

void RealisationReport::add(const RealisationReport& other) {
  tiles += other.tiles;
  weights += other.weights;
  clipped_weights += other.clipped_weights;
  devices += other.devices;
  unreachable_devices += other.unreachable_devices;
  squared_error += other.squared_error;
  squared_target += other.squared_target;
}

void TensorCore::cell_noise(std::span<const float>, TileAddress, CellNoise noise) const {
  std::fill(noise.variance.begin(), noise.variance.end(), 0.0F);
  std::fill(noise.light.begin(), noise.light.end(), 1.0F);
}

std::size_t checked_tiles(const CoreDescription& description, std::span<const float> targets,
                          std::span<const float> realised, std::span<const float> scales) {
  const auto size =
      static_cast<std::size_t>(description.rows) * static_cast<std::size_t>(description.columns);
  require(targets.size() % size == 0 && realised.size() == targets.size() &&
              scales.size() * size == targets.size(),
          "{} target, {} realised weights and {} scales are no whole number of {} x {} tiles",
          targets.size(), realised.size(), scales.size(), description.rows, description.columns);
  require(std::all_of(targets.begin(), targets.end(), [](float w) { return std::isfinite(w); }),
          "a weight to be realised is not a finite number (did the training diverge?)");
  return scales.size();
}

float largest_weight(std::span<const float> tile) {
  float largest = 0;
  for (const float w : tile) largest = std::max(largest, std::abs(w));
  return largest > 0 ? largest : 1.0F;
}

void add_errors(std::span<const float> target, std::span<const float> realised,
                RealisationReport& report) {
  for (std::size_t i = 0; i < target.size(); ++i) {
    const double t = target[i], e = realised[i] - t;
    report.squared_error += e * e;
    report.squared_target += t * t;
  }
}

std::unique_ptr<TensorCore> make_core(const CoreCard& card) {
  struct Entry {
    CoreKind kind;
    std::unique_ptr<TensorCore> (*make)(const CoreCard&);
  };
  static constexpr Entry table[] = {
      {CoreKind::ideal, make_ideal_core},
      {CoreKind::mrr_bank, make_mrr_core},
      {CoreKind::mzi_mesh, make_mzi_core},
      {CoreKind::pcm_crossbar, make_pcm_core},
  };
  for (const Entry& entry : table)
    if (entry.kind == card.kind) return entry.make(card);
  throw Error("this kind of core is not in the table of cores");
}

}  // namespace lightloom::photonic
