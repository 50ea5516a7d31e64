#include "cosim/analog/analog_engine.hpp"

#include <algorithm>
#include <cassert>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "cosim/analog/output_errors.hpp"
#include "cosim/analog/range_calibration.hpp"
#include "cosim/analog/read_noise.hpp"
#include "cosim/analog/readout/block_scaling.hpp"

namespace lightloom::cosim {

using photonic::CoreDescription;
using photonic::InputCoding;

AnalogEngine::AnalogEngine(const photonic::TensorCore& core, std::uint64_t seed, std::uint32_t chip)
    : chip_(core, seed, chip) {}

void AnalogEngine::begin_calibration() { calibrating_ = true; }
void AnalogEngine::end_calibration() { calibrating_ = false; }

LayerOnCore& AnalogEngine::layer_at(int layer) {
  assert(layer >= 0 && layer < static_cast<int>(layers_.size()) &&
         layers_[static_cast<std::size_t>(layer)]);
  return *layers_[static_cast<std::size_t>(layer)];
}

void AnalogEngine::load(int number, const nn::LayerShape& shape, std::span<const float> weights,
                        std::uint32_t write) {
  const auto index = static_cast<std::size_t>(number);
  if (layers_.size() <= index) layers_.resize(index + 1);
  if (!layers_[index]) layers_[index] = std::make_unique<LayerOnCore>();
  LayerOnCore& layer = *layers_[index];
  layer.shape = shape;
  layer.number = static_cast<std::uint32_t>(number);
  counts_.realisation.add(write_layer(layer, chip_, weights, write));
}

namespace {

/// One of the passes of an image through a layer.
struct PassOfImage {
  std::uint64_t number = 0;
  std::uint64_t passes = 1, pass = 0;
};

/// Where a block's results go in the output map of an image.
void aim(const TilePass& pass, float* outputs, ReadoutBlock& block) {
  const LayerOnCore& layer = pass.layer;
  const TileView view = tile_view(layer.mapping, pass.tile);
  block.output_stride = layer.shape.out_channels;
  block.outputs = outputs + (block.bases - layer.layout.bases.data()) * block.output_stride +
                  view.first_group * layer.mapping.group_rows + view.first_row;
}

/// Number of a block's first input vector among those that its tile sees.
std::uint64_t first_vector(const LayerOnCore& layer, const PassOfImage& image,
                           const ReadoutBlock& block) {
  const auto positions = static_cast<std::uint64_t>(layer.mapping.input_vectors);
  const auto first = static_cast<std::uint64_t>(block.bases - layer.layout.bases.data());
  return (image.number * image.passes + image.pass) * positions + first;
}

/// Reads a block whose input vectors and weights have scales of their own. Returns how many
/// conversions were out of range.
std::int64_t read_blocks(const TilePass& pass, const Readout& readout, const ReadoutBlock& block,
                         ReadoutScratch& scratch) {
  const PackedTile& packed = pass.packed();
  const auto rows = static_cast<std::size_t>(packed.rows);
  scratch.outputs.assign(static_cast<std::size_t>(block.positions) * rows, 0.0F);
  ReadoutBlock own = block;
  own.outputs = scratch.outputs.data();
  own.output_stride = packed.rows;
  Readout converted = readout;
  converted.gain = 1;
  const std::int64_t outside = read_out(packed, converted, own);
  const auto first =
      static_cast<std::size_t>(pass.tile) * static_cast<std::size_t>(pass.chip.card().rows);
  add_blocks({.sums = scratch.outputs,
              .vector_scales = scratch.sent.scales,
              .weight_scales = std::span(pass.layer.row_scales).subspan(first, rows),
              .gain = readout.gain},
             block);
  return outside;
}

}  // namespace

/// While it calibrates, the engine computes without noise and ADC.
AnalogEngine::ImageCounts AnalogEngine::run_image(const LayerOnCore& layer, const Image& image,
                                                  ReadoutScratch& scratch) const {
  ImageCounts counts;
  const CoreDescription& core = chip_.card();
  Readout readout = calibrating_ ? Readout{} : readout_of(layer, core);
  if (readout.step > 0 && !chip_.adcs.gain.empty()) readout.curves = &chip_.adcs;
  std::fill(image.output.begin(), image.output.end(), 0.0F);
  for (int pass = 0; pass < passes_of(layer, core); ++pass) {
    const InputCode code = code_of_pass(layer, core, pass);
    const PassOfImage now{.number = image.number,
                          .passes = static_cast<std::uint64_t>(passes_of(layer, core)),
                          .pass = static_cast<std::uint64_t>(pass)};
    const auto run_block = [&](std::int64_t tile, ReadoutBlock block, std::uint64_t shot) {
      const TilePass part{.chip = chip_,
                          .layer = layer,
                          .code = code,
                          .tile = tile,
                          .shot = shot,
                          .first_vector = first_vector(layer, now, block)};
      aim(part, image.output.data(), block);
      gather(part, scratch, block);
      if (!calibrating_) {
        draw_noise(part, readout, scratch, block);
        add_output_errors(part, scratch, block);
      }
      readout.gain =
          code.sign * layer.scales[static_cast<std::size_t>(tile)] * layer.ranges.input_full_scale;
      counts.saturated += core.blocks.used() ? read_blocks(part, readout, block, scratch)
                                             : read_out(part.packed(), readout, block);
      if (readout.step > 0)
        counts.conversions += std::int64_t{block.positions} * part.packed().rows;
    };
    counts.clipped += code_inputs({layer.shape, layer.layout}, image.input,
                                  code_of_map(layer, core, pass), scratch.coded);
    if (!calibrating_ && !core.blocks.used() && needs_power(core))
      measure_pixels(layer, core.coding, scratch);
    for_each_block(layer, scratch.coded, image.number * 2 + static_cast<std::uint64_t>(pass),
                   run_block);
  }
  return counts;
}

void AnalogEngine::multiply(int number, std::span<const float> inputs, int images,
                            std::uint64_t first_image, std::span<float> outputs) {
  LayerOnCore& layer = layer_at(number);
  const std::size_t in = inputs.size() / static_cast<std::size_t>(images);
  const std::size_t out = outputs.size() / static_cast<std::size_t>(images);
  assert(static_cast<std::int64_t>(out) == layer.shape.positions() * layer.shape.out_channels);
  if (calibrating_) calibrate_ranges(layer, chip_, inputs, images);
  const CoreDescription& core = chip_.card();
  require(layer.ranges.calibrated || (core.coding == InputCoding::digital &&
                                      core.output_adc.bits == 0 && core.input_dac.bits == 0),
          "layer '{}' runs on an analog core whose converter ranges are not calibrated (run a "
          "calibration batch first)",
          layer.shape.name);
  const auto make_scratch = [&] {
    ReadoutScratch scratch;
    scratch.coded.assign(layer.layout.values(layer.shape), 0.0F);
    return scratch;
  };
  std::vector<ImageCounts> counts(static_cast<std::size_t>(images));
  parallel_for_with(images, make_scratch, [&](std::ptrdiff_t i, ReadoutScratch& scratch) {
    const auto k = static_cast<std::size_t>(i);
    counts[k] = run_image(layer,
                          {.input = inputs.subspan(k * in, in),
                           .number = first_image + k,
                           .output = outputs.subspan(k * out, out)},
                          scratch);
  });
  if (calibrating_) return;
  counts_.inputs += static_cast<std::int64_t>(inputs.size());
  for (const ImageCounts& image : counts) {
    counts_.clipped_inputs += image.clipped;
    counts_.conversions += image.conversions;
    counts_.saturated_conversions += image.saturated;
  }
}

}  // namespace lightloom::cosim
