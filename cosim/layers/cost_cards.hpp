#pragma once

#include "core/cards/card.hpp"

namespace lightloom::cosim {

/// What `automatic` looks at.
enum class Objective { time, energy, energy_delay };

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

}  // namespace lightloom::cosim
