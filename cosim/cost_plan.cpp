#include "cosim/cost_plan.hpp"

#include <algorithm>
#include <cmath>

#include "memory/dram_estimate.hpp"

namespace lightloom::cosim {
namespace {

double& at(Energies& energies, Component component) {
  return energies[static_cast<std::size_t>(component)];
}
double& at(std::array<double, stage_count>& times, Stage stage) {
  return times[static_cast<std::size_t>(stage)];
}

/// Bits of a layer's streams by the tiles that need them.
struct StoredBits {
  double layer = 0;  // all tiles (bases)
  double column_tile =
      0;  // divided over the column tiles (intra-kernel coefficients belong to input channels)
  double row_tile =
      0;  // divided over the row tiles (cross-kernel coefficients belong to output channels)
  double tile = 0;  // divided over all tiles by used weights
  [[nodiscard]] double shared() const { return layer + column_tile + row_tile; }
};

StoredBits stored_bits(const CostLayer& layer) {
  StoredBits bits;
  for (const nn::StoredStream& stream : layer.streams) {
    const double amount = static_cast<double>(stream.count) * stream.bits;
    const bool generated = layer.way == Way::regenerate;
    if (generated && stream.name == "basis")
      bits.layer += amount;
    else if (generated && stream.name == "intra")
      bits.column_tile += amount;
    else if (generated && stream.name == "cross")
      bits.row_tile += amount;
    else
      bits.tile += amount;
  }
  return bits;
}

/// One kind of DRAM traffic of a layer: bytes handed out tile by tile in whole bursts.
class BurstMeter {
 public:
  BurstMeter(const memory::DramCard& card, double run_bytes)
      : atom_(card.organization.atom_bytes()) {
    const memory::DramEstimate estimate = memory::estimate_runs(card, std::max(run_bytes, 1.0));
    burst_ns_ = estimate.cycles_per_request * card.clock_ns;
    activates_per_burst_ = 1 - estimate.row_hit_share;
  }
  /// Bursts that `bytes` more need beyond those already moved.
  double take(double bytes) {
    bytes_ += bytes;
    const double before = bursts_;
    bursts_ = std::ceil(bytes_ / atom_ * (1 - 1e-12));
    return bursts_ - before;
  }
  [[nodiscard]] double burst_ns() const { return burst_ns_; }
  [[nodiscard]] double bursts() const { return bursts_; }
  [[nodiscard]] double moved_bytes() const { return bursts_ * atom_; }
  [[nodiscard]] double activates() const { return bursts_ * activates_per_burst_; }

 private:
  double atom_, burst_ns_ = 0, activates_per_burst_ = 0, bytes_ = 0, bursts_ = 0;
};

/// Plans one layer tile by tile.
class LayerPlanner {
 public:
  LayerPlanner(const CostContext& context, std::size_t index, bool input_in_dram);
  LayerPlan run();

 private:
  struct Position {
    int group_tile, row_tile, column_tile;
  };
  void place_activations(bool input_in_dram, bool last);
  void plan_tile(const Position& position);
  double weight_bytes(const Position& position, double used_share);
  void generate(const Position& position, const TileView& view, double used_share);
  void program();
  void compute(const Position& position, const TileView& view);
  [[nodiscard]] bool visits_column_first(const Position& p) const {
    return column_outer_ ? p.row_tile == 0 : (p.row_tile == 0 || !intermediate_fits_);
  }

