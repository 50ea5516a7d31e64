#include "cosim/cost/layer_plan.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "cosim/cost/dram_traffic.hpp"

namespace lightloom::cosim {
namespace {

double& at(Energies& energies, Component component) {
  return energies[static_cast<std::size_t>(component)];
}
double& at(StageTimes& times, Stage stage) { return times[static_cast<std::size_t>(stage)]; }

/// One visit of a tile: the tile is programmed and sees `vectors` input vectors.
struct Visit {
  int group_tile, row_tile, column_tile;
  TileView view;
  double used_share;  // of the layer's weights that lie in the tile
  double vectors;
  int replica;  // above 0: a copy, whose weights the first one brought
  bool first_block, last_block;
};

class LayerPlanner {
 public:
  LayerPlanner(const CostContext& context, std::size_t index, bool input_in_dram);
  LayerPlan run();

 private:
  [[nodiscard]] bool settings_are_quicker() const;
  void replicate();
  void choose_order();
  void place_activations(bool input_in_dram, bool last);
  void visit(int group_tile, int row_tile, int column_tile, std::int64_t block, int replica);
  void move(const Visit& v);
  [[nodiscard]] double weight_bytes(const Visit& v) const;
  void generate(const Visit& v);
  [[nodiscard]] GenerationWork generation_work(const Visit& v) const;
  void keep_regenerated(const Visit& v, const GenerationCost& cost, double weights);
  void compute_settings();
  void program();
  void compute(const Visit& v);
  void post_process(const Visit& v);
  /// Whether the kernels of level 1 have to be formed for this visit (else they wait in the tile
  /// buffer).
  [[nodiscard]] bool forms_kernels(const Visit& v) const {
    return v.first_block && (column_outer_ ? v.row_tile == 0 : (v.row_tile == 0 || !kernels_fit_));
  }
  [[nodiscard]] bool drives_core() const {
    return input_.generator.kind == GeneratorKind::photonic &&
           input_.generator.handover == Handover::analog && layer_.factors.has_value();
  }

