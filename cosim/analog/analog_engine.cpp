#include "cosim/analog/analog_engine.hpp"

#include <algorithm>
#include <cassert>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "cosim/analog/block_reads.hpp"
#include "cosim/analog/input_reads.hpp"
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

int AnalogEngine::passes(int layer) const {
  return passes_of(*layers_[static_cast<std::size_t>(layer)], chip_.card());
}

namespace {

/// Number of the first of an image's vectors in a pass, among all that a tile sees.
std::uint64_t first_vector(const LayerOnCore& layer, std::uint64_t image, int pass, int passes) {
  return (image * static_cast<std::uint64_t>(passes) + static_cast<std::uint64_t>(pass)) *
         static_cast<std::uint64_t>(layer.mapping.input_vectors);
}

/// The digital unit's: outputs in units of their own scales in those of the network.
void scale_back(const LayerOnCore& layer, std::span<float> outputs) {
  if (layer.output_scales.empty()) return;
  const std::size_t channels = layer.output_scales.size();
  for (std::size_t first = 0; first < outputs.size(); first += channels)
    for (std::size_t o = 0; o < channels; ++o) outputs[first + o] *= layer.output_scales[o];
}

}  // namespace

/// While it calibrates, the engine computes with whole numbers, without noise and ADC.
AnalogEngine::ImageCounts AnalogEngine::run_image(const LayerOnCore& layer, const Image& image,
                                                  ReadoutScratch& scratch) const {
  ImageCounts counts;
  const CoreDescription& core = chip_.card();
  std::fill(image.output.begin(), image.output.end(), 0.0F);
  const int passes = passes_of(layer, core);
  for (int pass = 0; pass < passes; ++pass) {
    const InputCode code = code_of_pass(layer, core, pass);
    const InputReads reads = calibrating_ ? whole_numbers() : input_reads(core, code);
    const std::uint64_t first = first_vector(layer, image.number, pass, passes);
    counts.clipped +=
        send_inputs(layer, {code_of_map(layer, core, pass), reads, image.input}, scratch);
    if (!calibrating_ && !core.blocks.used() && !core.operands.present() && needs_power(core))
      for (const InputRead& read : reads.reads)
        measure_pixels(layer, core.coding, sent_map(read, scratch));
    std::uint64_t address =
        (image.number * 2 + static_cast<std::uint64_t>(pass)) * layer.devices.size();
    for (const PackedDevices& devices : layer.devices) {
      const auto run_block = [&](std::int64_t tile, ReadoutBlock block, std::uint64_t shot) {
        const std::int64_t position = block.bases - layer.layout.bases.data();
        const TilePass part{.chip = chip_,
                            .layer = layer,
                            .devices = devices,
                            .code = code,
                            .tile = tile,
                            .shot = shot,
                            .first_vector = first + static_cast<std::uint64_t>(position)};
        const TileView view = tile_view(layer.mapping, tile / layer.slices);
        block.output_stride = layer.shape.out_channels;
        block.outputs = image.output.data() + position * block.output_stride +
                        view.first_group * layer.mapping.group_rows + view.first_row;
        const BlockCounts read = read_block(part, {reads, calibrating_}, block, scratch);
        counts.saturated += read.saturated;
        counts.conversions += read.conversions;
      };
      for_each_block(layer, scratch.whole.coded, address++ * reads.reads.size(), run_block);
    }
  }
  scale_back(layer, image.output);
  return counts;
}

void AnalogEngine::multiply(int number, const nn::InputMaps& inputs, std::span<float> outputs) {
  LayerOnCore& layer = layer_at(number);
  const auto images = static_cast<std::size_t>(inputs.images);
  const std::size_t in = inputs.values.size() / images, out = outputs.size() / images;
  assert(static_cast<std::int64_t>(out) == layer.shape.positions() * layer.shape.out_channels);
  if (calibrating_) calibrate_ranges(layer, chip_, inputs);
  need_ranges(layer);
  const auto make_scratch = [&] {
    ReadoutScratch scratch;
    scratch.whole.coded.assign(layer.layout.values(layer.shape), 0.0F);
    return scratch;
  };
  std::vector<ImageCounts> counts(images);
  parallel_for_with(inputs.images, make_scratch, [&](std::ptrdiff_t i, ReadoutScratch& scratch) {
    const auto k = static_cast<std::size_t>(i);
    counts[k] = run_image(layer,
                          {.input = inputs.values.subspan(k * in, in),
                           .number = inputs.first_image + k,
                           .output = outputs.subspan(k * out, out)},
                          scratch);
  });
  count(counts, inputs.values.size());
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
    own.scratch.whole.coded.assign(product.layout.values(product.shape), 0.0F);
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
  const bool needs_ranges = core.coding != InputCoding::digital || core.output_adc.bits > 0 ||
                            core.input_dac.bits > 0 ||
                            photonic::input_phases(core, photonic::InputSigns::both) == 2;
  require(layer.ranges.calibrated || !needs_ranges,
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
