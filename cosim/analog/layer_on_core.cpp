#include "cosim/analog/layer_on_core.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "cosim/analog/readout/block_scaling.hpp"

namespace lightloom::cosim {
namespace {

/// Packs a realised tile (rows, columns) for the read-out kernel, in units of the core's full-scale
/// weight.
PackedTile pack(std::span<const float> realised, int columns, const TileView& view, float scale) {
  PackedTile tile;
  tile.rows = view.groups * view.rows;
  tile.padded_rows = (tile.rows + readout_lanes - 1) / readout_lanes * readout_lanes;
  const int inputs = view.groups * view.columns;
  const auto padded = static_cast<std::size_t>(tile.padded_rows);
  tile.weights.assign(static_cast<std::size_t>(inputs) * padded, 0.0F);
  const float unit = scale > 0 ? 1.0F / scale : 0.0F;
  for (int r = 0; r < tile.rows; ++r)
    for (int c = 0; c < inputs; ++c) {
      const auto row = static_cast<std::size_t>(r), column = static_cast<std::size_t>(c);
      tile.weights[column * padded + row] =
          realised[row * static_cast<std::size_t>(columns) + column] * unit;
    }
  return tile;
}

/// Sums of the weights of every row of a tile.
std::vector<float> row_sums(const PackedTile& tile) {
  std::vector<float> sums(static_cast<std::size_t>(tile.padded_rows), 0.0F);
  for (std::size_t k = 0; k < tile.weights.size(); ++k) sums[k % sums.size()] += tile.weights[k];
  return sums;
}

/// (tiles, rows, columns) of a layer: its realised weights, and what noisy cells do.
struct RealisedTiles {
  std::vector<float> weights, variance{}, light{};
};

/// What the layer uses of each of its tiles.
std::vector<photonic::UsedPart> used_parts(const LayerMapping& mapping) {
  std::vector<photonic::UsedPart> used;
  for (std::int64_t t = 0; t < mapping.tiles; ++t) {
    const TileView view = tile_view(mapping, t);
    used.push_back({view.groups * view.rows, view.groups * view.columns});
  }
  return used;
}

/// The devices of positive (`sign` 1) or negative weights (-1) alone. Their light is themselves,
/// and each side has half of the variance that a reading of both has.
RealisedTiles one_side(const photonic::CoreDescription& core, const RealisedTiles& realised,
                       const std::vector<float>& scales, float sign) {
  const std::size_t size = realised.weights.size() / std::max<std::size_t>(1, scales.size());
  RealisedTiles side = realised;
  side.variance.resize(realised.weights.size(), 0.0F);
  side.light.resize(realised.weights.size(), 0.0F);
  for (std::size_t i = 0; i < realised.weights.size(); ++i) {
    const float scale = scales[i / size], weight = sign * realised.weights[i];
    const float light = realised.light.empty() ? 1.0F : realised.light[i];
    side.weights[i] = core.signs == photonic::WeightSigns::parts ? std::max(0.0F, weight)
                                                                 : (light * scale + weight) / 2;
    side.variance[i] /= 2;
    side.light[i] = scale > 0 ? side.weights[i] / scale : 0.0F;
  }
  return side;
}

/// Packs all tiles of a layer whose realised weights these are.
PackedDevices pack_devices(const LayerOnCore& layer, const photonic::CoreDescription& core,
                           const RealisedTiles& realised) {
  const std::size_t size =
      static_cast<std::size_t>(core.rows) * static_cast<std::size_t>(core.columns);
  PackedDevices devices;
  for (std::int64_t part = 0; part < layer.mapping.tiles * layer.slices; ++part) {
    const auto k = static_cast<std::size_t>(part);
    const std::int64_t t = part / layer.slices;
    const TileView view = tile_view(layer.mapping, t);
    const float scale = layer.scales[k];
    const auto packed = [&](std::span<const float> from, float unit) {
      return pack(from.subspan(k * size, size), core.columns, view, unit);
    };
    PackedTile tile = packed(realised.weights, scale);
    if (layer.gathered.empty()) {
      tile.runs = input_runs(layer.shape, layer.layout, layer.mapping, t);
      tile.pixels = whole_pixels(tile.runs, layer.shape.in_channels);
    } else {
      tile.runs = {{0, view.groups * view.columns}};
    }
    if (!realised.light.empty()) {
      devices.cells.push_back(
          {packed(realised.variance, scale * scale), packed(realised.light, 1)});
      devices.cells.back().variance.runs = devices.cells.back().light.runs = tile.runs;
    }
    if (core.noise.dark > 0 || core.coding == photonic::InputCoding::offset)
      devices.weight_sums.push_back(row_sums(tile));
    devices.tiles.push_back(std::move(tile));
  }
  return devices;
}

void pack_tiles(LayerOnCore& layer, const ChipCore& chip, const RealisedTiles& realised) {
  const photonic::CoreDescription& core = chip.card();
  const bool apart = photonic::weight_phases(core) == 2;
  require(
      !apart || core.signs != photonic::WeightSigns::inseparable,
      "a core of kind '{}' cannot be read in four phases (its positive and negative weights are "
      "not read apart)",
      core.kind);
  layer.devices.clear();
  layer.gathered.clear();
  if (core.noisy_cells || apart || core.blocks.used() || core.operands.present() ||
      !chip.dacs.empty())
    for (std::int64_t part = 0; part < layer.mapping.tiles * layer.slices; ++part)
      layer.gathered.push_back(
          input_runs(layer.shape, layer.layout, layer.mapping, part / layer.slices));
  if (!apart) {
    layer.devices.push_back(pack_devices(layer, core, realised));
    return;
  }
  for (const float sign : {1.0F, -1.0F}) {
    layer.devices.push_back(
        pack_devices(layer, core, one_side(core, realised, layer.scales, sign)));
    layer.devices.back().sign = sign;
  }
}

/// The largest magnitude of the weights of each output; 1 where all are zero.
std::vector<float> largest_by_output(const nn::LayerShape& shape, std::span<const float> weights) {
  const auto outputs = static_cast<std::size_t>(shape.out_channels);
  const std::size_t each = weights.size() / outputs;
  std::vector<float> largest(outputs, 0.0F);
  for (std::size_t o = 0; o < outputs; ++o) {
    for (const float w : weights.subspan(o * each, each))
      largest[o] = std::max(largest[o], std::fabs(w));
    if (!(largest[o] > 0)) largest[o] = 1;
  }
  return largest;
}

/// Sets the tiles in units of a scale of each output of the layer.
void scale_outputs(LayerOnCore& layer, std::span<const float> weights, std::span<float> tiles) {
  layer.output_scales = largest_by_output(layer.shape, weights);
  const auto rows = static_cast<std::size_t>(layer.mapping.tile.rows),
             columns = static_cast<std::size_t>(layer.mapping.tile.columns);
  layer.row_scales.assign(static_cast<std::size_t>(layer.mapping.tiles) * rows, 1.0F);
  for (std::int64_t t = 0; t < layer.mapping.tiles; ++t) {
    const TileView view = tile_view(layer.mapping, t);
    const int output = view.first_group * layer.mapping.group_rows + view.first_row;
    for (int r = 0; r < view.groups * view.rows; ++r) {
      const std::size_t row = static_cast<std::size_t>(t) * rows + static_cast<std::size_t>(r);
      const int channel = output + r;
      layer.row_scales[row] = layer.output_scales[static_cast<std::size_t>(channel)];
      for (float& w : tiles.subspan(row * columns, columns)) w /= layer.row_scales[row];
    }
  }
}

}  // namespace

ChipCore::ChipCore(const photonic::TensorCore& tensor_core, std::uint64_t chip_seed,
                   std::uint32_t chip)
    : core(tensor_core),
      seed(chip_seed),
      number(chip),
      adcs(adc_curves(tensor_core.description(), chip_seed, chip)),
      dacs(dac_curves(tensor_core.description(), chip_seed, chip)),
      errors(tensor_core.output_errors(chip_seed, chip)) {}

LayerTargets layer_targets(LayerOnCore& layer, const ChipCore& chip, std::span<const float> weights,
                           std::uint32_t write) {
  const photonic::CoreDescription& core = chip.card();
  layer.mapping = map_layer(layer.shape, {core.rows, core.columns});
  layer.layout = input_layout(layer.shape);
  layer.slices = core.slices;
  layer.row_scales.clear();
  layer.output_scales.clear();
  LayerTargets targets{.weights = gather_tiles(layer.shape, layer.mapping, weights),
                       .used = used_parts(layer.mapping),
                       .address = {.seed = chip.seed,
                                   .chip = chip.number,
                                   .layer = layer.number,
                                   .tile = 0,
                                   .write = write}};
  if (core.blocks.used())
    layer.row_scales = scale_weights(core.blocks.weights, targets.weights, core.rows, core.columns);
  else if (core.weight_scales == photonic::WeightScales::output)
    scale_outputs(layer, weights, targets.weights);
  return targets;
}

photonic::RealisationReport write_layer(LayerOnCore& layer, const ChipCore& chip,
                                        std::span<const float> weights, std::uint32_t write) {
  const auto [targets, used, address] = layer_targets(layer, chip, weights, write);
  RealisedTiles realised;
  const photonic::CoreDescription& core = chip.card();
  const auto slices = static_cast<std::size_t>(core.slices);
  realised.weights.resize(targets.size() * slices);
  layer.scales.resize(static_cast<std::size_t>(layer.mapping.tiles) * slices);
  if (core.noisy_cells) {
    realised.variance.resize(targets.size() * slices);
    realised.light.resize(targets.size() * slices);
  }
  const photonic::RealisationReport report =
      chip.core.realise_slices({targets, address, realised.weights, layer.scales, used},
                               {realised.variance, realised.light});
  pack_tiles(layer, chip, realised);
  return report;
}

LayerOnCore product_on_core(const nn::LayerShape& shape, std::uint32_t number,
                            const photonic::CoreDescription& core) {
  LayerOnCore product;
  product.shape = shape;
  product.number = number;
  product.mapping = map_layer(shape, {core.rows, core.columns});
  product.layout = input_layout(shape);
  return product;
}

std::int64_t place_activations(LayerOnCore& product, const ChipCore& chip,
                               std::span<const float> activations) {
  const float full_scale = product.ranges.weight_full_scale;
  const InputCode code =
      input_code(photonic::InputCoding::field, chip.card().operands.weight_dac.bits, full_scale, 0);
  std::vector<float> coded(activations.size());
  const std::int64_t outside = code_values(activations, code, coded);
  const auto tiles = static_cast<std::size_t>(product.mapping.tiles);
  product.scales.assign(tiles, 1);  // the tiles are in units of the core already
  pack_tiles(product, chip, {.weights = gather_tiles(product.shape, product.mapping, coded)});
  product.scales.assign(tiles, full_scale);
  return outside;
}

int passes_of(const LayerOnCore& layer, const photonic::CoreDescription& core) {
  using photonic::InputSigns;
  return photonic::input_phases(
      core, layer.ranges.signed_inputs ? InputSigns::both : InputSigns::positive);
}

InputCode code_of_pass(const LayerOnCore& layer, const photonic::CoreDescription& core, int pass) {
  InputCode code =
      input_code(core.coding, core.input_dac.bits, layer.ranges.input_full_scale, pass);
  const bool two = passes_of(layer, core) == 2;
  if (two && core.coding != photonic::InputCoding::intensity) take_signs_apart(code);
  code.other_sign_follows = two;
  // A single bit of a signed code is 0 or 1: require_readable lets no negative input come to it.
  if (core.reads.in_bits() && !(code.levels > 0)) code.levels = 1;
  return code;
}

InputCode code_of_map(const LayerOnCore& layer, const photonic::CoreDescription& core, int pass) {
  const InputCode code = code_of_pass(layer, core, pass);
  if (!core.blocks.used()) return code;
  return {.sign = code.sign, .full_scale = code.full_scale, .bounded = false};
}

void gather(const TilePass& pass, ReadoutScratch& scratch, ReadoutBlock& block) {
  const auto& gathered = pass.layer.gathered;
  if (gathered.empty()) return;
  const InputDacs dacs{pass.chip.dacs, pass.code};
  const auto& runs = gathered[static_cast<std::size_t>(pass.tile)];
  (pass.chip.card().blocks.used() ? gather_blocks : gather_inputs)(runs, dacs, block, scratch.sent);
}

}  // namespace lightloom::cosim
