#pragma once

#include <cstdint>

#include "core/cards/card.hpp"
#include "cosim/generator/generation_cost.hpp"

namespace lightloom::cosim {

/// Two cascaded weight banks (ring or crossbar) that form U Wb and V (.), with conversion between
/// them.
struct PhotonicGenerator {
  int intra_rows = 64, intra_columns = 4, intra_replicas = 8;   // banks of level 1
  int cross_rows = 64, cross_columns = 64, cross_replicas = 1;  // banks of level 2
  double shot_ns = 0.05;                                        // one input vector through one bank
  int dac_lanes = 64;           // DACs that load bases and coefficients
  double dac_rate_Gbps = 10;    // serial bits a lane
  int word_bits = 4;            // of bases and coefficients at the DAC
  double settle_ns = 0;         // of a bank after it was set
  double dac_pJ = 3.57;         // per coefficient set
  double modulate_pJ = 0.45;    // per element modulated
  double detect_pJ = 0.3;       // per element detected (photodiode and TIA)
  double adc_pJ = 1.33;         // per regenerated weight, digital hand-over only
  double laser_power_mW = 100;  // while generating
  double hold_power_mW = 0;     // per set weight of both banks, while generating
  double static_power_mW = 0;
  double area_mm2 = 1;
};

void describe(Section& section, PhotonicGenerator& card);

/// Level-2 shots to form `rows` x `columns` weights: one shot forms cross_rows weights of one
/// kernel position and channel from cross_columns generated kernels.
std::int64_t cross_shots(const PhotonicGenerator& card, const FactorShape& shape, std::int64_t rows,
                         std::int64_t columns);
/// Level-1 shots of a whole layer: Bc k^2 ceil(Ci / R1) ceil(Bi / C1).
std::int64_t intra_shots(const PhotonicGenerator& card, const FactorShape& shape);

}  // namespace lightloom::cosim
