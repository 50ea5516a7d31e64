#include "cosim/analog/read_noise.hpp"

#include <algorithm>
#include <cmath>

#include "core/random/random.hpp"

namespace lightloom::cosim {
namespace {

/// What a coded input counts for in the power, of one position and of the pixels of a map.
struct PowerLaw {
  float (*of_position)(const PackedTile&, const float*);
  void (*of_pixels)(const float*, int, std::span<float>);
};
PowerLaw power_law(photonic::InputCoding coding) {
  if (coding == photonic::InputCoding::field) return {field_power, field_power_of_pixels};
  if (coding == photonic::InputCoding::offset) return {offset_power, offset_power_of_pixels};
  return {intensity_power, intensity_of_pixels};
}

/// Optical power of the input vectors of a block, from that of whole pixels where the tile takes no
/// parts of pixels.
void measure_power(const TilePass& pass, const ReadoutBlock& block, float* power) {
  const PackedTile& tile = pass.packed();
  const LayerOnCore& layer = pass.layer;
  if (tile.pixels.empty()) {
    const PowerLaw law = power_law(pass.chip.card().coding);
    for (int p = 0; p < block.positions; ++p)
      power[p] = law.of_position(tile, block.map + block.bases[p]);
    return;
  }
  std::fill_n(power, block.positions, 0.0F);
  const int* bases = layer.layout.pixel_bases.data() + (block.bases - layer.layout.bases.data());
  for (const InputRun& run : tile.pixels)
    for (int k = 0; k < run.length; ++k) {
      const float* from = block.pixels + run.offset + k;
#pragma omp simd
      for (int p = 0; p < block.positions; ++p) power[p] += from[bases[p]];
    }
}

/// What makes up the noise of the outputs of a block whose inputs' power is in `scratch`.
OutputNoise output_noise(const TilePass& pass, const Readout& readout,
                         const ReadoutScratch& scratch) {
  const photonic::CoreDescription& core = pass.chip.card();
  const bool cells = pass.cells() != nullptr, one_side = pass.layer.devices.size() > 1;
  return {.additive = readout.sigma * readout.sigma,
          .shot = static_cast<float>(core.noise.shot * core.noise.shot),
          .signal = static_cast<float>(core.noise.signal * core.noise.signal),
          // Of a balanced pair: one side alone has no other that would take its noise away.
          .leak = one_side ? 0 : static_cast<float>(core.noise.relative * core.noise.leak),
          .power = scratch.light.power.data(),
          .variance = cells ? scratch.light.variance.data() : nullptr,
          .by_row = cells,
          .dark = static_cast<float>(core.noise.relative * core.noise.dark)};
}

/// Standard deviation of the noise of each position of a block: additive and shot noise.
void measure_sigma(const OutputNoise& noise, ReadoutScratch& scratch) {
  scratch.sigma.resize(scratch.light.power.size());
  for (std::size_t p = 0; p < scratch.light.power.size(); ++p)
    scratch.sigma[p] = std::sqrt(noise.additive + noise.shot * scratch.light.power[p]);
}

/// The level that the converter of a row with static errors sees, in steps, as the read-out kernel
/// has it.
float bent_level(float level, const Readout& readout, std::size_t row) {
  const AdcCurves& curves = *readout.curves;
  const float half = (readout.highest_code + 1 - readout.lowest_code) / 2,
              middle = (readout.highest_code + 1 + readout.lowest_code) / 2;
  const float u = std::clamp((level - middle) / half, -1.0F, 1.0F);
  return level + level * curves.gain[row] + curves.offset[row] +
         (1 - u * u) * (curves.bow[row] + curves.bend[row] * u);
}

/// The light of the block's inputs, and what noisy cells add, into `scratch`.
void measure_light(const TilePass& pass, ReadoutScratch& scratch, const ReadoutBlock& block) {
  const photonic::CoreDescription& core = pass.chip.card();
  if (const CellTiles* cells = pass.cells()) {
    measure_cells(*cells, block, static_cast<float>(core.noise.dark), scratch.light);
    return;
  }
  const PackedTile& packed = pass.packed();
  scratch.light.power.resize(static_cast<std::size_t>(block.positions));
  measure_power(pass, block, scratch.light.power.data());
  const auto inputs = packed.weights.size() / static_cast<std::size_t>(packed.padded_rows);
  const auto dark = static_cast<float>(core.noise.dark * static_cast<double>(inputs));
  // Offset inputs of -1 are dark, but for the rounding of their sum.
  for (float& power : scratch.light.power) power = std::max(0.0F, power + dark);
}

}  // namespace

Readout light_of(const photonic::CoreDescription& core) {
  Readout readout;
  readout.sigma = static_cast<float>(core.noise.additive);
  readout.relative_sigma = static_cast<float>(core.noise.relative);
  return readout;
}

Readout readout_of(const LayerOnCore& layer, const photonic::CoreDescription& core,
                   std::int64_t tile) {
  Readout readout = light_of(core);
  if (core.output_adc.bits > 0) {
    const bool from_zero = photonic::weight_phases(core) == 2;
    const float codes = std::exp2(static_cast<float>(core.output_adc.bits - (from_zero ? 0 : 1)));
    const std::vector<float>& own = layer.ranges.of_slices;
    const float full_scale = own.empty() ? layer.ranges.output_full_scale
                                         : own[static_cast<std::size_t>(tile % layer.slices)];
    readout.step = full_scale / codes;
    readout.lowest_code = from_zero ? 0 : -codes;
    readout.highest_code = codes - 1;
    if (core.blocks.used()) {
      readout.highest_code = static_cast<float>(photonic::block_levels(core.output_adc.bits));
      readout.lowest_code = -readout.highest_code;
      readout.step = layer.ranges.output_full_scale / readout.highest_code;
    }
  }
  readout.sigma =
      static_cast<float>(std::hypot(core.noise.additive, core.output_adc.noise_lsb * readout.step));
  return readout;
}

bool needs_power(const photonic::CoreDescription& core) {
  const photonic::ReadoutNoise& noise = core.noise;
  return noise.shot > 0 || (noise.relative > 0 && (noise.leak > 0 || noise.dark > 0));
}

void measure_pixels(const LayerOnCore& layer, photonic::InputCoding coding,
                    ReadoutScratch::Map& map) {
  const auto channels = static_cast<std::size_t>(layer.shape.in_channels);
  map.pixels.resize(map.coded.size() / channels);
  power_law(coding).of_pixels(map.coded.data(), layer.shape.in_channels, map.pixels);
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
  const bool by_light = pass.cells() != nullptr || needs_power(core);
  if (!by_light && !(readout.sigma > 0 || core.noise.signal > 0)) return;
  const auto values = static_cast<std::size_t>(block.positions) * static_cast<std::size_t>(rows);
  scratch.noise.resize(values + 4 * readout_lanes);
  const auto normals = std::span(scratch.noise).first(values);
  fill_normal(Stream(address), pass.shot, normals);
  block.noise = scratch.noise.data();
  block.signal = static_cast<float>(core.noise.signal);
  if (!by_light) return;
  measure_light(pass, scratch, block);
  OutputNoise noise = output_noise(pass, readout, scratch);
  if (noise.dark > 0)
    noise.weight_sums = pass.devices.weight_sums[static_cast<std::size_t>(pass.tile)].data();
  if (pass.cells() != nullptr || noise.leak > 0 || noise.dark > 0) {
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

void scale_drawn(float factor, ReadoutScratch& scratch, const ReadoutBlock& block) {
  if (factor == 1) return;
  if (block.noise != nullptr)
    for (float& value : scratch.noise) value *= factor;
  if (block.laser != nullptr)
    for (float& value : scratch.laser) value *= factor;
}

std::int64_t convert_sums(const TilePass& pass, const Readout& readout, ReadoutScratch& scratch,
                          const ReadoutBlock& block) {
  const std::vector<float>& sums = scratch.sums;
  const auto own = static_cast<float>(pass.chip.card().output_adc.noise_lsb);
  if (readout.step > 0 && own > 0) {
    const Stream stream({.seed = pass.chip.seed,
                         .purpose = Purpose::conversion,
                         .chip = pass.chip.number,
                         .layer = pass.layer.number,
                         .tile = static_cast<std::uint32_t>(pass.tile)});
    scratch.noise.resize(sums.size());
    fill_normal(stream, pass.shot, scratch.noise);
  }
  const auto rows = static_cast<std::size_t>(pass.packed().rows);
  std::int64_t outside = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const auto position = static_cast<std::int64_t>(i / rows);
    const std::size_t row = i % rows;
    float& output = block.outputs[position * block.output_stride + static_cast<std::int64_t>(row)];
    if (!(readout.step > 0)) {
      output += readout.gain * sums[i];
      continue;
    }
    float level = sums[i] / readout.step;
    if (own > 0) level += own * scratch.noise[i];
    if (readout.curves != nullptr) level = bent_level(level, readout, row);
    const float code = std::nearbyint(level);
    const float inside = std::clamp(code, readout.lowest_code, readout.highest_code);
    outside += inside != code ? 1 : 0;
    output += readout.gain * readout.step * inside;
  }
  return outside;
}

}  // namespace lightloom::cosim