  const CostContext& context_;
  const CostInput& input_;
  const CostLayer& layer_;
  const photonic::CoreCost& core_;
  LayerPlan plan_;
  StoredBits bits_;
  bool regenerate_, stored_as_settings_;
  bool column_outer_ = false;  // order of tiles: all rows of a column first
  bool kernels_fit_ = true;    // the kernels of level 1 of all columns stay in the tile buffer
  bool layer_fits_ =
      true;  // what is stored of the layer stays in the weight buffer over all blocks
  std::int64_t blocks_ = 1;
  double vectors_ = 0;                         // input vectors of the batch
  double input_bytes_ = 0, output_bytes_ = 0;  // DRAM traffic of activations
  StageTimes time_{};                          // of the visit in hand
  BurstMeter weights_, inputs_, outputs_;
};

LayerPlanner::LayerPlanner(const CostContext& context, std::size_t index, bool input_in_dram)
    : context_(context),
      input_(context.input),
      layer_(context.input.layers[index]),
      core_(context.input.core.cost),
      bits_(stored_bits(layer_)),
      regenerate_(layer_.way == Way::regenerate),
      stored_as_settings_(false),
      weights_(input_.memory.dram, bits_.sum() / 8, input_.schedule.bandwidth_scale),
      inputs_(input_.memory.dram, input_map_bytes(input_, layer_.shape),
              input_.schedule.bandwidth_scale),
      outputs_(input_.memory.dram, output_map_bytes(input_, layer_.shape),
               input_.schedule.bandwidth_scale) {
  plan_.mapping = map_layer(layer_.shape, {input_.core.rows, input_.core.columns}, input_.packing);
  vectors_ = static_cast<double>(plan_.mapping.input_vectors) * input_.batch;
  stored_as_settings_ = settings_are_quicker();
  choose_order();
  replicate();
  place_activations(input_in_dram, index + 1 == input_.layers.size());
}

/// A stored layer comes from DRAM as weights, which the digital unit turns into device settings, or
/// as settings made beforehand: the one whose slower stage takes less time. (A mesh's settings take
/// an SVD, a ring's a look-up.)
bool LayerPlanner::settings_are_quicker() const {
  if (regenerate_ || core_.decompose_operations <= 0) return false;
  const auto tiles = static_cast<double>(plan_.mapping.tiles);
  const auto fetch_ns = [&](double bytes) {
    return BurstMeter(input_.memory.dram, bytes, input_.schedule.bandwidth_scale).take_ns(bytes);
  };
  const double setting_bytes =
      tiles * static_cast<double>(core_.devices) * input_.programming.setting_bits / 8;
  const double conversion_ns =
      tiles * core_.decompose_operations / input_.digital.operations_per_ns;
  return fetch_ns(setting_bytes) <= std::max(fetch_ns(bits_.sum() / 8), conversion_ns);
}

void LayerPlanner::choose_order() {
  const LayerMapping& m = plan_.mapping;
  const double weight_capacity = input_.memory.weight_buffer.bytes();
  plan_.weights_refetched = regenerate_ && bits_.shared() / 8 > weight_capacity;
  if (input_.schedule.dataflow != Dataflow::weight_stationary)
    blocks_ = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(std::ceil(vectors_ / input_.schedule.block_vectors)));
  const double setting_bytes =
      static_cast<double>(core_.devices) * input_.programming.setting_bits / 8;
  const double stored_bytes =
      stored_as_settings_ ? setting_bytes * static_cast<double>(m.tiles) : bits_.sum() / 8;
  layer_fits_ = stored_bytes <= weight_capacity;
  require(blocks_ * m.tiles <= 5'000'000,
          "layer '{}' needs {} tile visits (choose more block_vectors or weight_stationary)",
          layer_.shape.name, blocks_ * m.tiles);
  const double sums = vectors_ * m.group_rows * input_.schedule.accumulator_bits / 8;
  column_outer_ = regenerate_ && sums <= input_.memory.activation_buffer.bytes() / 2;
  if (input_.schedule.dataflow == Dataflow::output_stationary) column_outer_ = false;
  if (input_.schedule.dataflow == Dataflow::input_stationary) column_outer_ = true;
  if (regenerate_ && layer_.factors) {
    const double kernels = static_cast<double>(layer_.factors->cross) * m.group_columns;
    kernels_fit_ =
        kernels * input_.programming.setting_bits / 8 <= input_.memory.tile_buffer.bytes() / 2;
  }
}

/// Cores that would find no tile take copies and a part of the input vectors.
void LayerPlanner::replicate() {
  if (!input_.schedule.replicate) return;
  const std::int64_t copies =
      input_.schedule.cores / std::max<std::int64_t>(1, plan_.mapping.tiles);
  const double vectors = std::floor(vectors_ / static_cast<double>(blocks_));
  plan_.replicas = static_cast<int>(std::max(1.0, std::min(static_cast<double>(copies), vectors)));
}

void LayerPlanner::place_activations(bool input_in_dram, bool last) {
  const double in = input_map_bytes(input_, layer_.shape),
               out = output_map_bytes(input_, layer_.shape);
  const double capacity = input_.memory.activation_buffer.bytes();
  plan_.spills_output = in + out > capacity;
  const bool input_stays = in <= capacity;  // else every row of tiles streams it from DRAM again
  if (input_in_dram) input_bytes_ = in * (input_stays ? 1 : plan_.mapping.row_tiles);
  if (plan_.spills_output || last) output_bytes_ = out;
}

/// Stored bytes that this visit is the first to need, or needs again because no buffer kept them.
double LayerPlanner::weight_bytes(const Visit& v) const {
  if (!v.first_block && layer_fits_) return 0;
  if (stored_as_settings_)
    return static_cast<double>(core_.devices) * input_.programming.setting_bits / 8;
  const LayerMapping& m = plan_.mapping;
  const bool first_column = v.column_tile == 0;
  double bits = bits_.tile * v.used_share;
  if (v.group_tile == 0 && v.row_tile == 0 && first_column) bits += bits_.layer;
  if (forms_kernels(v)) bits += bits_.column_tile / (m.column_tiles * m.group_tiles);
  if (first_column || plan_.weights_refetched)
    bits += bits_.row_tile / (m.row_tiles * m.group_tiles);
  return bits / 8;
}

GenerationWork LayerPlanner::generation_work(const Visit& v) const {
  const LayerMapping& m = plan_.mapping;
  const double column_share = forms_kernels(v) ? 1.0 / (m.column_tiles * m.group_tiles) : 0;
  const auto part = [](std::int64_t whole, double share) {
    return std::llround(static_cast<double>(whole) * share);
  };
  GenerationWork work;
  work.operations = {.intra_macs = part(layer_.work.intra_macs, column_share),
                     .cross_macs = part(layer_.work.cross_macs, v.used_share),
                     .shifts = part(layer_.work.shifts, v.used_share),
                     .adds = part(layer_.work.adds, v.used_share),
                     .lookups = part(layer_.work.lookups, v.used_share)};
  work.weights = std::int64_t{v.view.groups} * v.view.rows * v.view.columns;
  if (!layer_.factors) return work;
  const FactorShape& f = *layer_.factors;
  const PhotonicGenerator& card = input_.generator.photonic;
  work.basis_words = part(std::int64_t{f.cross} * std::max(f.intra, 1) * f.area, column_share);
  work.intra_words = f.intra_level ? part(std::int64_t{f.cross} * f.in * f.intra, column_share) : 0;
  work.cross_words = f.cross_level ? std::int64_t{v.view.rows} * f.cross : 0;
  for (const nn::StoredStream& stream : layer_.streams)
    if (stream.in_ratio) work.word_bits = std::max(work.word_bits, stream.bits);
  work.intra_shots = part(intra_shots(card, f), column_share);
  work.cross_shots = cross_shots(card, f, v.view.rows, v.view.columns);
  return work;
}

void LayerPlanner::generate(const Visit& v) {
  const LayerMapping& m = plan_.mapping;
  const GenerationWork work = generation_work(v);
  const GenerationCost cost = generation_cost(input_.generator, work, layer_.factors.has_value());
  plan_.generation_macs += work.operations.intra_macs + work.operations.cross_macs;
  const double column_share = forms_kernels(v) ? 1.0 / (m.column_tiles * m.group_tiles) : 0;
  const double coefficient_bytes =
      (bits_.tile * v.used_share + bits_.row_tile / m.row_tiles / m.group_tiles +
       bits_.column_tile * column_share) /
      8;
  at(plan_.energy_pJ, Component::weight_buffer) += memory::read_energy_pJ(
      input_.memory.weight_buffer, context_.weight_buffer, coefficient_bytes);
  at(plan_.energy_pJ, Component::generator) += cost.arithmetic_pJ;
  at(plan_.energy_pJ, Component::generator_converters) += cost.conversion_pJ;
  at(plan_.energy_pJ, Component::generator_laser) += cost.laser_pJ;
  if (drives_core()) {  // no overlap with the computation, and the generator's light stays on
                        // during it
    at(time_, Stage::program) += cost.time_ns;
    const double compute_ns = core_.symbol_rate_GHz > 0 ? v.vectors / core_.symbol_rate_GHz : 0;
    if (cost.time_ns > 0)
      at(plan_.energy_pJ, Component::generator_laser) += cost.laser_pJ / cost.time_ns * compute_ns;
  } else {
    keep_regenerated(v, cost, static_cast<double>(work.weights));
  }
}

/// Kernels of level 1 and regenerated weights go through the tile buffer at the width of a device
/// setting.
void LayerPlanner::keep_regenerated(const Visit& v, const GenerationCost& cost, double weights) {
  const memory::BufferCard& buffer = input_.memory.tile_buffer;
  const memory::BufferFigures& figures = context_.tile_buffer;
  const double word = input_.programming.setting_bits / 8.0, tile_bytes = weights * word;
  const bool two_levels =
      layer_.factors && layer_.factors->cross_level && layer_.factors->intra_level;
  const double kernel_bytes =
      two_levels ? static_cast<double>(layer_.factors->cross) * v.view.columns * word : 0;
  at(time_, Stage::generate) =
      std::max(cost.time_ns, (tile_bytes + kernel_bytes) / context_.tile_GBps);
  at(plan_.energy_pJ, Component::tile_buffer) +=
      (forms_kernels(v) ? memory::write_energy_pJ(buffer, figures, kernel_bytes) : 0) +
      memory::read_energy_pJ(buffer, figures, kernel_bytes) +
      memory::write_energy_pJ(buffer, figures, tile_bytes) +
      memory::read_energy_pJ(buffer, figures, tile_bytes);
  plan_.regenerated_tile_bytes = std::max(plan_.regenerated_tile_bytes, tile_bytes);
  compute_settings();
}

/// Turns the weights of a tile into device settings on the digital unit.
void LayerPlanner::compute_settings() {
  if (core_.decompose_operations <= 0) return;
  at(time_, Stage::decompose) = core_.decompose_operations / input_.digital.operations_per_ns;
  at(plan_.energy_pJ, Component::decomposition) +=
      core_.decompose_operations * input_.digital.operation_pJ;
}

void LayerPlanner::program() {
  const ProgrammingCard& card = input_.programming;
  const auto devices = static_cast<double>(core_.devices);
  const double rounds = card.lanes > 0 ? std::ceil(devices / card.lanes) : (devices > 0 ? 1 : 0);
  at(time_, Stage::program) += rounds / card.rate_GHz + core_.settle_ns;
  at(plan_.energy_pJ, Component::programming) += devices * core_.write_energy_pJ;
}

void LayerPlanner::compute(const Visit& v) {
  const nn::LayerShape& shape = layer_.shape;
  const Dataflow flow = input_.schedule.dataflow;
  const int passes =
      layer_.signed_inputs && input_.core.coding == photonic::InputCoding::intensity ? 2 : 1;
  const double used_rows = static_cast<double>(v.view.rows) * v.view.groups;
  const double used_columns = static_cast<double>(v.view.columns) * v.view.groups;
  const double symbols = v.vectors * passes, im2col = v.vectors * used_columns;
  const double channels = std::min(v.view.columns, shape.in_channels / shape.groups) *
                          static_cast<double>(v.view.groups);
  const double share = v.vectors / vectors_;  // of the map that this block covers
  const double unique =
      static_cast<double>(shape.in_height) * shape.in_width * channels * input_.batch * share;
  double read_elements = input_.memory.line_buffer ? std::min(im2col, unique) : im2col;
  if (flow == Dataflow::input_stationary && v.row_tile > 0) read_elements = 0;  // held in registers
  const double outputs = v.vectors * used_rows;
  const bool first = v.column_tile == 0, last = v.column_tile + 1 == plan_.mapping.column_tiles;
  const bool sums_travel = flow != Dataflow::output_stationary;
  const double sum_bytes = sums_travel ? outputs * input_.schedule.accumulator_bits / 8 : 0;
  const double read_bytes = read_elements * input_.activation_bits / 8 + (first ? 0 : sum_bytes);
  const double written = last ? outputs * input_.activation_bits / 8 : sum_bytes;

  const memory::BufferCard& buffer = input_.memory.activation_buffer;
  const double core_ns = core_.symbol_rate_GHz > 0 ? symbols / core_.symbol_rate_GHz : 0;
  at(time_, Stage::compute) = std::max(core_ns, (read_bytes + written) / context_.activation_GBps);
  at(plan_.energy_pJ, Component::activation_buffer) +=
      memory::read_energy_pJ(buffer, context_.activation_buffer, read_bytes) +
      memory::write_energy_pJ(buffer, context_.activation_buffer, written) +
      (input_.memory.line_buffer
           ? im2col * input_.activation_bits * input_.memory.register_pJ_per_bit
           : 0);
  at(plan_.energy_pJ, Component::input_converters) +=
      symbols * input_.core.columns * core_.input_energy_pJ;
  at(plan_.energy_pJ, Component::output_converters) +=
      symbols * input_.core.rows * core_.output_energy_pJ;
  at(plan_.energy_pJ, Component::laser) += core_ns * core_.laser_power_mW;
  at(plan_.energy_pJ, Component::accumulation) +=
      outputs * ((first ? 0 : 1) + (passes - 1)) * input_.digital.add_pJ;
}

/// Normalisation, activation functions, pooling and sums, on the share of the results that the
/// visit finishes.
void LayerPlanner::post_process(const Visit& v) {
  const DigitalWork& work = layer_.digital;
  if (v.column_tile + 1 < plan_.mapping.column_tiles) return;
  const double rows = static_cast<double>(v.view.rows) * v.view.groups;
  const double share = input_.batch * v.vectors / vectors_ * rows / layer_.shape.out_channels;
  const DigitalUnitCard& card = input_.digital;
  const double element = input_.activation_bits / 8.0;
  const double read = static_cast<double>(work.reads) * element * share,
               written = static_cast<double>(work.writes) * element * share;
  at(time_, Stage::post_process) =
      std::max(static_cast<double>(work.operations()) * share / card.vector_operations_per_ns,
               (read + written) / context_.activation_GBps);
  at(plan_.energy_pJ, Component::post_processing) +=
      share * (static_cast<double>(work.adds) * card.add_pJ +
               static_cast<double>(work.multiplies) * card.multiply_pJ +
               static_cast<double>(work.lookups) * card.lookup_pJ);
  const memory::BufferCard& buffer = input_.memory.activation_buffer;
  at(plan_.energy_pJ, Component::activation_buffer) +=
      memory::read_energy_pJ(buffer, context_.activation_buffer, read) +
      memory::write_energy_pJ(buffer, context_.activation_buffer, written);
}

/// DRAM traffic of the visit: weights it is first to need, its part of the inputs on the first pass
/// over the rows, its part of the outputs on the last column.
void LayerPlanner::move(const Visit& v) {
  const LayerMapping& m = plan_.mapping;
  const double bytes = v.replica == 0 ? weight_bytes(v) : 0;
  const double block_share = 1.0 / (static_cast<double>(blocks_) * plan_.replicas);
  plan_.largest_weight_tile_bytes = std::max(plan_.largest_weight_tile_bytes, bytes);
  const std::array<double, 3> before{weights_.bursts(), inputs_.bursts(), outputs_.bursts()};
  at(time_, Stage::fetch_weights) = std::max(weights_.take_ns(bytes), bytes / context_.weight_GBps);
  const bool again = input_bytes_ > input_map_bytes(input_, layer_.shape);
  const double columns = static_cast<double>(m.column_tiles) * m.group_tiles,
               rows = static_cast<double>(m.row_tiles) * m.group_tiles;
  const double input_share =
      again ? 1.0 / static_cast<double>(m.tiles) : (v.row_tile == 0 ? 1 / columns : 0);
  const double output_share = v.column_tile + 1 == m.column_tiles ? 1 / rows : 0;
  at(time_, Stage::fetch_inputs) = inputs_.take_ns(input_bytes_ * input_share * block_share);
  at(time_, Stage::write_back) = outputs_.take_ns(output_bytes_ * output_share * block_share);
  plan_.bursts.push_back(
      {weights_.bursts() - before[0], inputs_.bursts() - before[1], outputs_.bursts() - before[2]});
  const memory::BufferCard& buffer = input_.memory.weight_buffer;
  at(plan_.energy_pJ, Component::weight_buffer) +=
      memory::write_energy_pJ(buffer, context_.weight_buffer, bytes);
  if (regenerate_ || v.replica > 0) return;
  const double used = stored_as_settings_ ? bytes : bits_.tile * v.used_share / 8;
  at(plan_.energy_pJ, Component::weight_buffer) +=
      memory::read_energy_pJ(buffer, context_.weight_buffer, used);
}

void LayerPlanner::visit(int group_tile, int row_tile, int column_tile, std::int64_t block,
                         int replica) {
  const LayerMapping& m = plan_.mapping;
  const std::int64_t number =
      (std::int64_t{group_tile} * m.row_tiles + row_tile) * m.column_tiles + column_tile;
  const TileView view = tile_view(m, number);
  const double used = static_cast<double>(view.rows) * view.columns * view.groups;
  const Visit v{.group_tile = group_tile,
                .row_tile = row_tile,
                .column_tile = column_tile,
                .view = view,
                .used_share = used / static_cast<double>(m.used_weights),
                .vectors = vectors_ / (static_cast<double>(blocks_) * plan_.replicas),
                .replica = replica,
                .first_block = block == 0,
                .last_block = block + 1 == blocks_};
  time_ = {};
  move(v);
  if (replica == 0) {
    if (regenerate_)
      generate(v);
    else if (!stored_as_settings_)
      compute_settings();
  }
  program();
  compute(v);
  post_process(v);
  plan_.tiles.push_back(time_);
}

LayerPlan LayerPlanner::run() {
  const LayerMapping& m = plan_.mapping;
  plan_.tiles.reserve(static_cast<std::size_t>(m.tiles * blocks_ * plan_.replicas));
  const int outer = column_outer_ ? m.column_tiles : m.row_tiles,
            inner = column_outer_ ? m.row_tiles : m.column_tiles;
  for (std::int64_t block = 0; block < blocks_; ++block)
    for (int g = 0; g < m.group_tiles; ++g)
      for (int a = 0; a < outer; ++a)
        for (int b = 0; b < inner; ++b)
          for (int replica = 0; replica < plan_.replicas; ++replica)
            visit(g, column_outer_ ? b : a, column_outer_ ? a : b, block, replica);
  plan_.traffic = {weights_.moved_bytes(), inputs_.moved_bytes(), outputs_.moved_bytes()};
  const memory::DramEnergy& dram = context_.dram;
  at(plan_.energy_pJ, Component::dram_transfer) =
      (weights_.bursts() + inputs_.bursts()) * (dram.read_pJ + dram.io_pJ) +
      outputs_.bursts() * (dram.write_pJ + dram.io_pJ);
  at(plan_.energy_pJ, Component::dram_activate) =
      (weights_.activates() + inputs_.activates() + outputs_.activates()) * dram.activate_pJ;
  return std::move(plan_);
}

}  // namespace

