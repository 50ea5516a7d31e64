#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cosim/cost/digital_work.hpp"
#include "cosim/generator/generator_card.hpp"
#include "cosim/mapping.hpp"
#include "cosim/schedule/tile_schedule.hpp"
#include "memory/memory_card.hpp"
#include "nn/graph/layer_shape.hpp"
#include "nn/weights/source/weight_source.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// How a layer is run.
enum class Way {
  reload,      // its weights are stored in full in DRAM
  regenerate,  // its weights are stored compressed and rebuilt on chip tile by tile
  factored,  // y = V (Wb * (U x)): the factors are run one after the other, the weights never exist
  automatic,  // chosen by the cost of the whole schedule (choose_ways)
};
const char* way_name(Way way);

/// What `automatic` looks at.
enum class Objective { time, energy, energy_delay };

/// One layer of a cost simulation.
struct CostLayer {
  nn::LayerShape shape;
  Way way = Way::reload;
  std::vector<nn::StoredStream> streams;  // what is stored
  nn::RegenerationWork work;  // to rebuild the weights once; none: the streams are the weights
  std::optional<FactorShape> factors;  // for two-level sources
  int reload_bits = 8;         // per weight, when a source that takes work is reloaded instead
  DigitalWork digital;         // done to the results, per image
  bool signed_inputs = false;  // cores with intensity inputs then take two passes
  [[nodiscard]] bool takes_work() const;
};

/// A layer whose plain weights of `bits` each are in DRAM.
CostLayer reload_layer(const nn::LayerShape& shape, int bits);
/// A layer run from a weight source: regenerated if that takes work, else its streams are reloaded.
CostLayer source_layer(const nn::LayerShape& shape, nn::StoredWeight& source);

/// How core settings are written.
struct ProgrammingCard {
  int lanes = 64;          // settings written at once (weight DACs); 0: all of a tile
  double rate_GHz = 1.25;  // settings per second and lane
  int setting_bits =
      8;  // of one stored device setting, for cores whose settings are computed from weights
  bool shadow_settings = false;  // a second set of settings is written while the first computes
};

/// The digital unit that turns regenerated weights into device settings (MZI meshes), adds partial
/// sums and does what stands between the layers.
struct DigitalUnitCard {
  double operations_per_ns = 64;          // of decomposition
  double operation_pJ = 2.3;              // mean of a 32-bit floating-point multiply and add
  double vector_operations_per_ns = 256;  // of normalisation, activation functions, pooling, sums
  double add_pJ = 0.1;       // 32-bit integer addition or comparison, 45 nm (Horowitz, ISSCC 2014)
  double multiply_pJ = 3.1;  // 32-bit integer, the same source
  double lookup_pJ = 1.6;    // 8 bytes of a 4 KB table (CACTI 7, 32 nm hp)
  double area_mm2 = 0.5;
};

/// What stays in place while the rest streams.
enum class Dataflow {
  weight_stationary,  // a tile is programmed once and sees all input vectors; partial sums travel
  output_stationary,  // blocks of input vectors; the partial sums of a block stay in accumulators
                      // over all column tiles
  input_stationary,   // blocks of input vectors stay in registers over all row tiles
};

struct ScheduleCard {
  int cores = 1;  // equal tensor cores that share DRAM, buffers and generator; a layer's tiles go
                  // round them
  bool replicate = true;  // cores beyond a layer's tiles hold copies and share its input vectors
  // Places for each core:
  int weight_slots = 2;  // tiles fetched ahead (1 single, 2 double buffering), as far as the weight
                         // buffer holds them
  int tile_slots = 2;    // regenerated tiles ahead, as far as the tile buffer holds them
  int input_slots = 2;   // chunks of activations read ahead from DRAM
  int output_slots = 2;  // chunks of results waiting for DRAM
  int accumulator_bits = 32;
  Dataflow dataflow = Dataflow::weight_stationary;
  int block_vectors = 256;                // input vectors of a block, for the other two dataflows
  Objective objective = Objective::time;  // of automatic layers
  double bandwidth_scale = 1;             // of the DRAM, for what-if questions
};

void describe(Section& section, ProgrammingCard& card);
void describe(Section& section, DigitalUnitCard& card);
void describe(Section& section, ScheduleCard& card);

/// Everything a cost simulation depends on.
struct CostInput {
  std::vector<CostLayer> layers;
  photonic::CoreDescription core;
  memory::MemoryCard memory;
  GeneratorCard generator;
  ProgrammingCard programming;
  DigitalUnitCard digital;
  ScheduleCard schedule;
  int batch = 1;
  int activation_bits = 8;
  GroupPacking packing = GroupPacking::block_diagonal;
};

