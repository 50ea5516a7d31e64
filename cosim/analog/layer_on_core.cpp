#include "cosim/analog/layer_on_core.hpp"

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

void pack_tiles(LayerOnCore& layer, const ChipCore& chip, const RealisedTiles& realised) {
  const photonic::CoreDescription& core = chip.card();
  const std::size_t size =
      static_cast<std::size_t>(core.rows) * static_cast<std::size_t>(core.columns);
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
    PackedTile tile = packed(realised.weights, scale);
    tile.runs = input_runs(layer.shape, layer.layout, layer.mapping, t);
    tile.pixels = whole_pixels(tile.runs, layer.shape.in_channels);
    if (core.noisy_cells || !chip.dacs.empty() || core.operands.present()) {
      layer.gathered.push_back(std::move(tile.runs));
      tile.runs = {{0, view.groups * view.columns}};
      tile.pixels.clear();
    }
    if (core.noisy_cells) {
      layer.cells.push_back({packed(realised.variance, scale * scale), packed(realised.light, 1)});
      layer.cells.back().variance.runs = layer.cells.back().light.runs = tile.runs;
    }
    if (core.noise.dark > 0) layer.weight_sums.push_back(row_sums(tile));
    layer.tiles.push_back(std::move(tile));
  }
}

}  // namespace

ChipCore::ChipCore(const photonic::TensorCore& tensor_core, std::uint64_t chip_seed,
                   std::uint32_t chip)
    : core(tensor_core),
      seed(chip_seed),
      number(chip),
      adcs(adc_curves(tensor_core.description(), chip_seed, chip)),
      dacs(dac_curves(tensor_core.description(), chip_seed, chip)) {}

photonic::RealisationReport write_layer(LayerOnCore& layer, const ChipCore& chip,
                                        std::span<const float> weights, std::uint32_t write) {
  const photonic::CoreDescription& core = chip.card();
  layer.mapping = map_layer(layer.shape, {core.rows, core.columns});
  layer.layout = input_layout(layer.shape);
  const std::vector<float> targets = gather_tiles(layer.shape, layer.mapping, weights);
  const photonic::TileAddress address{
      .seed = chip.seed, .chip = chip.number, .layer = layer.number, .tile = 0, .write = write};
  RealisedTiles realised;
  realised.weights.resize(targets.size());
  layer.scales.resize(static_cast<std::size_t>(layer.mapping.tiles));
  const std::vector<photonic::UsedPart> used = used_parts(layer.mapping);
  const photonic::RealisationReport report =
      chip.core.realise_used({targets, address, realised.weights, layer.scales, used});
  if (core.noisy_cells) {
    realised.variance.resize(targets.size());
    realised.light.resize(targets.size());
    chip.core.cell_noise(targets, address, {realised.variance, realised.light});
  }
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
  return core.coding == photonic::InputCoding::intensity && layer.ranges.signed_inputs ? 2 : 1;
}

InputCode code_of_pass(const LayerOnCore& layer, const photonic::CoreDescription& core, int pass) {
  InputCode code =
      input_code(core.coding, core.input_dac.bits, layer.ranges.input_full_scale, pass);
  code.other_sign_follows = passes_of(layer, core) == 2;
  return code;
}

void gather(const TilePass& pass, ReadoutScratch& scratch, ReadoutBlock& block) {
  const auto& gathered = pass.layer.gathered;
  if (!gathered.empty())
    gather_inputs(gathered[static_cast<std::size_t>(pass.tile)], {pass.chip.dacs, pass.code}, block,
                  scratch.sent);
}

}  // namespace lightloom::cosim