CostContext::CostContext(const CostInput& cost_input)
    : input(cost_input),
      dram(memory::dram_energy(cost_input.memory.dram)),
      weight_buffer(memory::buffer_figures(cost_input.memory.weight_buffer)),
      tile_buffer(memory::buffer_figures(cost_input.memory.tile_buffer)),
      activation_buffer(memory::buffer_figures(cost_input.memory.activation_buffer)),
      weight_GBps(memory::buffer_bandwidth_GBps(cost_input.memory.weight_buffer)),
      tile_GBps(memory::buffer_bandwidth_GBps(cost_input.memory.tile_buffer)),
      activation_GBps(memory::buffer_bandwidth_GBps(cost_input.memory.activation_buffer) /
                      cost_input.schedule.cores) {}

double input_map_bytes(const CostInput& input, const nn::LayerShape& s) {
  return static_cast<double>(s.in_height) * s.in_width * s.in_channels * input.batch *
         input.activation_bits / 8;
}

double output_map_bytes(const CostInput& input, const nn::LayerShape& s) {
  return static_cast<double>(s.out_height) * s.out_width * s.out_channels * input.batch *
         input.activation_bits / 8;
}

LayerPlan plan_layer(const CostContext& context, std::size_t index, bool input_in_dram) {
  return LayerPlanner(context, index, input_in_dram).run();
}

}  // namespace lightloom::cosim
