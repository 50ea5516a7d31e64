#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "cosim/cost/cost_simulation.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

// A card all of whose numbers differ, so that none can stand for another: 24 outputs and 20 inputs,
// 500 devices, words of 2 bytes, accumulators of 4.

namespace lightloom::cosim {

inline photonic::CoreDescription hand_core() {
  photonic::CoreDescription core{
      .kind = "hand", .rows = 24, .columns = 20, .coding = photonic::InputCoding::intensity};
  core.cost = {
      .symbol_rate_GHz = 2,
      .settle_ns = 70,
      .write_energy_pJ = 3,
      .hold_power_mW = 0.02,
      .laser_power_mW = 90,
      .input_energy_pJ = 0.3,
      .output_energy_pJ = 1.1,
      .static_power_mW = 11,
      .area_mm2 = 5,
      .devices = 500,
      .parts = {{.component = "ADC", .area_mm2 = 1.25}, {.component = "laser", .area_mm2 = 0.5}}};
  return core;
}

/// Two channels of two ranks of eight devices each, 1 GHz.
inline memory::DramCard hand_dram() {
  memory::DramCard dram{.clock_ns = 1, .io_pJ_per_bit = 5};
  dram.organization.channels = dram.organization.ranks = 2;
  dram.currents = {.vdd_V = 1.2,
                   .idd0 = 60,
                   .idd2n = 34,
                   .idd3n = 42,
                   .idd4w = 140,
                   .idd4r = 155,
                   .idd5ab = 250,
                   .devices_per_rank = 8};
  return dram;
}

inline CostInput hand_card() {
  CostInput input{.core = hand_core()};
  input.memory.dram = hand_dram();
  input.memory.weight_buffer = {.capacity_KB = 512,
                                .word_bytes = 4,
                                .banks = 2,
                                .read_pJ = 2,
                                .write_pJ = 3,
                                .leakage_mW = 7,
                                .area_mm2 = 0.7,
                                .access_ns = 0.5};
  input.memory.tile_buffer = {.capacity_KB = 64,
                              .word_bytes = 1,
                              .banks = 32,
                              .read_pJ = 0.5,
                              .write_pJ = 0.6,
                              .leakage_mW = 1.5,
                              .area_mm2 = 0.3,
                              .access_ns = 0.25};
  input.memory.activation_buffer = {.capacity_KB = 1024,
                                    .word_bytes = 2,
                                    .banks = 64,
                                    .read_pJ = 0.8,
                                    .write_pJ = 0.9,
                                    .leakage_mW = 13,
                                    .area_mm2 = 1.1,
                                    .access_ns = 0.5};
  input.memory.register_pJ_per_bit = 0.013;
  input.generator.electronic = {
      .macs_per_ns = 50, .mac_pJ = 0.21, .static_power_mW = 17, .area_mm2 = 0.45};
  input.programming = {.lanes = 33, .rate_GHz = 1.25, .setting_bits = 6};
  input.digital = {.operations_per_ns = 50,
                   .operation_pJ = 2,
                   .vector_operations_per_ns = 100,
                   .add_pJ = 0.1,
                   .multiply_pJ = 3,
                   .lookup_pJ = 1.7,
                   .area_mm2 = 0.6};
  input.schedule.block_vectors = 20;
  input.schedule.replicate = false;
  input.activation_bits = 16;
  return input;
}

/// Maps, vectors and depthwise groups; edges of tiles in rows, in columns and in both; every layer
/// has more tiles than there are cores.
inline std::vector<nn::LayerShape> hand_shapes() {
  nn::LayerShape vector{.name = "vector",
                        .kind = nn::LayerShape::Kind::linear,
                        .in_channels = 50,
                        .out_channels = 70};
  nn::LayerShape depthwise = conv(12, 12, 3, 6);
  depthwise.groups = 12;
  return {conv(10, 30, 3, 6), conv(16, 20, 3, 4, 2), vector, depthwise};
}

struct HandCase {
  std::string name;
  CostInput input;
};

/// All shapes, dataflows, passes, cores and batches; weights of 4 bits that come from DRAM.
inline std::vector<HandCase> hand_cases() {
  std::vector<HandCase> cases;
  for (const nn::LayerShape& shape : hand_shapes())
    for (const Dataflow flow :
         {Dataflow::weight_stationary, Dataflow::output_stationary, Dataflow::input_stationary})
      for (const bool signed_inputs : {false, true})
        for (const int cores : {1, 2})
          for (const int batch : {1, 3}) {
            CostInput input = hand_card();
            input.layers = {reload_layer(shape, 4)};
            input.layers[0].signed_inputs = signed_inputs;
            input.schedule.dataflow = flow;
            input.schedule.cores = cores;
            input.batch = batch;
            cases.push_back({fmt::format("{}x{} of {} inputs, dataflow {}, signed {}, {} cores, {}",
                                         shape.out_height, shape.out_channels, shape.in_channels,
                                         static_cast<int>(flow), signed_inputs, cores, batch),
                             std::move(input)});
          }
  return cases;
}

}  // namespace lightloom::cosim
