#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/enum_array.hpp"
#include "cosim/layers/cost_input.hpp"
#include "cosim/layers/time_parts.hpp"
#include "cosim/mapping.hpp"
#include "cosim/schedule/tile_schedule.hpp"

namespace lightloom::cosim {

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
  decomposition,      // weights to device settings
  programming,        // writing device settings
  weight_switching,   // turning cells to one of their column's levels (sparse DAC)
  hold,               // keeping them
  input_converters,   // DACs and modulators
  weight_converters,  // those of weights, where they are modulated every symbol
  laser,
  output_converters,  // detectors, amplifiers, ADCs
  accumulation,       // adding partial sums
  core_static,
  post_processing,  // normalisation, activation functions, pooling, sums of branches
  count,
};
std::string_view component_name(Component component);

using Energies = EnumArray<Component, double>;  // pJ
double total(const Energies& energies);
/// Adds component by component.
void add(Energies& sum, const Energies& energies);

/// Bytes moved, in whole bursts.
struct Traffic {
  double weight_bytes = 0;  // from DRAM
  double input_bytes = 0;   // from DRAM
  double output_bytes = 0;  // to DRAM
  double sum_bytes = 0;     // partial sums, to DRAM and back
  [[nodiscard]] double sum() const { return weight_bytes + input_bytes + output_bytes + sum_bytes; }
};

/// A factored layer is one entry; its mapping is that of its largest factor.
struct LayerCost {
  std::string name;
  WeightDelivery way = WeightDelivery::reload;
  LayerMapping mapping;
  double start_ns = 0,
         end_ns = 0;       // end of the layer before to its own end: the spans add up to the total
  StageTimes critical_ns;  // of the critical path, by stage
  PartTimes critical_parts_ns;         // by part; those of all layers add up to the total
  TimePart bound_by = TimePart::core;  // largest of them
  Energies energy_pJ;
  Traffic traffic;
  double resident_bytes = 0;  // of its stored words, in the weight buffer from the batch before
  double here_bytes = 0;      // of its stored words, there since the layer `here_since` left them
  int here_since = 0;         // number of that entry
  double regenerated_tile_bytes = 0;  // of its largest tile that waits in the tile buffer,
  double kernel_bytes = 0;            // of kernels of level 1 that wait there at once,
  double kernels_formed = 0;          // and how often others take their place
  double input_bytes = 0;             // of its (largest factor's) input map, batch included
  std::int64_t macs = 0;              // of the layer, batch included
  std::int64_t product_macs = 0;      // among them: products of maps with maps on the cores
  std::int64_t generation_macs = 0;
  std::int64_t digital_operations = 0;  // behind the layer, batch included
  std::int64_t activation_macs = 0;     // among them: products of maps with maps, attention
  double weight_conversions = 0;        // of weights, by DACs, padding included
  double weight_switchings = 0;         // of cells that turn to another level (sparse DAC)
  std::vector<double> value_shares;     // see CostLayer; of its largest factor
  std::int64_t visits = 0;  // times a tile was programmed (more than tiles unless weights stay)
  int replicas = 1;         // cores that hold a copy of each tile
  double attained_macs_per_ns = 0;     // roofline: what the layer reaches,
  double intensity_macs_per_byte = 0;  // MACs per DRAM byte,
  PartTimes least_ns;  // what core, buffers and DRAM would need with nothing else in the way,
  double roof_macs_per_ns = 0;     // what the slowest of them allows,
  TimePart roof = TimePart::core;  // and which that is
  double refreshes = 0;            // of eDRAM, of whole tensors
  double failed_bits = 0;          // expected: read after their cell leaked
  bool spills_output = false;      // the activation buffer cannot hold it
  bool weights_refetched = false;  // the weight buffer cannot hold the shared streams
  [[nodiscard]] double time_ns() const { return end_ns - start_ns; }
};

/// Where one stage's time went: busy, waiting, fill and drain add up to the whole time.
/// wait_shared: another kind of traffic had the DRAM; wait_turn: it changed its direction.
struct StageCost {
  Stage stage = Stage::compute;
  double busy_ns = 0, wait_data_ns = 0, wait_slot_ns = 0, wait_dependency_ns = 0,
         wait_shared_ns = 0, wait_turn_ns = 0, fill_ns = 0, drain_ns = 0;
  PartTimes busy_parts_ns;  // add up to busy_ns
  double critical_ns = 0;   // of the critical path
};

struct AreaPart {
  std::string component;
  double area_mm2 = 0;
};

struct CostReport {
  double time_ns = 0;
  Energies energy_pJ;
  std::vector<LayerCost> layers;
  std::vector<StageCost> stages;
  PartTimes critical_parts_ns;         // add up to time_ns
  TimePart bound_by = TimePart::core;  // largest of them
  Traffic traffic;
  double resident_bytes = 0;  // in the weight buffer from the batch before
  std::vector<AreaPart> areas;
  std::int64_t tiles = 0;
  int cores_used = 1;             // that get tiles; the others idle because the whole is better so
  bool weights_on_cores = false;  // from the batch before: every tile has a core of its own

  [[nodiscard]] double time_s() const { return time_ns * 1e-9; }
  [[nodiscard]] double energy_J() const { return total(energy_pJ) * 1e-12; }
  [[nodiscard]] double power_W() const {
    return time_ns > 0 ? total(energy_pJ) / time_ns * 1e-3 : 0;
  }
  [[nodiscard]] double area_mm2() const;
};

/// A stream of batches, one after the other.
struct StreamReport {
  CostReport first;   // finds an empty weight buffer
  CostReport steady;  // each later one: weights that fit the weight buffer are not fetched
                      // again, or weights that fit the cores not written again
};

}  // namespace lightloom::cosim
