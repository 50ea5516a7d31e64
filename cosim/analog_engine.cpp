#include "cosim/analog_engine.hpp"

#include <omp.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/error.hpp"
#include "core/random.hpp"
#include "cosim/converter_range.hpp"
#include "cosim/patches.hpp"

namespace lightloom::cosim {
namespace {

/// Positions that share one noise address and stay in cache; part of every result's address.
constexpr int block_positions = 256;
/// Partial sums looked at when a converter range is chosen.
constexpr std::int64_t most_samples = 1'000'000;

int padded(int rows) { return (rows + readout_lanes - 1) / readout_lanes * readout_lanes; }

/// Packs a realised tile (rows, columns) for the read-out kernel, in units of the core's full-scale
/// weight.
PackedTile pack(std::span<const float> realised, int columns, int used_rows, int used_columns,
                float scale) {
  PackedTile tile;
  tile.inputs = used_columns;
  tile.rows = used_rows;
  tile.padded_rows = padded(used_rows);
  tile.weights.assign(static_cast<std::size_t>(used_columns) * tile.padded_rows, 0.0F);
  const float unit = scale > 0 ? 1.0F / scale : 0.0F;
  for (int r = 0; r < used_rows; ++r)
    for (int c = 0; c < used_columns; ++c)
      tile.weights[static_cast<std::size_t>(c) * tile.padded_rows + r] =
          realised[static_cast<std::size_t>(r) * columns + c] * unit;
  return tile;
}

/// How the DAC turns a network value into light.
struct InputCode {
  float sign = 1;        // -1: the pass of the negative parts
  float lowest = 0;      // of the coded input: 0 or -1
  float full_scale = 1;  // network value of a coded input of 1
  float levels = 0;      // steps from 0 to 1; 0: no quantisation
  bool bounded = true;   // false: digital coding, nothing is clipped
};

/// Codes `map`; returns how many elements were out of range.
std::int64_t code_inputs(std::span<const float> map, const InputCode& code, float* coded) {
  const float unit = code.sign / code.full_scale;
  const auto size = static_cast<std::int64_t>(map.size());
  if (!code.bounded) {
    for (std::int64_t i = 0; i < size; ++i) coded[i] = map[static_cast<std::size_t>(i)] * unit;
    return 0;
  }
  std::int64_t outside = 0;
  const float slack = 1.0F + 1e-6F;  // the calibrated maximum itself must not count as clipped
  for (std::int64_t i = 0; i < size; ++i) {
    const float x = map[static_cast<std::size_t>(i)] * unit;
    outside += static_cast<std::int64_t>(x > slack);
    const float inside = std::min(std::max(x, code.lowest), 1.0F);
    coded[i] = code.levels > 0 ? std::nearbyint(inside * code.levels) / code.levels : inside;
  }
  return outside;
}

}  // namespace

struct AnalogEngine::Layer {
  nn::LayerShape shape;
  LayerMapping mapping;
  std::vector<PackedTile> tiles;
  std::vector<float> scales;  // per tile: network weight of a full-scale weight
  float input_full_scale = 1;
  float output_full_scale = 0;
  bool signed_inputs = false;
  bool calibrated = false;
  std::uint32_t number = 0;
};

struct AnalogEngine::Scratch {
  std::vector<float> coded, patches, power, noise, outputs, samples;
  std::int64_t clipped = 0, saturated = 0, conversions = 0;
};

namespace {

/// The coded input of a pass: 0 for the only or positive pass, 1 for the negative one.
InputCode input_code(photonic::InputCoding coding, int bits, float full_scale, int pass) {
  InputCode code{.sign = pass == 0 ? 1.0F : -1.0F, .full_scale = full_scale};
  code.bounded = coding != photonic::InputCoding::digital || bits > 0;
  code.lowest = coding == photonic::InputCoding::intensity ? 0.0F : -1.0F;
  const bool two_sided = code.lowest < 0;
  if (bits > 0) code.levels = std::exp2(static_cast<float>(two_sided ? bits - 1 : bits)) - 1.0F;
  return code;
}

/// Sum of |x| or x^2 in sixteen partial sums, whose fixed order lets it run in vectors.
float optical_power(const float* inputs, int count, photonic::InputCoding coding) {
  float partial[readout_lanes] = {};
  int k = 0;
  if (coding == photonic::InputCoding::field) {
    for (; k + readout_lanes <= count; k += readout_lanes)
      for (int i = 0; i < readout_lanes; ++i) partial[i] += inputs[k + i] * inputs[k + i];
    for (; k < count; ++k) partial[0] += inputs[k] * inputs[k];
  } else {
    for (; k + readout_lanes <= count; k += readout_lanes)
      for (int i = 0; i < readout_lanes; ++i) partial[i] += std::fabs(inputs[k + i]);
    for (; k < count; ++k) partial[0] += std::fabs(inputs[k]);
  }
  float sum = 0;
  for (const float part : partial) sum += part;
  return sum;
}

}  // namespace

AnalogEngine::AnalogEngine(const photonic::TensorCore& core, std::uint64_t seed, std::uint32_t chip)
    : core_(core), seed_(seed), chip_(chip) {}
AnalogEngine::~AnalogEngine() = default;

void AnalogEngine::begin_calibration() { calibrating_ = true; }
void AnalogEngine::end_calibration() { calibrating_ = false; }

AnalogEngine::Layer& AnalogEngine::layer_at(int layer) {
  assert(layer >= 0 && layer < static_cast<int>(layers_.size()) &&
         layers_[static_cast<std::size_t>(layer)]);
  return *layers_[static_cast<std::size_t>(layer)];
}

void AnalogEngine::load(int layer, const nn::LayerShape& shape, std::span<const float> weights,
                        std::uint32_t write) {
  const photonic::CoreDescription& core = core_.description();
  auto loaded = std::make_unique<Layer>();
  loaded->shape = shape;
  loaded->number = static_cast<std::uint32_t>(layer);
  loaded->mapping = map_layer(shape, {core.rows, core.columns});
  const LayerMapping& mapping = loaded->mapping;
  const std::vector<float> targets = gather_tiles(shape, mapping, weights);
  std::vector<float> realised(targets.size());
  loaded->scales.resize(static_cast<std::size_t>(mapping.tiles));
  counts_.realisation.add(core_.realise(
      targets, {.seed = seed_, .chip = chip_, .layer = loaded->number, .tile = 0, .write = write},
      realised, loaded->scales));
  const std::size_t size = static_cast<std::size_t>(core.rows) * core.columns;
  for (std::int64_t t = 0; t < mapping.tiles; ++t) {
    const TileView view = tile_view(mapping, t);
    loaded->tiles.push_back(
        pack(std::span(realised).subspan(static_cast<std::size_t>(t) * size, size), core.columns,
             view.groups * view.rows, view.groups * view.columns,
             loaded->scales[static_cast<std::size_t>(t)]));
  }
  if (static_cast<int>(layers_.size()) <= layer)
    layers_.resize(static_cast<std::size_t>(layer) + 1);
  if (const auto& before =
          layers_[static_cast<std::size_t>(layer)]) {  // a rewritten layer keeps its ranges
    loaded->input_full_scale = before->input_full_scale;
    loaded->output_full_scale = before->output_full_scale;
    loaded->signed_inputs = before->signed_inputs;
    loaded->calibrated = before->calibrated;
  }
  layers_[static_cast<std::size_t>(layer)] = std::move(loaded);
}

/// Calls `use(tile number, block, shot)` for every tile and block of positions of one image and one
/// pass. The blocks carry coded inputs and, where shot noise needs it, their optical power.
template <class Use>
void for_each_block(const AnalogEngine::Layer& layer, const photonic::CoreDescription& core,
                    std::span<const float> coded, std::uint64_t pass_address,
                    AnalogEngine::Scratch& scratch, const Use& use) {
  const LayerMapping& mapping = layer.mapping;
  const auto positions = static_cast<int>(mapping.input_vectors);
  for (int group_tile = 0; group_tile < mapping.group_tiles; ++group_tile) {
    const std::int64_t first_tile =
        std::int64_t{group_tile} * mapping.row_tiles * mapping.column_tiles;
    const TileView corner = tile_view(mapping, first_tile);
    const int width = corner.groups * mapping.group_columns;
    for (int first = 0; first < positions; first += block_positions) {
      const int count = std::min(block_positions, positions - first);
      scratch.patches.resize(static_cast<std::size_t>(count) * width);
      scratch.power.resize(static_cast<std::size_t>(count));
      gather_patches(layer.shape, {corner.first_group, corner.groups, first, count}, coded,
                     scratch.patches);
      const std::uint64_t shot =
          pass_address << 20 | static_cast<std::uint64_t>(first / block_positions);
      for (int c = 0; c < mapping.column_tiles; ++c) {
        const int offset = c * mapping.tile.columns;
        const int inputs = layer.tiles[static_cast<std::size_t>(first_tile + c)].inputs;
        for (int p = 0; core.noise.shot > 0 && p < count; ++p)
          scratch.power[static_cast<std::size_t>(p)] = optical_power(
              &scratch.patches[static_cast<std::size_t>(p) * width + offset], inputs, core.coding);
        for (int r = 0; r < mapping.row_tiles; ++r) {
          const std::int64_t tile = first_tile + std::int64_t{r} * mapping.column_tiles + c;
          const ReadoutBlock block{.inputs = scratch.patches.data() + offset,
                                   .stride = width,
                                   .positions = count,
                                   .power = scratch.power.data()};
          use(tile, block, first, shot);
        }
      }
    }
  }
}

void AnalogEngine::calibrate_inputs(Layer& layer, std::span<const float> inputs) const {
  const auto [low, high] = std::minmax_element(inputs.begin(), inputs.end());
  const float largest = inputs.empty() ? 0.0F : std::max(std::fabs(*low), std::fabs(*high));
  layer.signed_inputs = !inputs.empty() && *low < 0;
  const photonic::CoreDescription& core = core_.description();
  const bool scaled = core.coding != photonic::InputCoding::digital || core.input_dac.bits > 0;
  layer.input_full_scale = scaled && largest > 0 ? largest : 1.0F;
}

void AnalogEngine::calibrate_outputs(Layer& layer, std::span<const float> inputs,
                                     int images) const {
  const photonic::CoreDescription& core = core_.description();
  layer.calibrated = true;
  layer.output_full_scale = static_cast<float>(core.output_adc.full_scale);
  if (core.output_adc.bits == 0 || core.output_adc.full_scale > 0) return;
  Scratch scratch;
  const std::int64_t sums = std::int64_t{images} * layer.shape.positions() *
                            layer.shape.out_channels * layer.mapping.column_tiles;
  const std::int64_t stride =
      std::max<std::int64_t>(1, sums / most_samples) | 1;  // odd: meets every output
  std::int64_t seen = 0;
  const std::size_t size = inputs.size() / static_cast<std::size_t>(images);
  scratch.coded.resize(size);
  const int passes = core.coding == photonic::InputCoding::intensity && layer.signed_inputs ? 2 : 1;
  for (int i = 0; i < images; ++i)
    for (int pass = 0; pass < passes; ++pass) {
      code_inputs(inputs.subspan(static_cast<std::size_t>(i) * size, size),
                  input_code(core.coding, core.input_dac.bits, layer.input_full_scale, pass),
                  scratch.coded.data());
      for_each_block(layer, core, scratch.coded, 0, scratch,
                     [&](std::int64_t tile, ReadoutBlock block, int, std::uint64_t) {
                       const PackedTile& packed = layer.tiles[static_cast<std::size_t>(tile)];
                       scratch.outputs.assign(
                           static_cast<std::size_t>(block.positions) * packed.rows, 0.0F);
                       block.outputs = scratch.outputs.data();
                       block.output_stride = packed.rows;
                       read_out(packed, {}, block);
                       for (const float y : scratch.outputs)
                         if (seen++ % stride == 0) scratch.samples.push_back(std::fabs(y));
                     });
    }
  layer.output_full_scale =
      static_cast<float>(best_full_scale(scratch.samples, core.output_adc.bits));
}

void AnalogEngine::run_image(const Layer& layer, std::span<const float> input, std::uint64_t image,
                             Scratch& scratch, std::span<float> output) const {
  const photonic::CoreDescription& core = core_.description();
  const photonic::ReadoutNoise& noise = core.noise;
  const int passes = core.coding == photonic::InputCoding::intensity && layer.signed_inputs ? 2 : 1;
  const bool noisy = !calibrating_ && (noise.additive > 0 || noise.shot > 0 || noise.relative > 0 ||
                                       core.output_adc.noise_lsb > 0);
  Readout readout;
  if (!calibrating_ && core.output_adc.bits > 0) {
    const float half = std::exp2(static_cast<float>(core.output_adc.bits - 1));
    readout.step = layer.output_full_scale / half;
    readout.lowest_code = -half;
    readout.highest_code = half - 1;
  }
  const double converter_noise = core.output_adc.noise_lsb * readout.step;
  readout.additive_variance =
      static_cast<float>(noise.additive * noise.additive + converter_noise * converter_noise);
  readout.shot_variance = static_cast<float>(noise.shot * noise.shot);
  readout.relative_variance = static_cast<float>(noise.relative * noise.relative);
  std::fill(output.begin(), output.end(), 0.0F);
  scratch.coded.resize(input.size());
  for (int pass = 0; pass < passes; ++pass) {
    const InputCode code =
        input_code(core.coding, core.input_dac.bits, layer.input_full_scale, pass);
    const std::int64_t clipped = code_inputs(input, code, scratch.coded.data());
    if (!calibrating_) scratch.clipped += clipped;
    const std::uint64_t address = image * 2 + static_cast<std::uint64_t>(pass);
    for_each_block(layer, core, scratch.coded, address, scratch,
                   [&](std::int64_t tile, ReadoutBlock block, int first, std::uint64_t shot) {
                     const PackedTile& packed = layer.tiles[static_cast<std::size_t>(tile)];
                     const TileView view = tile_view(layer.mapping, tile);
                     const std::size_t values =
                         static_cast<std::size_t>(block.positions) * packed.rows;
                     if (noisy) {
                       scratch.noise.resize(values + 4 * readout_lanes);
                       fill_normal(Stream({.seed = seed_,
                                           .purpose = Purpose::readout,
                                           .chip = chip_,
                                           .layer = layer.number,
                                           .tile = static_cast<std::uint32_t>(tile)}),
                                   shot, std::span(scratch.noise).first(values));
                       block.noise = scratch.noise.data();
                     }
                     readout.gain = code.sign * layer.scales[static_cast<std::size_t>(tile)] *
                                    layer.input_full_scale;
                     const int channels = layer.shape.out_channels;
                     block.outputs = output.data() + std::int64_t{first} * channels +
                                     view.first_group * layer.mapping.group_rows + view.first_row;
                     block.output_stride = channels;
                     scratch.saturated += read_out(packed, readout, block);
                     if (readout.step > 0) scratch.conversions += static_cast<std::int64_t>(values);
                   });
  }
}

void AnalogEngine::multiply(int layer_number, std::span<const float> inputs, int images,
                            std::uint64_t first_image, std::span<float> outputs) {
  Layer& layer = layer_at(layer_number);
  const std::size_t in = inputs.size() / static_cast<std::size_t>(images);
  const std::size_t out = outputs.size() / static_cast<std::size_t>(images);
  assert(static_cast<std::int64_t>(out) == layer.shape.positions() * layer.shape.out_channels);
  if (calibrating_) {
    calibrate_inputs(layer, inputs);
    calibrate_outputs(layer, inputs, images);
  }
  const photonic::CoreDescription& core = core_.description();
  require(layer.calibrated || (core.coding == photonic::InputCoding::digital &&
                               core.output_adc.bits == 0 && core.input_dac.bits == 0),
          "layer '{}' runs on an analog core whose converter ranges are not calibrated (run a "
          "calibration batch first)",
          layer.shape.name);
  std::vector<Scratch> scratches(static_cast<std::size_t>(omp_get_max_threads()));
#pragma omp parallel for schedule(static)
  for (int i = 0; i < images; ++i) {
    const auto k = static_cast<std::size_t>(i);
    run_image(layer, inputs.subspan(k * in, in), first_image + k,
              scratches[static_cast<std::size_t>(omp_get_thread_num())],
              outputs.subspan(k * out, out));
  }
  if (calibrating_) return;
  counts_.inputs += static_cast<std::int64_t>(inputs.size());
  for (const Scratch& scratch : scratches) {
    counts_.clipped_inputs += scratch.clipped;
    counts_.conversions += scratch.conversions;
    counts_.saturated_conversions += scratch.saturated;
  }
}

}  // namespace lightloom::cosim
