#include "cosim/analog/output_errors.hpp"

#include <algorithm>
#include <cmath>

#include "core/random/random.hpp"

namespace lightloom::cosim {

void add_output_errors(const TilePass& pass, ReadoutScratch& scratch, ReadoutBlock& block) {
  const photonic::OutputErrors& errors = pass.chip.errors;
  if (!errors.any()) return;
  const auto rows = static_cast<std::size_t>(pass.packed().rows),
             positions = static_cast<std::size_t>(block.positions), values = positions * rows;
  scratch.added.resize(values + positions + 4 * readout_lanes);
  const auto noisy = std::ranges::any_of(errors.noise_sigma, [](float s) { return s > 0; });
  const bool common = errors.noise_common > 0;
  if (noisy)
    fill_normal(Stream({.seed = pass.chip.seed,
                        .purpose = Purpose::product_noise,
                        .chip = pass.chip.number,
                        .layer = pass.layer.number,
                        .tile = static_cast<std::uint32_t>(pass.tile)}),
                pass.shot, std::span(scratch.added).first(values + (common ? positions : 0)));
  else
    std::fill(scratch.added.begin(), scratch.added.end(), 0.0F);
  const float apart = std::sqrt(1 - errors.noise_common), together = std::sqrt(errors.noise_common);
  const auto period = static_cast<std::uint64_t>(errors.period),
             readings = static_cast<std::uint64_t>(pass.chip.card().readings),
             reading = static_cast<std::uint64_t>(pass.reading);
  for (std::size_t p = 0; p < positions; ++p) {
    const float shared = common ? together * scratch.added[values + p] : 0.0F;
    const std::size_t phase = ((pass.first_vector + p) * readings + reading) % period;
    const float* offset = errors.offset.data() + phase * errors.noise_sigma.size();
    float* added = scratch.added.data() + p * rows;
    for (std::size_t r = 0; r < rows; ++r)
      added[r] = offset[r] + errors.noise_sigma[r] * (apart * added[r] + shared);
  }
  block.added = scratch.added.data();
}

const float* halves_of(const TilePass& pass) {
  if (pass.chip.card().coding != photonic::InputCoding::offset) return nullptr;
  return pass.devices.weight_sums[static_cast<std::size_t>(pass.tile)].data();
}

void add_halves(const TilePass& pass, ReadoutScratch& scratch, ReadoutBlock& block) {
  const float* halves = halves_of(pass);
  if (halves == nullptr) return;
  const auto rows = static_cast<std::size_t>(pass.packed().rows),
             values = static_cast<std::size_t>(block.positions) * rows;
  if (block.added == nullptr) scratch.added.assign(values + 4 * readout_lanes, 0.0F);
  for (std::size_t i = 0; i < values; ++i) scratch.added[i] += halves[i % rows];
  block.added = scratch.added.data();
}

void take_halves_off(const TilePass& pass, float gain, const ReadoutBlock& block) {
  const float* halves = halves_of(pass);
  if (halves == nullptr) return;
  for (int p = 0; p < block.positions; ++p)
    for (int r = 0; r < pass.packed().rows; ++r)
      block.outputs[p * block.output_stride + r] -= gain * halves[r];
}

}  // namespace lightloom::cosim