  const CostContext& context_;
  const CostInput& input_;
  const CostLayer& layer_;
  const photonic::CoreCost& core_;
  LayerPlan plan_;
  StoredBits bits_;
  bool regenerate_, stored_as_settings_;
  bool column_outer_ = false;      // order of tiles: all rows of a column first
  bool intermediate_fits_ = true;  // the generated kernels of all columns stay in the tile buffer
  double vectors_ = 0;             // input vectors of the batch
  double input_bytes_ = 0, output_bytes_ = 0;  // DRAM traffic of activations
  std::array<double, stage_count> time_{};     // of the tile in hand
  BurstMeter weights_, inputs_, outputs_;
};

LayerPlanner::LayerPlanner(const CostContext& context, std::size_t index, bool input_in_dram)
    : context_(context),
      input_(context.input),
      layer_(context.input.layers[index]),
      core_(context.input.core.cost),
      bits_(stored_bits(layer_)),
      regenerate_(layer_.way == Way::regenerate),
      stored_as_settings_(!regenerate_ && core_.decompose_operations > 0),
      weights_(input_.memory.dram, (bits_.shared() + bits_.tile) / 8),
      inputs_(input_.memory.dram, input_map_bytes(input_, layer_.shape)),
      outputs_(input_.memory.dram, output_map_bytes(input_, layer_.shape)) {
  plan_.mapping = map_layer(layer_.shape, {input_.core.rows, input_.core.columns}, input_.packing);
  vectors_ = static_cast<double>(plan_.mapping.input_vectors) * input_.batch;
  plan_.weights_refetched = regenerate_ && bits_.shared() / 8 > input_.memory.weight_buffer.bytes();
  place_activations(input_in_dram, index + 1 == input_.layers.size());
  const double accumulators = vectors_ * layer_.shape.out_channels / layer_.shape.groups *
                              input_.schedule.accumulator_bits / 8;
  column_outer_ = regenerate_ && accumulators <= input_.memory.activation_buffer.bytes() / 2;
  if (regenerate_ && layer_.factors) {
    const double kernels = static_cast<double>(layer_.factors->cross) * plan_.mapping.group_columns;
    intermediate_fits_ =
        kernels * input_.programming.setting_bits / 8 <= input_.memory.tile_buffer.bytes() / 2;
  }
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

/// Stored bytes that the tile in hand is the first to need.
double LayerPlanner::weight_bytes(const Position& p, double used_share) {
  if (stored_as_settings_)
    return static_cast<double>(core_.devices) * input_.programming.setting_bits / 8;
  const LayerMapping& m = plan_.mapping;
  const bool first_column = p.column_tile == 0;
  double bits = bits_.tile * used_share;
  if (p.group_tile == 0 && p.row_tile == 0 && first_column) bits += bits_.layer;
  if (visits_column_first(p)) bits += bits_.column_tile / (m.column_tiles * m.group_tiles);
  if (first_column || plan_.weights_refetched)
    bits += bits_.row_tile / (m.row_tiles * m.group_tiles);
  return bits / 8;
}

void LayerPlanner::generate(const Position& p, const TileView& view, double used_share) {
  const LayerMapping& m = plan_.mapping;
  const bool first = visits_column_first(p);
  const double column_share = first ? 1.0 / (m.column_tiles * m.group_tiles) : 0;
  GenerationWork work;
  const auto part = [](std::int64_t whole, double share) {
    return std::llround(static_cast<double>(whole) * share);
  };
  work.operations = {.intra_macs = part(layer_.work.intra_macs, column_share),
                     .cross_macs = part(layer_.work.cross_macs, used_share),
                     .shifts = part(layer_.work.shifts, used_share),
                     .adds = part(layer_.work.adds, used_share),
                     .lookups = part(layer_.work.lookups, used_share)};
  work.weights = std::int64_t{view.groups} * view.rows * view.columns;
  double kernel_bytes =
      0;  // generated kernels of this column, 8 bits each, written once and read for every row
  const double setting_bytes = input_.programming.setting_bits / 8.0;
  if (layer_.factors) {
    const FactorShape& f = *layer_.factors;
    const PhotonicGenerator& card = input_.generator.photonic;
    work.basis_words = part(std::int64_t{f.cross} * std::max(f.intra, 1) * f.area, column_share);
    work.intra_words =
        f.intra_level ? part(std::int64_t{f.cross} * f.in * f.intra, column_share) : 0;
    work.cross_words = f.cross_level ? std::int64_t{view.rows} * f.cross : 0;
    work.intra_shots = part(intra_shots(card, f), column_share);
    work.cross_shots = cross_shots(card, f, view.rows, view.columns);
    if (f.cross_level) kernel_bytes = static_cast<double>(f.cross) * view.columns * setting_bytes;
  }
  const GenerationCost cost = generation_cost(input_.generator, work, layer_.factors.has_value());
  plan_.generation_macs += work.operations.intra_macs + work.operations.cross_macs;
  const double coefficient_bytes =
      (bits_.tile * used_share + bits_.row_tile / m.row_tiles / m.group_tiles +
       bits_.column_tile * column_share) /
      8;
  const double regenerated_bytes = static_cast<double>(work.weights) * setting_bytes;
  const bool analog = input_.generator.kind == GeneratorKind::photonic &&
                      input_.generator.handover == Handover::analog && layer_.factors.has_value();
  const memory::BufferCard& tile_card = input_.memory.tile_buffer;
  at(plan_.energy_pJ, Component::weight_buffer) += memory::read_energy_pJ(
      input_.memory.weight_buffer, context_.weight_buffer, coefficient_bytes);
  at(plan_.energy_pJ, Component::tile_buffer) +=
      (first ? memory::write_energy_pJ(tile_card, context_.tile_buffer, kernel_bytes) : 0) +
      memory::read_energy_pJ(tile_card, context_.tile_buffer, kernel_bytes);
  at(plan_.energy_pJ, Component::generator) += cost.arithmetic_pJ;
  at(plan_.energy_pJ, Component::generator_converters) += cost.conversion_pJ;
  at(plan_.energy_pJ, Component::generator_laser) += cost.laser_pJ;
  if (analog) {  // the generator drives the core while it computes: no overlap, and its light stays
                 // on
    at(time_, Stage::program) += cost.time_ns;
    const double compute_ns = core_.symbol_rate_GHz > 0 ? vectors_ / core_.symbol_rate_GHz : 0;
    if (cost.time_ns > 0)
      at(plan_.energy_pJ, Component::generator_laser) += cost.laser_pJ / cost.time_ns * compute_ns;
    return;
  }
  at(time_, Stage::generate) =
      std::max(cost.time_ns, (regenerated_bytes + kernel_bytes) / context_.tile_GBps);
  at(plan_.energy_pJ, Component::tile_buffer) +=
      memory::write_energy_pJ(tile_card, context_.tile_buffer, regenerated_bytes) +
      memory::read_energy_pJ(tile_card, context_.tile_buffer, regenerated_bytes);
  plan_.regenerated_tile_bytes = std::max(plan_.regenerated_tile_bytes, regenerated_bytes);
  if (core_.decompose_operations > 0) {
    at(time_, Stage::decompose) = core_.decompose_operations / input_.digital.operations_per_ns;
    at(plan_.energy_pJ, Component::decomposition) +=
        core_.decompose_operations * input_.digital.operation_pJ;
  }
}

void LayerPlanner::program() {
  const ProgrammingCard& card = input_.programming;
  const auto devices = static_cast<double>(core_.devices);
  const double rounds = card.lanes > 0 ? std::ceil(devices / card.lanes) : (devices > 0 ? 1 : 0);
  at(time_, Stage::program) += rounds / card.rate_GHz + core_.settle_ns;
  at(plan_.energy_pJ, Component::programming) += devices * core_.write_energy_pJ;
}

void LayerPlanner::compute(const Position& p, const TileView& view) {
  const nn::LayerShape& shape = layer_.shape;
  const memory::BufferCard& buffer = input_.memory.activation_buffer;
  const int passes =
      layer_.signed_inputs && input_.core.coding == photonic::InputCoding::intensity ? 2 : 1;
  const double used_rows = static_cast<double>(view.rows) * view.groups;
  const double used_columns = static_cast<double>(view.columns) * view.groups;
  const double symbols = vectors_ * passes;
  const double im2col = vectors_ * used_columns;
  const double channels =
      std::min(view.columns, shape.in_channels / shape.groups) * static_cast<double>(view.groups);
  const double unique =
      static_cast<double>(shape.in_height) * shape.in_width * channels * input_.batch;
  const double read_elements = input_.memory.line_buffer ? std::min(im2col, unique) : im2col;
  const double read_bytes = read_elements * input_.activation_bits / 8;
  const double outputs = vectors_ * used_rows;
  const double sum_bytes = outputs * input_.schedule.accumulator_bits / 8;
  const bool first = p.column_tile == 0, last = p.column_tile + 1 == plan_.mapping.column_tiles;
  const double read_back = first ? 0 : sum_bytes;
  const double written = last ? outputs * input_.activation_bits / 8 : sum_bytes;

  const double core_ns = core_.symbol_rate_GHz > 0 ? symbols / core_.symbol_rate_GHz : 0;
  const double buffer_ns = (read_bytes + read_back + written) / context_.activation_GBps;
  at(time_, Stage::compute) = std::max(core_ns, buffer_ns);
  at(plan_.energy_pJ, Component::activation_buffer) +=
      memory::read_energy_pJ(buffer, context_.activation_buffer, read_bytes + read_back) +
      memory::write_energy_pJ(buffer, context_.activation_buffer, written);
  if (input_.memory.line_buffer)
    at(plan_.energy_pJ, Component::activation_buffer) +=
        im2col * input_.activation_bits * input_.memory.register_pJ_per_bit;
  at(plan_.energy_pJ, Component::input_converters) +=
      symbols * input_.core.columns * core_.input_energy_pJ;
  at(plan_.energy_pJ, Component::output_converters) +=
      symbols * input_.core.rows * core_.output_energy_pJ;
  at(plan_.energy_pJ, Component::laser) += core_ns * core_.laser_power_mW;
  if (!first || passes > 1) {
    const double additions = outputs * ((first ? 0 : 1) + (passes - 1));
    at(plan_.energy_pJ, Component::accumulation) += additions * input_.digital.add_pJ;
  }
}

void LayerPlanner::plan_tile(const Position& p) {
  const LayerMapping& m = plan_.mapping;
  const std::int64_t number =
      (std::int64_t{p.group_tile} * m.row_tiles + p.row_tile) * m.column_tiles + p.column_tile;
  const TileView view = tile_view(m, number);
  const double used = static_cast<double>(view.rows) * view.columns * view.groups;
  const double used_share = used / static_cast<double>(m.used_weights);
  const double tile_share = 1.0 / static_cast<double>(m.tiles);
  time_ = {};
  const double bytes = weight_bytes(p, used_share);
  plan_.largest_weight_tile_bytes = std::max(plan_.largest_weight_tile_bytes, bytes);
  const double dram_ns = weights_.take(bytes) * weights_.burst_ns() +
                         inputs_.take(input_bytes_ * tile_share) * inputs_.burst_ns() +
                         outputs_.take(output_bytes_ * tile_share) * outputs_.burst_ns();
  at(time_, Stage::memory) = std::max(dram_ns, bytes / context_.weight_GBps);
  const memory::BufferCard& buffer = input_.memory.weight_buffer;
  at(plan_.energy_pJ, Component::weight_buffer) +=
      memory::write_energy_pJ(buffer, context_.weight_buffer, bytes);
  if (regenerate_)
    generate(p, view, used_share);
  else
    at(plan_.energy_pJ, Component::weight_buffer) +=
        memory::read_energy_pJ(buffer, context_.weight_buffer, bytes);
  program();
  compute(p, view);
  plan_.tiles.push_back(time_);
}

LayerPlan LayerPlanner::run() {
  const LayerMapping& m = plan_.mapping;
  plan_.tiles.reserve(m.tiles);
  const int outer = column_outer_ ? m.column_tiles : m.row_tiles,
            inner = column_outer_ ? m.row_tiles : m.column_tiles;
  for (int g = 0; g < m.group_tiles; ++g)
    for (int a = 0; a < outer; ++a)
      for (int b = 0; b < inner; ++b)
        plan_tile(column_outer_ ? Position{g, b, a} : Position{g, a, b});
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
      activation_GBps(memory::buffer_bandwidth_GBps(cost_input.memory.activation_buffer)) {}

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
