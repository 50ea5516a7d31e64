#include "cosim/analog/range_calibration.hpp"

#include <algorithm>
#include <cmath>

#include "cosim/analog/input_reads.hpp"
#include "cosim/analog/output_errors.hpp"

namespace lightloom::cosim {
namespace {

/// Partial sums looked at when a converter range is chosen.
constexpr std::int64_t most_samples = 1'000'000;
/// Inputs looked at when their range is chosen.
constexpr std::size_t most_inputs = 100'000;

float largest_magnitude(std::span<const float> values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return values.empty() ? 0.0F : std::max(std::fabs(*low), std::fabs(*high));
}

std::vector<float> sample_magnitudes(std::span<const float> values) {
  const std::size_t stride = values.size() / most_inputs | 1;  // odd: meets every channel
  std::vector<float> magnitudes;
  for (std::size_t i = 0; i < values.size(); i += stride)
    magnitudes.push_back(std::fabs(values[i]));
  return magnitudes;
}

/// Network weight of a full-scale weight of a row of a part of a layer.
double unit_of_row(const LayerOnCore& layer, std::size_t part, std::size_t row) {
  const double scale = layer.scales[part];
  if (layer.row_scales.empty()) return scale;
  const std::size_t tile = part / static_cast<std::size_t>(layer.slices),
                    rows = static_cast<std::size_t>(layer.mapping.tile.rows);
  return scale * layer.row_scales[tile * rows + row];
}

/// Adds the weights of part `part` of a layer, in network units, to `weights`.
void add_part(const LayerOnCore& layer, const PackedDevices& devices, std::size_t part,
              std::vector<double>& weights) {
  const PackedTile& tile = devices.tiles[part];
  const auto padded = static_cast<std::size_t>(tile.padded_rows),
             rows = static_cast<std::size_t>(tile.rows);
  weights.resize(tile.weights.size());
  for (std::size_t row = 0; row < rows; ++row) {
    const double unit = devices.sign * unit_of_row(layer, part, row);
    for (std::size_t k = row; k < tile.weights.size(); k += padded)
      weights[k] += unit * tile.weights[k];
  }
}

/// Sum of the squares of these units over a part's rows.
double squared_units(const LayerOnCore& layer, std::size_t part) {
  double sum = 0;
  const int rows = layer.devices.front().tiles[part].rows;
  for (int row = 0; row < rows; ++row) {
    const double unit = unit_of_row(layer, part, static_cast<std::size_t>(row));
    sum += unit * unit;
  }
  return sum;
}

/// Sum of the squared weights of a layer as they stand on the chip, slices and signs put together.
double squared_weights(const LayerOnCore& layer) {
  const auto slices = static_cast<std::size_t>(layer.slices);
  double sum = 0;
  for (std::size_t first = 0; first < layer.scales.size(); first += slices) {
    std::vector<double> weights;
    for (const PackedDevices& devices : layer.devices)
      for (std::size_t part = first; part < first + slices; ++part)
        add_part(layer, devices, part, weights);
    for (const double w : weights) sum += w * w;
  }
  return sum;
}

/// Variance of a whole number in one pass, of a symbol's noise: all reads of it, and the mean of
/// the readings.
double noise_of_number(const LayerOnCore& layer, const photonic::CoreDescription& core) {
  double sum = 0;
  for (const InputRead& read : input_reads(core, code_of_pass(layer, core, 0)).reads)
    sum += double{read.weight} * read.weight * read.noise * read.noise;
  return sum * static_cast<double>(layer.devices.size()) / core.readings;
}

/// Variance that measured errors of products have, mean over rows.
double measured_variance(const photonic::OutputErrors& errors) {
  double sum = 0;
  for (const float sigma : errors.noise_sigma) sum += double{sigma} * sigma;
  return errors.any() ? sum / static_cast<double>(errors.noise_sigma.size()) : 0;
}

void calibrate_inputs(LayerOnCore& layer, const photonic::CoreDescription& core,
                      std::span<const float> inputs) {
  const auto low = std::min_element(inputs.begin(), inputs.end());
  const float largest = largest_magnitude(inputs);
  layer.ranges.signed_inputs = !inputs.empty() && *low < 0;
  const auto signs =
      layer.ranges.signed_inputs ? photonic::InputSigns::both : photonic::InputSigns::positive;
  photonic::require_readable(core, signs, layer.shape.name);
  const bool scaled = core.coding != photonic::InputCoding::digital || core.input_dac.bits > 0 ||
                      photonic::input_phases(core, signs) == 2;
  layer.ranges.input_full_scale = scaled && largest > 0 ? largest : 1.0F;
}

/// The reads whose results an ADC meets: without noise, what is integrated is the whole number.
InputReads sampled_reads(const photonic::CoreDescription& core, const InputCode& code) {
  return core.reads.integrates() ? whole_numbers() : input_reads(core, code);
}

/// Magnitudes of the partial sums that an ADC meets by slice, spread evenly over all of them: of
/// whole numbers, or of their bits where each is converted; about `most`.
std::vector<std::vector<float>> sample_outputs(const LayerOnCore& layer, const ChipCore& chip,
                                               const nn::InputMaps& inputs,
                                               std::int64_t most = most_samples) {
  const photonic::CoreDescription& core = chip.card();
  ReadoutScratch scratch;
  scratch.whole.coded.assign(layer.layout.values(layer.shape), 0.0F);
  const auto kinds = static_cast<std::int64_t>(
      layer.devices.size() * sampled_reads(core, code_of_pass(layer, core, 0)).reads.size());
  const std::int64_t sums = std::int64_t{inputs.images} * layer.shape.positions() *
                            layer.shape.out_channels * layer.mapping.column_tiles * layer.slices *
                            kinds;
  const std::int64_t stride =
      std::max<std::int64_t>(1, sums / most) | 1;  // odd: meets every output
  std::int64_t seen = 0;
  std::vector<std::vector<float>> samples(static_cast<std::size_t>(layer.slices));
  InputCode code;
  const PackedDevices* devices = nullptr;
  const auto sample = [&](std::int64_t tile, ReadoutBlock block, std::uint64_t) {
    const TilePass pass{
        .chip = chip, .layer = layer, .devices = *devices, .code = code, .tile = tile};
    const PackedTile& packed = pass.packed();
    gather(pass, scratch, block);
    scratch.outputs.assign(
        static_cast<std::size_t>(block.positions) * static_cast<std::size_t>(packed.rows), 0.0F);
    block.outputs = scratch.outputs.data();
    block.output_stride = packed.rows;
    read_out(packed, {}, block);
    std::vector<float>& slice = samples[static_cast<std::size_t>(tile % layer.slices)];
    const float* halves = halves_of(pass);
    const auto rows = static_cast<std::size_t>(packed.rows);
    for (std::size_t k = 0; k < scratch.outputs.size(); ++k) {
      if (seen++ % stride != 0) continue;
      const float half = halves != nullptr ? halves[k % rows] : 0.0F;
      slice.push_back(std::fabs(scratch.outputs[k] + half));
    }
  };
  const std::size_t size = inputs.values.size() / static_cast<std::size_t>(inputs.images);
  for (int i = 0; i < inputs.images; ++i)
    for (int pass = 0; pass < passes_of(layer, core); ++pass) {
      code = code_of_pass(layer, core, pass);
      const InputReads reads = sampled_reads(core, code);
      send_inputs(layer,
                  {code, reads, inputs.values.subspan(static_cast<std::size_t>(i) * size, size)},
                  scratch);
      for (const PackedDevices& read : layer.devices) {
        devices = &read;
        for (const InputRead& sent : reads.reads)
          for_each_block(layer, sent_map(sent, scratch).coded, 0, sample);
      }
    }
  return samples;
}

}  // namespace

double best_full_scale(std::span<const float> samples, int bits) {
  const auto largest = std::max_element(samples.begin(), samples.end());
  if (largest == samples.end() || !(*largest > 0)) return 1.0;
  const auto count = static_cast<double>(samples.size());
  double best = *largest, least = 0;
  for (int k = 0; k <= 64; ++k) {
    const double scale = *largest * std::exp2(-k / 8.0);
    const double step = scale / std::exp2(bits - 1);
    double clipping = 0;
    for (const float y : samples) {
      const double beyond = std::max(0.0, y - scale);
      clipping += beyond * beyond;
    }
    const double error = clipping + count * step * step / 12;
    if (k == 0 || error < least) {
      least = error;
      best = scale;
    }
    if (clipping > least) break;  // only grows from here
  }
  return best;
}

InputRangeError input_range_error(const LayerOnCore& layer, const ChipCore& chip) {
  const photonic::CoreDescription& core = chip.card();
  InputRangeError error{.weights = squared_weights(layer),
                        .levels = code_of_pass(layer, core, 0).levels,
                        .coding = core.coding};
  const double additive =
                   core.noise.additive * core.noise.additive + measured_variance(chip.errors),
               shot = core.noise.shot * core.noise.shot, noise = noise_of_number(layer, core);
  const int passes = passes_of(layer, core);  // each input has light in one of them
  for (std::size_t part = 0; part < layer.scales.size(); ++part) {
    const PackedTile& tile = layer.devices.front().tiles[part];
    const double unit = noise * squared_units(layer, part),
                 inputs = static_cast<double>(tile.weights.size()) / tile.padded_rows;
    error.steady += passes * unit * (additive + shot * core.noise.dark * inputs);
    error.shot += unit * shot * inputs;
  }
  return error;
}

void calibrate_ranges(LayerOnCore& layer, const ChipCore& chip, const nn::InputMaps& inputs) {
  const photonic::Converter& adc = chip.card().output_adc;
  calibrate_inputs(layer, chip.card(), inputs.values);
  if (chip.card().input_range == photonic::InputRange::least_error)
    layer.ranges.input_full_scale = static_cast<float>(
        best_input_scale(sample_magnitudes(inputs.values), input_range_error(layer, chip)));
  layer.ranges.calibrated = true;
  layer.ranges.output_full_scale = static_cast<float>(adc.full_scale);
  const photonic::BlockFloatingPoint& blocks = chip.card().blocks;
  if (blocks.used()) {  // vectors have scales of their own, and the ADCs a range that is fixed
    layer.ranges.input_full_scale = 1;
    layer.ranges.output_full_scale = static_cast<float>(chip.card().columns / blocks.gain);
    return;
  }
  if (adc.bits == 0 || adc.full_scale > 0) return;
  // Codes from zero on have a bit more for magnitudes than codes about zero.
  const int bits = adc.bits + (photonic::weight_phases(chip.card()) == 2 ? 1 : 0);
  std::vector<float> ranges;
  for (const std::vector<float>& samples : sample_outputs(layer, chip, inputs))
    ranges.push_back(static_cast<float>(best_full_scale(samples, bits)));
  layer.ranges.output_full_scale = ranges.front();
  layer.ranges.of_slices = layer.slices > 1 ? std::move(ranges) : std::vector<float>{};
}

void calibrate_product(LayerOnCore& product, const ChipCore& chip, const nn::MapProduct& maps) {
  const photonic::Converter& adc = chip.card().output_adc;
  calibrate_inputs(product, chip.card(), maps.inputs);
  const float largest = largest_magnitude(maps.weights);
  product.ranges.weight_full_scale = largest > 0 ? largest : 1.0F;
  product.ranges.calibrated = true;
  product.ranges.output_full_scale = static_cast<float>(adc.full_scale);
  if (adc.bits == 0 || adc.full_scale > 0) return;
  const auto images = static_cast<std::size_t>(maps.images);
  const std::size_t in = maps.inputs.size() / images, weights = maps.weights.size() / images;
  std::vector<float> samples;
  for (std::size_t i = 0; i < images; ++i) {
    place_activations(product, chip, maps.weights.subspan(i * weights, weights));
    const std::vector<float> own =
        sample_outputs(product, chip, {maps.inputs.subspan(i * in, in), 1},
                       most_samples / maps.images + 1)
            .front();
    samples.insert(samples.end(), own.begin(), own.end());
  }
  product.ranges.output_full_scale = static_cast<float>(best_full_scale(samples, adc.bits));
}

}  // namespace lightloom::cosim
