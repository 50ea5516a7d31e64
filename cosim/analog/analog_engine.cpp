#include "cosim/analog/analog_engine.hpp"

#include <algorithm>
#include <cassert>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "cosim/analog/range_calibration.hpp"
#include "cosim/analog/read_noise.hpp"

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

/// Each reading of a block has noise of its own. Images and blocks stay far below the highest bits
/// of a shot.
std::uint64_t shot_of_reading(std::uint64_t shot, int reading) {
  return shot | static_cast<std::uint64_t>(reading) << 56;
}

}  // namespace

/// While it calibrates, the engine computes without noise and ADC.
AnalogEngine::ImageCounts AnalogEngine::run_image(const LayerOnCore& layer, const Image& image,
                                                  ReadoutScratch& scratch) const {
  ImageCounts counts;
  const CoreDescription& core = chip_.card();
  const int readings = calibrating_ ? 1 : core.readings;
  std::fill(image.output.begin(), image.output.end(), 0.0F);
  for (int pass = 0; pass < passes_of(layer, core); ++pass) {
    const InputCode code = code_of_pass(layer, core, pass);
    const auto run_block = [&](std::int64_t tile, ReadoutBlock block, std::uint64_t shot) {
      TilePass part{.chip = chip_, .layer = layer, .code = code, .tile = tile, .shot = shot};
      const PackedTile& packed = part.packed();
      const TileView view = tile_view(layer.mapping, tile / layer.slices);
      const std::int64_t first = block.bases - layer.layout.bases.data();
      Readout readout = calibrating_ ? Readout{} : readout_of(layer, core, tile);
      if (readout.step > 0 && !chip_.adcs.gain.empty()) readout.curves = &chip_.adcs;
      gather(part, scratch, block);
      readout.gain =
          code.sign * layer.scales[static_cast<std::size_t>(tile)] * layer.ranges.input_full_scale;
      if (readings > 1) readout.gain /= static_cast<float>(readings);
      block.output_stride = layer.shape.out_channels;
      block.outputs = image.output.data() + first * block.output_stride +
                      view.first_group * layer.mapping.group_rows + view.first_row;
      for (int reading = 0; reading < readings; ++reading) {
        part.shot = shot_of_reading(shot, reading);
        if (!calibrating_) draw_noise(part, readout, scratch, block);
        counts.saturated += read_out(packed, readout, block);
        if (readout.step > 0) counts.conversions += std::int64_t{block.positions} * packed.rows;
      }
    };
    counts.clipped += code_inputs({layer.shape, layer.layout}, image.input, code, scratch.coded);
    if (!calibrating_ && needs_power(core)) measure_pixels(layer, core.coding, scratch);
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
