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

/// Converts one block whose inputs have been gathered and whose outputs are set.
std::int64_t AnalogEngine::read_block(const TilePass& part, const Readout& readout,
                                      ReadoutBlock block, ReadoutScratch& scratch) const {
  const CoreDescription& core = chip_.card();
  if (calibrating_) return read_out(part.packed(), readout, block);
  if (!core.operands.present()) {
    draw_noise(part, readout, scratch, block);
    return read_out(part.packed(), readout, block);
  }
  const StreamAddress address{.seed = chip_.seed,
                              .chip = chip_.number,
                              .layer = part.layer.number,
                              .tile = static_cast<std::uint32_t>(part.tile)};
  return read_out_dynamic({core, part.packed(), block}, readout, {address, part.shot},
                          scratch.dynamic);
}

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
    const auto run_block = [&](std::int64_t tile, ReadoutBlock block, std::uint64_t shot) {
      const TilePass part{.chip = chip_, .layer = layer, .code = code, .tile = tile, .shot = shot};
      const PackedTile& packed = part.packed();
      const TileView view = tile_view(layer.mapping, tile);
      const std::int64_t first = block.bases - layer.layout.bases.data();
      gather(part, scratch, block);
      readout.gain =
          code.sign * layer.scales[static_cast<std::size_t>(tile)] * layer.ranges.input_full_scale;
      block.output_stride = layer.shape.out_channels;
      block.outputs = image.output.data() + first * block.output_stride +
                      view.first_group * layer.mapping.group_rows + view.first_row;
      counts.saturated += read_block(part, readout, block, scratch);
      if (readout.step > 0) counts.conversions += std::int64_t{block.positions} * packed.rows;
    };
    counts.clipped += code_inputs({layer.shape, layer.layout}, image.input, code, scratch.coded);
    if (!calibrating_ && needs_power(core) && !core.operands.present())
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
  need_ranges(layer);
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
  count(counts, inputs.size());
}

bool AnalogEngine::multiply_maps(const nn::MapProduct& maps) {
  const CoreDescription& core = chip_.card();
  if (!calibrating_)
    (core.operands.present() ? counts_.core_products : counts_.digital_products) += maps.images;
  if (!core.operands.present()) return false;
  LayerOnCore& product = products_[maps.number];
  if (product.mapping.tiles == 0)
    product = product_on_core(maps.shape, static_cast<std::uint32_t>(maps.number), core);
  if (calibrating_) calibrate_product(product, chip_, maps);
  need_ranges(product);
  struct Own {
    LayerOnCore product;
    ReadoutScratch scratch{};
  };
  const auto make_own = [&] {
    Own own{.product = product};
    own.scratch.coded.assign(product.layout.values(product.shape), 0.0F);
    return own;
  };
  const auto images = static_cast<std::size_t>(maps.images);
  const std::size_t in = maps.inputs.size() / images, weights = maps.weights.size() / images,
                    out = maps.outputs.size() / images;
  std::vector<ImageCounts> counts(images);
  parallel_for_with(maps.images, make_own, [&](std::ptrdiff_t i, Own& own) {
    const auto k = static_cast<std::size_t>(i);
    const std::int64_t clipped =
        place_activations(own.product, chip_, maps.weights.subspan(k * weights, weights));
    counts[k] = run_image(own.product,
                          {.input = maps.inputs.subspan(k * in, in),
                           .number = maps.first_image + k,
                           .output = maps.outputs.subspan(k * out, out)},
                          own.scratch);
    counts[k].clipped += clipped;
  });
  count(counts, maps.inputs.size() + maps.weights.size());
  return true;
}

void AnalogEngine::need_ranges(const LayerOnCore& layer) const {
  const CoreDescription& core = chip_.card();
  require(layer.ranges.calibrated || (core.coding == InputCoding::digital &&
                                      core.output_adc.bits == 0 && core.input_dac.bits == 0),
          "layer '{}' runs on an analog core whose converter ranges are not calibrated (run a "
          "calibration batch first)",
          layer.shape.name);
}

void AnalogEngine::count(std::span<const ImageCounts> images, std::size_t inputs) {
  if (calibrating_) return;
  counts_.inputs += static_cast<std::int64_t>(inputs);
  for (const ImageCounts& image : images) {
    counts_.clipped_inputs += image.clipped;
    counts_.conversions += image.conversions;
    counts_.saturated_conversions += image.saturated;
  }
}

}  // namespace lightloom::cosim
