#include "cosim/visits/layer_setup.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "memory/traffic/dram_estimate.hpp"

namespace lightloom::cosim {
namespace {

/// A stored layer comes from DRAM as weights, which the digital unit turns into device settings, or
/// as settings made beforehand, as the plan says. (A mesh's settings take an SVD, a ring's a
/// look-up; settings of a tile's padding are stored too.)
bool comes_as_settings(const LayerSetup& setup) {
  if (setup.regenerate || setup.core().decompose_operations <= 0) return false;
  return settings_per_weight(setup) <= setup.context.choice.most_settings_per_weight;
}

std::int64_t blocks_of(const LayerSetup& setup) {
  const ScheduleCard& schedule = setup.input().schedule;
  if (schedule.dataflow == Dataflow::weight_stationary) return 1;
  return std::max<std::int64_t>(
      1, static_cast<std::int64_t>(std::ceil(setup.vectors / schedule.block_vectors)));
}

/// Whether all rows of a column of tiles come first: where the partial sums of all rows find room
/// beside the maps, so that kernels are formed once a column.
bool columns_come_first(const LayerSetup& setup) {
  const CostInput& input = setup.input();
  if (input.schedule.dataflow == Dataflow::output_stationary) return false;
  if (input.schedule.dataflow == Dataflow::input_stationary) return true;
  const double sums =
      setup.vectors * setup.mapping.group_rows * input.schedule.accumulator_bits / 8;
  const double capacity = input.memory.activation_buffer.bytes(),
               maps = input_map_bytes(input, setup.layer) + output_map_bytes(input, setup.layer);
  return setup.regenerate && sums <= std::min(capacity / 2, capacity - maps);
}

bool kernels_fit(const LayerSetup& setup) {
  const CostInput& input = setup.input();
  if (!setup.regenerate || !setup.layer.factors) return true;
  const double kernels =
      static_cast<double>(setup.layer.factors->cross) * setup.mapping.group_columns;
  return kernels * setup.word_bytes() <= input.memory.tile_buffer.bytes() / 2;
}

void choose_order(LayerSetup& setup) {
  const LayerMapping& m = setup.mapping;
  const double weight_capacity = setup.input().memory.weight_buffer.bytes();
  setup.weights_refetched = setup.regenerate && setup.bits.shared() / 8 > weight_capacity;
  setup.blocks = blocks_of(setup);
  setup.layer_fits = setup.stored_bytes() <= weight_capacity;
  require(setup.blocks * m.tiles <= 5'000'000,
          "layer '{}' needs {} tile visits (choose more block_vectors or weight_stationary)",
          setup.layer.shape.name, setup.blocks * m.tiles);
  setup.column_outer = columns_come_first(setup);
  setup.kernels_fit = kernels_fit(setup);
}

/// A bank of levels is set from lists of values that it holds all of.
void require_lists(const LayerSetup& setup) {
  const int levels = setup.core().sparse_dac.levels;
  if (levels == 0) return;
  const std::vector<double>& shares = setup.layer.value_shares;
  const std::string& name = setup.layer.shape.name;
  require(!shares.empty() && setup.regenerate,
          "core.sparse_dac sets weights from the list of different values that each input has, and "
          "layer '{}' comes without one (of the sources crew has them, with scales: layer and "
          "way: source)",
          name);
  const auto most =
      std::min<std::int64_t>(static_cast<std::int64_t>(shares.size()),
                             std::min(setup.input().core.rows, setup.mapping.group_rows));
  require(most <= levels,
          "core.sparse_dac.levels is {}, and an input of layer '{}' can have {} different weights "
          "in a tile (give as many levels, or fewer weights.bits)",
          levels, name, most);
}

/// Cores that would find no tile take copies and a part of the input vectors.
int replicas_of(const LayerSetup& setup) {
  const PlanChoice& choice = setup.context.choice;
  if (!choice.replicate) return 1;
  const std::int64_t copies = choice.cores / std::max<std::int64_t>(1, setup.mapping.tiles);
  const double vectors = std::floor(setup.vectors / static_cast<double>(setup.blocks));
  return static_cast<int>(std::max(1.0, std::min(static_cast<double>(copies), vectors)));
}

/// A product of maps has weights of its own for every image: as many groups more. Of rows that come
/// again, the first ones are all that a core multiplies with.
nn::LayerShape mapped_shape(const CostLayer& layer, int batch) {
  nn::LayerShape shape = layer.shape;
  shape.out_channels /= layer.repeats();
  if (!layer.product) return shape;
  shape.groups *= batch;
  shape.in_channels *= batch;
  shape.out_channels *= batch;
  return shape;
}

}  // namespace

photonic::InputSigns input_signs(const CostLayer& layer) {
  return layer.signed_inputs ? photonic::InputSigns::both : photonic::InputSigns::positive;
}

MemoryFigures::MemoryFigures(const memory::MemoryCard& card)
    : dram(memory::dram_energy(card.dram)),
      dram_runs(card.dram),
      dram_GBps(memory::estimate_runs(card.dram, 1e9).bandwidth_GBps),
      weight_buffer(memory::buffer_figures(card.weight_buffer)),
      tile_buffer(memory::buffer_figures(card.tile_buffer)),
      activation_buffer(memory::buffer_figures(card.activation_buffer)),
      weight_GBps(memory::buffer_bandwidth_GBps(card.weight_buffer)),
      tile_GBps(memory::buffer_bandwidth_GBps(card.tile_buffer)),
      activation_GBps(memory::buffer_bandwidth_GBps(card.activation_buffer)) {}

CostContext::CostContext(const CostInput& cost_input, const MemoryFigures& figures)
    : MemoryFigures(figures),
      input(cost_input),
      choice{.cores = cost_input.schedule.cores, .replicate = cost_input.schedule.replicate},
      generation(cost_input.generator.present() ? generator_cost(cost_input.generator)
                                                : GeneratorCost{}),
      generator(generator_figures(cost_input.generator)) {}

double input_map_bytes(const CostInput& input, const CostLayer& layer) {
  const nn::LayerShape& s = layer.shape;
  const double operand = layer.product ? static_cast<double>(s.weights()) : 0;
  return (static_cast<double>(s.in_height) * s.in_width * s.in_channels + operand) * input.batch *
         input.activation_bits / 8;
}

double output_map_bytes(const CostInput& input, const CostLayer& layer) {
  const nn::LayerShape& s = layer.shape;
  return static_cast<double>(s.out_height) * s.out_width * s.out_channels * input.batch *
         input.activation_bits / 8;
}

int LayerSetup::passes() const { return photonic::read_phases(input().core, input_signs(layer)); }

std::int64_t LayerSetup::symbols() const { return std::int64_t{passes()} * core().symbols; }

double LayerSetup::setting_bytes() const {
  return static_cast<double>(core().devices) * input().programming.setting_bits / 8;
}

double LayerSetup::word_bytes() const {
  const bool digitised = regenerate && layer.factors && context.generator.word_bits > 0;
  return (digitised ? context.generator.word_bits : input().programming.setting_bits) / 8.0;
}

double LayerSetup::stored_bytes() const {
  return stored_as_settings ? setting_bytes() * static_cast<double>(mapping.tiles)
                            : (bits.sum() - here_bits) / 8;
}

double LayerSetup::kept_bytes() const {
  if (blocks > 1 && layer_fits) return stored_bytes() + here_bits / 8;
  return regenerate && !weights_refetched ? bits.shared() / 8 : 0;
}

double settings_per_weight(const LayerSetup& setup) {
  return static_cast<double>(setup.core().devices) * static_cast<double>(setup.mapping.tiles) /
         static_cast<double>(setup.mapping.used_weights);
}

LayerSetup layer_setup(const CostContext& context, std::size_t index) {
  const CostInput& input = context.input;
  const CostLayer& layer = input.layers[index];
  photonic::require_readable(input.core, input_signs(layer), layer.shape.name);
  LayerSetup setup{.context = context, .layer = layer, .bits = stored_bits(layer)};
  setup.mapping = map_layer(mapped_shape(layer, input.batch), {input.core.rows, input.core.columns},
                            input.packing);
  setup.regenerate = layer.way == WeightDelivery::regenerate;
  setup.kernels_kept = context.generator.keeps_kernels;
  setup.drives_core = hands_over_light(input.generator) && layer.factors.has_value();
  setup.vectors =
      static_cast<double>(setup.mapping.input_vectors) * (layer.product ? 1 : input.batch);
  setup.stored_as_settings = comes_as_settings(setup);
  require_lists(setup);
  choose_order(setup);
  setup.replicas = replicas_of(setup);
  return setup;
}

}  // namespace lightloom::cosim
