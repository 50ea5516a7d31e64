#include "cosim/analog/analog_engine.hpp"

#include <omp.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "cosim/analog/converter_range.hpp"
#include "cosim/analog/input_layout.hpp"
#include "cosim/analog/output_noise.hpp"

namespace lightloom::cosim {

using photonic::CoreDescription;
using photonic::InputCoding;

struct AnalogEngine::Layer {
  nn::LayerShape shape;
  LayerMapping mapping;
  InputLayout layout;
  std::vector<PackedTile> tiles;
  // Where a tile's inputs lie in the map, when they have to be copied next to each other: each
  // through a DAC with errors of its own, or to cells that are noisy. Empty: read where they lie.
  std::vector<std::vector<InputRun>> gathered;
  std::vector<CellTiles> cells;                 // of noisy cells
  std::vector<std::vector<float>> weight_sums;  // (rows) of every tile, where a code 0 is not dark
  std::vector<float> scales;                    // per tile: network weight of a full-scale weight
  float input_full_scale = 1;
  float output_full_scale = 0;
  bool signed_inputs = false;
  bool calibrated = false;
  std::uint32_t number = 0;
};

struct AnalogEngine::Scratch {
  std::vector<float> coded, pixels, power, sigma, noise, laser, outputs, samples, sent, lit,
      cell_variance;
  std::vector<int> bases;
  std::int64_t clipped = 0, saturated = 0, conversions = 0;
};

namespace {

using Layer = AnalogEngine::Layer;
using Scratch = AnalogEngine::Scratch;

/// Positions that share one noise address and stay in cache; part of every result's address.
constexpr int block_positions = 256;
/// Partial sums looked at when a converter range is chosen.
constexpr std::int64_t most_samples = 1'000'000;

/// Packs a realised tile (rows, columns) for the read-out kernel, in units of the core's full-scale
/// weight.
PackedTile pack(std::span<const float> realised, int columns, const TileView& view, float scale) {
  PackedTile tile;
  tile.rows = view.groups * view.rows;
  tile.padded_rows = (tile.rows + readout_lanes - 1) / readout_lanes * readout_lanes;
  const int inputs = view.groups * view.columns;
  tile.weights.assign(static_cast<std::size_t>(inputs) * static_cast<std::size_t>(tile.padded_rows),
                      0.0F);
  const float unit = scale > 0 ? 1.0F / scale : 0.0F;
  for (int r = 0; r < tile.rows; ++r)
    for (int c = 0; c < inputs; ++c)
      tile.weights[static_cast<std::size_t>(c) * tile.padded_rows + r] =
          realised[static_cast<std::size_t>(r) * columns + c] * unit;
  return tile;
}

int passes_of(const Layer& layer, const CoreDescription& core) {
  return core.coding == InputCoding::intensity && layer.signed_inputs ? 2 : 1;
}

InputCode code_of_pass(const Layer& layer, const CoreDescription& core, int pass) {
  InputCode code = input_code(core.coding, core.input_dac.bits, layer.input_full_scale, pass);
  code.other_sign_follows = passes_of(layer, core) == 2;
  return code;
}

Readout readout_of(const Layer& layer, const CoreDescription& core) {
  Readout readout;
  if (core.output_adc.bits > 0) {
    const float half = std::exp2(static_cast<float>(core.output_adc.bits - 1));
    readout.step = layer.output_full_scale / half;
    readout.lowest_code = -half;
    readout.highest_code = half - 1;
  }
  readout.sigma =
      static_cast<float>(std::hypot(core.noise.additive, core.output_adc.noise_lsb * readout.step));
  readout.relative_sigma = static_cast<float>(core.noise.relative);
  return readout;
}

/// Optical power of every pixel of a coded map.
void measure_pixels(const Layer& layer, InputCoding coding, std::span<const float> coded,
                    std::vector<float>& pixels) {
  const int channels = layer.shape.in_channels;
  pixels.resize(coded.size() / static_cast<std::size_t>(channels));
  pixel_powers(coded.data(), static_cast<int>(pixels.size()), channels,
               coding == InputCoding::field, pixels.data());
}

/// Optical power of the input vectors of a block, from that of whole pixels where the tile takes no
/// parts of pixels.
void measure_power(const PackedTile& tile, const Layer& layer, InputCoding coding,
                   const ReadoutBlock& block, const std::vector<float>& pixels, float* power) {
  if (tile.pixels.empty()) {
    for (int p = 0; p < block.positions; ++p) {
      const float* position = block.map + block.bases[p];
      power[p] = coding == InputCoding::field ? field_power(tile, position)
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

/// Sums of the weights of every row of a tile.
std::vector<float> row_sums(const PackedTile& tile) {
  std::vector<float> sums(static_cast<std::size_t>(tile.padded_rows), 0.0F);
  for (std::size_t k = 0; k < tile.weights.size(); ++k) sums[k % sums.size()] += tile.weights[k];
  return sums;
}

/// What makes up the noise of the outputs of a block whose inputs' power is in `scratch`.
OutputNoise output_noise(const CoreDescription& core, const Readout& readout,
                         const Scratch& scratch) {
  return {.additive = readout.sigma * readout.sigma,
          .shot = static_cast<float>(core.noise.shot * core.noise.shot),
          .leak = static_cast<float>(core.noise.relative * core.noise.leak),
          .power = scratch.power.data(),
          .variance = core.noisy_cells ? scratch.cell_variance.data() : nullptr,
          .by_row = core.noisy_cells,
          .dark = static_cast<float>(core.noise.relative * core.noise.dark)};
}

/// Standard deviation of the noise of each position of a block: additive and shot noise.
void measure_sigma(const OutputNoise& noise, Scratch& scratch) {
  scratch.sigma.resize(scratch.power.size());
  for (std::size_t p = 0; p < scratch.power.size(); ++p)
    scratch.sigma[p] = std::sqrt(noise.additive + noise.shot * scratch.power[p]);
}

/// Copies a block's inputs together where they have to be.
void gather(const Layer& layer, std::int64_t tile, std::span<const photonic::ConverterCurve> dacs,
            const InputCode& code, Scratch& scratch, ReadoutBlock& block) {
  if (!layer.gathered.empty())
    gather_inputs(layer.gathered[static_cast<std::size_t>(tile)], dacs, code, block, scratch.sent,
                  scratch.bases);
}

/// Calls `use(tile number, block, shot)` for every tile and block of positions of one pass over a
/// coded map.
template <class Use>
void for_each_block(const Layer& layer, std::span<const float> coded, std::uint64_t pass_address,
                    const Use& use) {
  const auto positions = static_cast<int>(layer.mapping.input_vectors);
  for (std::int64_t tile = 0; tile < layer.mapping.tiles; ++tile)
    for (int first = 0; first < positions; first += block_positions) {
      const ReadoutBlock block{.map = coded.data(),
                               .bases = layer.layout.bases.data() + first,
                               .positions = std::min(block_positions, positions - first)};
      use(tile, block, pass_address << 20 | static_cast<std::uint64_t>(first / block_positions));
    }
}

}  // namespace

AnalogEngine::AnalogEngine(const photonic::TensorCore& core, std::uint64_t seed, std::uint32_t chip)
    : core_(core),
      seed_(seed),
      chip_(chip),
      adcs_(adc_curves(core.description(), seed, chip)),
      dacs_(dac_curves(core.description(), seed, chip)) {}
AnalogEngine::~AnalogEngine() = default;

void AnalogEngine::begin_calibration() { calibrating_ = true; }
void AnalogEngine::end_calibration() { calibrating_ = false; }

AnalogEngine::Layer& AnalogEngine::layer_at(int layer) {
  assert(layer >= 0 && layer < static_cast<int>(layers_.size()) &&
         layers_[static_cast<std::size_t>(layer)]);
  return *layers_[static_cast<std::size_t>(layer)];
}

void AnalogEngine::load(int number, const nn::LayerShape& shape, std::span<const float> weights,
                        std::uint32_t write) {
  const CoreDescription& core = core_.description();
  const auto index = static_cast<std::size_t>(number);
  if (layers_.size() <= index) layers_.resize(index + 1);
  if (!layers_[index]) layers_[index] = std::make_unique<Layer>();
  Layer& layer = *layers_[index];  // a rewritten layer keeps its calibrated ranges
  layer.shape = shape;
  layer.number = static_cast<std::uint32_t>(number);
  layer.mapping = map_layer(shape, {core.rows, core.columns});
  layer.layout = input_layout(shape);
  const std::vector<float> targets = gather_tiles(shape, layer.mapping, weights);
  std::vector<float> realised(targets.size());
  layer.scales.resize(static_cast<std::size_t>(layer.mapping.tiles));
  counts_.realisation.add(core_.realise(
      targets, {.seed = seed_, .chip = chip_, .layer = layer.number, .tile = 0, .write = write},
      realised, layer.scales));
  pack_tiles(layer, targets, realised, write);
}

void AnalogEngine::pack_tiles(Layer& layer, std::span<const float> targets,
                              std::span<const float> realised, std::uint32_t write) const {
  const CoreDescription& core = core_.description();
  const std::size_t size =
      static_cast<std::size_t>(core.rows) * static_cast<std::size_t>(core.columns);
  std::vector<float> variance(core.noisy_cells ? targets.size() : 0), light(variance.size());
  if (core.noisy_cells)
    core_.cell_noise(targets, {.seed = seed_, .chip = chip_, .layer = layer.number, .write = write},
                     {variance, light});
  layer.tiles.clear();
  layer.gathered.clear();
  layer.cells.clear();
  layer.weight_sums.clear();
  for (std::int64_t t = 0; t < layer.mapping.tiles; ++t) {
    const auto k = static_cast<std::size_t>(t);
    const TileView view = tile_view(layer.mapping, t);
    const float scale = layer.scales[k];
    const auto packed = [&](std::span<const float> from, float unit) {
      return pack(from.subspan(k * size, size), core.columns, view, unit);
    };
    PackedTile tile = packed(realised, scale);
    tile.runs = input_runs(layer.shape, layer.layout, layer.mapping, t);
    tile.pixels = whole_pixels(tile.runs, layer.shape.in_channels);
    if (core.noisy_cells || !dacs_.empty()) {
      layer.gathered.push_back(std::move(tile.runs));
      tile.runs = {{0, view.groups * view.columns}};
      tile.pixels.clear();
    }
    if (core.noisy_cells) {
      layer.cells.push_back({packed(variance, scale * scale), packed(light, 1)});
      layer.cells.back().variance.runs = layer.cells.back().light.runs = tile.runs;
    }
    if (core.noise.dark > 0) layer.weight_sums.push_back(row_sums(tile));
    layer.tiles.push_back(std::move(tile));
  }
}

void AnalogEngine::calibrate_inputs(Layer& layer, std::span<const float> inputs) const {
  const auto [low, high] = std::minmax_element(inputs.begin(), inputs.end());
  const float largest = inputs.empty() ? 0.0F : std::max(std::fabs(*low), std::fabs(*high));
  layer.signed_inputs = !inputs.empty() && *low < 0;
  const CoreDescription& core = core_.description();
  const bool scaled = core.coding != InputCoding::digital || core.input_dac.bits > 0;
  layer.input_full_scale = scaled && largest > 0 ? largest : 1.0F;
}

void AnalogEngine::calibrate_outputs(Layer& layer, std::span<const float> inputs,
                                     int images) const {
  const CoreDescription& core = core_.description();
  layer.calibrated = true;
  layer.output_full_scale = static_cast<float>(core.output_adc.full_scale);
  if (core.output_adc.bits == 0 || core.output_adc.full_scale > 0) return;
  Scratch scratch;
  scratch.coded.assign(layer.layout.values(layer.shape), 0.0F);
  const std::int64_t sums = std::int64_t{images} * layer.shape.positions() *
                            layer.shape.out_channels * layer.mapping.column_tiles;
  const std::int64_t stride =
      std::max<std::int64_t>(1, sums / most_samples) | 1;  // odd: meets every output
  std::int64_t seen = 0;
  InputCode code;
  const auto sample = [&](std::int64_t tile, ReadoutBlock block, std::uint64_t) {
    const PackedTile& packed = layer.tiles[static_cast<std::size_t>(tile)];
    gather(layer, tile, dacs_, code, scratch, block);
    scratch.outputs.assign(
        static_cast<std::size_t>(block.positions) * static_cast<std::size_t>(packed.rows), 0.0F);
    block.outputs = scratch.outputs.data();
    block.output_stride = packed.rows;
    read_out(packed, {}, block);
    for (const float y : scratch.outputs)
      if (seen++ % stride == 0) scratch.samples.push_back(std::fabs(y));
  };
  const std::size_t size = inputs.size() / static_cast<std::size_t>(images);
  for (int i = 0; i < images; ++i)
    for (int pass = 0; pass < passes_of(layer, core); ++pass) {
      code = code_of_pass(layer, core, pass);
      code_inputs(layer.shape, layer.layout,
                  inputs.subspan(static_cast<std::size_t>(i) * size, size), code, scratch.coded);
      for_each_block(layer, scratch.coded, 0, sample);
    }
  layer.output_full_scale =
      static_cast<float>(best_full_scale(scratch.samples, core.output_adc.bits));
}

bool AnalogEngine::needs_power() const {
  const photonic::ReadoutNoise& noise = core_.description().noise;
  return !calibrating_ &&
         (noise.shot > 0 || (noise.relative > 0 && (noise.leak > 0 || noise.dark > 0)));
}

void AnalogEngine::draw_noise(const Layer& layer, const Readout& readout, std::int64_t tile,
                              std::uint64_t shot, Scratch& scratch, ReadoutBlock& block) const {
  StreamAddress address{.seed = seed_,
                        .purpose = Purpose::readout,
                        .chip = chip_,
                        .layer = layer.number,
                        .tile = static_cast<std::uint32_t>(tile)};
  const CoreDescription& core = core_.description();
  const PackedTile& packed = layer.tiles[static_cast<std::size_t>(tile)];
  if (readout.relative_sigma > 0) {
    address.purpose = Purpose::laser;
    scratch.laser.resize(static_cast<std::size_t>(block.positions));
    fill_normal(Stream(address), shot, scratch.laser);
    block.laser = scratch.laser.data();
    address.purpose = Purpose::readout;
  }
  const bool cells = !calibrating_ && core.noisy_cells;
  if (!cells && !needs_power() && !(readout.sigma > 0)) return;
  const auto values =
      static_cast<std::size_t>(block.positions) * static_cast<std::size_t>(packed.rows);
  scratch.noise.resize(values + 4 * readout_lanes);
  const auto normals = std::span(scratch.noise).first(values);
  fill_normal(Stream(address), shot, normals);
  block.noise = scratch.noise.data();
  if (!cells && !needs_power()) return;
  if (cells) {
    measure_cells(layer.cells[static_cast<std::size_t>(tile)], block,
                  static_cast<float>(core.noise.dark), scratch.lit, scratch.power,
                  scratch.cell_variance);
  } else {
    scratch.power.resize(static_cast<std::size_t>(block.positions));
    measure_power(packed, layer, core.coding, block, scratch.pixels, scratch.power.data());
    const auto inputs = packed.weights.size() / static_cast<std::size_t>(packed.padded_rows);
    const auto dark = static_cast<float>(core.noise.dark * static_cast<double>(inputs));
    for (float& power : scratch.power) power += dark;
  }
  OutputNoise noise = output_noise(core, readout, scratch);
  if (noise.dark > 0) noise.weight_sums = layer.weight_sums[static_cast<std::size_t>(tile)].data();
  if (cells || noise.leak > 0 || noise.dark > 0) {
    scale_noise(noise, block, packed.rows, normals);
    scratch.sigma.assign(static_cast<std::size_t>(block.positions), 1.0F);
  } else {
    measure_sigma(noise, scratch);
  }
  block.sigma = scratch.sigma.data();
}

void AnalogEngine::run_image(const Layer& layer, std::span<const float> input, std::uint64_t image,
                             Scratch& scratch, std::span<float> output) const {
  const CoreDescription& core = core_.description();
  Readout readout = calibrating_ ? Readout{} : readout_of(layer, core);
  if (readout.step > 0 && !adcs_.gain.empty()) readout.curves = &adcs_;
  std::fill(output.begin(), output.end(), 0.0F);
  for (int pass = 0; pass < passes_of(layer, core); ++pass) {
    const InputCode code = code_of_pass(layer, core, pass);
    const auto run_block = [&](std::int64_t tile, ReadoutBlock block, std::uint64_t shot) {
      const PackedTile& packed = layer.tiles[static_cast<std::size_t>(tile)];
      const TileView view = tile_view(layer.mapping, tile);
      const std::int64_t first = block.bases - layer.layout.bases.data();
      gather(layer, tile, dacs_, code, scratch, block);
      draw_noise(layer, readout, tile, shot, scratch, block);
      readout.gain =
          code.sign * layer.scales[static_cast<std::size_t>(tile)] * layer.input_full_scale;
      block.output_stride = layer.shape.out_channels;
      block.outputs = output.data() + first * block.output_stride +
                      view.first_group * layer.mapping.group_rows + view.first_row;
      scratch.saturated += read_out(packed, readout, block);
      if (readout.step > 0) scratch.conversions += std::int64_t{block.positions} * packed.rows;
    };
    scratch.clipped += code_inputs(layer.shape, layer.layout, input, code, scratch.coded);
    if (needs_power()) measure_pixels(layer, core.coding, scratch.coded, scratch.pixels);
    for_each_block(layer, scratch.coded, image * 2 + static_cast<std::uint64_t>(pass), run_block);
  }
}

void AnalogEngine::multiply(int number, std::span<const float> inputs, int images,
                            std::uint64_t first_image, std::span<float> outputs) {
  Layer& layer = layer_at(number);
  const std::size_t in = inputs.size() / static_cast<std::size_t>(images);
  const std::size_t out = outputs.size() / static_cast<std::size_t>(images);
  assert(static_cast<std::int64_t>(out) == layer.shape.positions() * layer.shape.out_channels);
  if (calibrating_) {
    calibrate_inputs(layer, inputs);
    calibrate_outputs(layer, inputs, images);
  }
  const CoreDescription& core = core_.description();
  require(layer.calibrated || (core.coding == InputCoding::digital && core.output_adc.bits == 0 &&
                               core.input_dac.bits == 0),
          "layer '{}' runs on an analog core whose converter ranges are not calibrated (run a "
          "calibration batch first)",
          layer.shape.name);
  std::vector<Scratch> scratches(static_cast<std::size_t>(omp_get_max_threads()));
  for (Scratch& scratch : scratches) scratch.coded.assign(layer.layout.values(layer.shape), 0.0F);
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