/// Where energy goes.
enum class Component {
  dram_transfer,  // read and write bursts with their interface
  dram_activate,
  dram_background,  // standby and refresh
  weight_buffer,
  tile_buffer,
  activation_buffer,  // feature maps, partial sums, line buffer
  buffer_leakage,     // all buffers; eDRAM refresh, by lifetimes, included
  generator,          // arithmetic of an electronic generator
  generator_converters,
  generator_laser,
  generator_static,
  decomposition,     // weights to device settings
  programming,       // writing device settings
  hold,              // keeping them
  input_converters,  // DACs and modulators
  laser,
  output_converters,  // detectors, amplifiers, ADCs
  accumulation,       // adding partial sums
  core_static,
  post_processing,  // normalisation, activation functions, pooling, sums of branches
};
inline constexpr std::size_t component_count = 20;
std::string_view component_name(Component component);

using Energies = std::array<double, component_count>;  // pJ, by Component
double total(const Energies& energies);

/// Bytes moved, in whole bursts.
struct Traffic {
  double weight_bytes = 0;  // from DRAM
  double input_bytes = 0;   // from DRAM
  double output_bytes = 0;  // to DRAM
  [[nodiscard]] double sum() const { return weight_bytes + input_bytes + output_bytes; }
};

/// A factored layer is one entry; its mapping is that of its largest factor.
struct LayerCost {
  std::string name;
  Way way = Way::reload;
  LayerMapping mapping;
  double start_ns = 0,
         end_ns = 0;  // end of the layer before to its own end: the spans add up to the total
  std::array<double, stage_count> critical_ns{};  // of the critical path, by stage
  Stage bound_by = Stage::compute;                // largest of them
  Energies energy_pJ{};
  Traffic traffic;
  double input_bytes = 0;  // of its (largest factor's) input map, batch included
  std::int64_t macs = 0;   // of the layer, batch included
  std::int64_t generation_macs = 0;
  std::int64_t digital_operations = 0;  // behind the layer, batch included
  std::int64_t visits = 0;  // times a tile was programmed (more than tiles unless weights stay)
  int replicas = 1;         // cores that hold a copy of each tile
  double attained_macs_per_ns = 0;     // roofline: what the layer reaches,
  double intensity_macs_per_byte = 0;  // MACs per DRAM byte,
  double roof_macs_per_ns = 0;         // and min(core's peak, intensity x effective bandwidth)
  double refreshes = 0;                // of eDRAM, of whole tensors
  double failed_bits = 0;              // expected: read after their cell leaked
  bool spills_output = false;          // the activation buffer cannot hold it
  bool weights_refetched = false;      // the weight buffer cannot hold the shared streams
  [[nodiscard]] double time_ns() const { return end_ns - start_ns; }
};

/// Where one stage's time went: busy, waiting, fill and drain add up to the whole time.
/// wait_shared: another kind of traffic had the DRAM.
struct StageCost {
  Stage stage = Stage::compute;
  double busy_ns = 0, wait_data_ns = 0, wait_slot_ns = 0, wait_dependency_ns = 0,
         wait_shared_ns = 0, fill_ns = 0, drain_ns = 0;
  double critical_ns = 0;  // of the critical path
};

struct AreaPart {
  std::string component;
  double area_mm2 = 0;
};

struct CostReport {
  double time_ns = 0;
  Energies energy_pJ{};
  std::vector<LayerCost> layers;
  std::vector<StageCost> stages;
  Stage bound_by = Stage::compute;
  Traffic traffic;
  std::vector<AreaPart> areas;
  std::int64_t tiles = 0;

  [[nodiscard]] double time_s() const { return time_ns * 1e-9; }
  [[nodiscard]] double energy_J() const { return total(energy_pJ) * 1e-12; }
  [[nodiscard]] double power_W() const {
    return time_ns > 0 ? total(energy_pJ) / time_ns * 1e-3 : 0;
  }
  [[nodiscard]] double area_mm2() const;
};

/// The input with `automatic` ways chosen: of the choices in which every layer takes what is
/// cheapest by itself and those in which all take the same way, the one whose whole schedule costs
/// least (ScheduleCard::objective), then layer by layer whatever makes the whole cheaper. Ways the
/// hardware cannot run are left out. Where nothing is regenerated there is no generator to pay for.
CostInput choose_ways(const CostInput& input);

/// Takes the generator out if no layer regenerates its weights.
void drop_unused_generator(CostInput& input);

/// Time, energy and area of one inference of a batch. Throws `Error` for impossible combinations.
/// Baselines go through the same function with their own streams.
CostReport simulate_cost(const CostInput& input);

}  // namespace lightloom::cosim
