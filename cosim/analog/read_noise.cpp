#include "cosim/analog/read_noise.hpp"

#include <algorithm>
#include <cmath>

#include "core/random/random.hpp"

namespace lightloom::cosim {
namespace {

/// Optical power of the input vectors of a block, from that of whole pixels where the tile takes no
/// parts of pixels.
void measure_power(const PackedTile& tile, const LayerOnCore& layer, photonic::InputCoding coding,
                   const ReadoutBlock& block, const std::vector<float>& pixels, float* power) {
  if (tile.pixels.empty()) {
    for (int p = 0; p < block.positions; ++p) {
      const float* position = block.map + block.bases[p];
      power[p] = coding == photonic::InputCoding::field ? field_power(tile, position)
                                                        : intensity_power(tile, position);
    }
    return;
  }
  std::fill_n(power, block.positions, 0.0F);
  const int* bases = layer.layout.pixel_bases.data() + (block.bases - layer.layout.bases.data());
  for (const InputRun& run : tile.pixels)
    for (int k = 0; k < run.length; ++k) {
      const float* from = pixels.data() + run.offset + k;
      for (int p = 0; p < block.positions; ++p) power[p] += from[bases[p]];
    }
}

/// What makes up the noise of the outputs of a block whose inputs' power is in `scratch`.
OutputNoise output_noise(const photonic::CoreDescription& core, const Readout& readout,
                         const ReadoutScratch& scratch) {
  return {.additive = readout.sigma * readout.sigma,
          .shot = static_cast<float>(core.noise.shot * core.noise.shot),
          .signal = static_cast<float>(core.noise.signal * core.noise.signal),
          .leak = static_cast<float>(core.noise.relative * core.noise.leak),
          .power = scratch.light.power.data(),
          .variance = core.noisy_cells ? scratch.light.variance.data() : nullptr,
          .by_row = core.noisy_cells,
          .dark = static_cast<float>(core.noise.relative * core.noise.dark)};
}

/// Standard deviation of the noise of each position of a block: additive and shot noise.
void measure_sigma(const OutputNoise& noise, ReadoutScratch& scratch) {
  scratch.sigma.resize(scratch.light.power.size());
  for (std::size_t p = 0; p < scratch.light.power.size(); ++p)
    scratch.sigma[p] = std::sqrt(noise.additive + noise.shot * scratch.light.power[p]);
}

/// The light of the block's inputs, and what noisy cells add, into `scratch`.
void measure_light(const TilePass& pass, ReadoutScratch& scratch, const ReadoutBlock& block) {
  const photonic::CoreDescription& core = pass.chip.card();
  if (core.noisy_cells) {
    measure_cells(pass.layer.cells[static_cast<std::size_t>(pass.tile)], block,
                  static_cast<float>(core.noise.dark), scratch.light);
    return;
  }
  const PackedTile& packed = pass.packed();
  scratch.light.power.resize(static_cast<std::size_t>(block.positions));
  measure_power(packed, pass.layer, core.coding, block, scratch.pixels, scratch.light.power.data());
  const auto inputs = packed.weights.size() / static_cast<std::size_t>(packed.padded_rows);
  const auto dark = static_cast<float>(core.noise.dark * static_cast<double>(inputs));
  for (float& power : scratch.light.power) power += dark;
}

}  // namespace

Readout readout_of(const LayerOnCore& layer, const photonic::CoreDescription& core) {
  Readout readout;
  if (core.output_adc.bits > 0) {
    const float half = std::exp2(static_cast<float>(core.output_adc.bits - 1));
    readout.step = layer.ranges.output_full_scale / half;
    readout.lowest_code = -half;
    readout.highest_code = half - 1;
    if (core.blocks.used()) {
      readout.highest_code = static_cast<float>(photonic::block_levels(core.output_adc.bits));
      readout.lowest_code = -readout.highest_code;
      readout.step = layer.ranges.output_full_scale / readout.highest_code;
    }
  }
  readout.sigma =
      static_cast<float>(std::hypot(core.noise.additive, core.output_adc.noise_lsb * readout.step));
  readout.relative_sigma = static_cast<float>(core.noise.relative);
  return readout;
}

bool needs_power(const photonic::CoreDescription& core) {
  const photonic::ReadoutNoise& noise = core.noise;
  return noise.shot > 0 || (noise.relative > 0 && (noise.leak > 0 || noise.dark > 0));
}

void measure_pixels(const LayerOnCore& layer, photonic::InputCoding coding,
                    ReadoutScratch& scratch) {
  const auto channels = static_cast<std::size_t>(layer.shape.in_channels);
  scratch.pixels.resize(scratch.coded.size() / channels);
  const auto measure =
      coding == photonic::InputCoding::field ? field_power_of_pixels : intensity_of_pixels;
  measure(scratch.coded.data(), layer.shape.in_channels, scratch.pixels);
}

void draw_noise(const TilePass& pass, const Readout& readout, ReadoutScratch& scratch,
                ReadoutBlock& block) {
  const photonic::CoreDescription& core = pass.chip.card();
  StreamAddress address{.seed = pass.chip.seed,
                        .purpose = Purpose::readout,
                        .chip = pass.chip.number,
                        .layer = pass.layer.number,
                        .tile = static_cast<std::uint32_t>(pass.tile)};
  const int rows = pass.packed().rows;
  if (readout.relative_sigma > 0) {
    address.purpose = Purpose::laser;
    scratch.laser.resize(static_cast<std::size_t>(block.positions));
    fill_normal(Stream(address), pass.shot, scratch.laser);
    block.laser = scratch.laser.data();
    address.purpose = Purpose::readout;
  }
  const bool by_light = core.noisy_cells || needs_power(core);
  if (!by_light && !(readout.sigma > 0 || core.noise.signal > 0)) return;
  const auto values = static_cast<std::size_t>(block.positions) * static_cast<std::size_t>(rows);
  scratch.noise.resize(values + 4 * readout_lanes);
  const auto normals = std::span(scratch.noise).first(values);
  fill_normal(Stream(address), pass.shot, normals);
  block.noise = scratch.noise.data();
  block.signal = static_cast<float>(core.noise.signal);
  if (!by_light) return;
  measure_light(pass, scratch, block);
  OutputNoise noise = output_noise(core, readout, scratch);
  if (noise.dark > 0)
    noise.weight_sums = pass.layer.weight_sums[static_cast<std::size_t>(pass.tile)].data();
  if (core.noisy_cells || noise.leak > 0 || noise.dark > 0) {
    if (noise.signal > 0) {
      multiply_block(pass.packed(), block, scratch.outputs);
      noise.outputs = scratch.outputs.data();
      block.signal = 0;
    }
    scale_noise(noise, block, rows, normals);
    scratch.sigma.assign(static_cast<std::size_t>(block.positions), 1.0F);
  } else {
    measure_sigma(noise, scratch);
  }
  block.sigma = scratch.sigma.data();
}

}  // namespace lightloom::cosim
