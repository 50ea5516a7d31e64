#pragma once

#include <cstdint>
#include <optional>

#include "core/cards/card.hpp"
#include "cosim/generator/optical_generator.hpp"
#include "nn/weights/source/weight_source.hpp"

namespace lightloom::cosim {

/// Sizes of a two-level generator W = V (U Wb).
struct FactorShape {
  int out = 0, in = 0, area = 0;  // Co, Ci per group, kernel area
  int cross = 0, intra = 0;       // Bc generated kernels, Bi basis kernels
  bool intra_level = true;        // false: the kernels themselves are stored, [Bc, in, area]
  bool cross_level = true;        // false: every kernel has its own coefficients, Bc = out
};

FactorShape factor_shape(const nn::TwoLevelFactors& factors);

/// Electronic arithmetic that regenerates weights.
struct ElectronicGenerator {
  double macs_per_ns = 1024;  // the array's throughput
  double shift_adds_per_ns = 1024;
  double lookups_per_ns = 256;
  double mac_pJ = 0.23;
  double add_pJ = 0.03;
  double shift_pJ = 0.03;
  double lookup_pJ = 0.4;
  double static_power_mW = 0;
  double area_mm2 = 0.5;
};

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

enum class GeneratorKind { none, electronic, photonic };
enum class Handover {
  digital,  // regenerated weights are digitised, wait in the tile buffer, and are written like
            // stored ones
  analog,   // they drive the core's weights directly; impossible where settings have to be computed
            // from weights
};

/// The hardware that regenerates weights. A photonic generator also has the electronic unit: it
/// does the work of sources that are not two-level products (shifts, look-ups).
struct GeneratorCard {
  GeneratorKind kind = GeneratorKind::none;
  Handover handover = Handover::digital;
  ElectronicGenerator electronic;
  PhotonicGenerator photonic;
  GeneratorNoise noise;                     // of a photonic generator: goes through both levels
  double rate_scale = 1, energy_scale = 1;  // of its work, for what-if questions
};

void describe(Section& section, ElectronicGenerator& card);
void describe(Section& section, PhotonicGenerator& card);
void describe(Section& section, GeneratorCard& card);

/// Work of regenerating one tile, or a part of a layer.
struct GenerationWork {
  nn::RegenerationWork operations;
  std::int64_t basis_words = 0, intra_words = 0,
               cross_words = 0;  // to load into the photonic generator
  int word_bits = 0;  // of the widest of them; more than the DACs' word takes longer to load
  std::int64_t intra_shots = 0, cross_shots = 0;  // before division by replicas
  std::int64_t weights = 0;                       // regenerated
};

/// Time and energy of some generation work on a generator.
struct GenerationCost {
  double time_ns = 0;
  double arithmetic_pJ = 0;  // electronic operations
  double conversion_pJ = 0;  // DACs, modulators, detectors, ADCs
  double laser_pJ = 0;       // light and hold power
};

/// Level-2 shots to form `rows` x `columns` weights: one shot forms cross_rows weights of one
/// kernel position and channel from cross_columns generated kernels.
std::int64_t cross_shots(const PhotonicGenerator& card, const FactorShape& shape, std::int64_t rows,
                         std::int64_t columns);
/// Level-1 shots of a whole layer: Bc k^2 ceil(Ci / R1) ceil(Bi / C1).
std::int64_t intra_shots(const PhotonicGenerator& card, const FactorShape& shape);

GenerationCost generation_cost(const GeneratorCard& card, const GenerationWork& work,
                               bool two_level);

/// Eq. 8 of Gu et al. (ICCV 2021): latency of generating a whole layer in one shot,
///     tau = tau_dac + tau_mod + tau_prop1 + tau_oe + tau_mod + tau_prop2 + tau_oe,
///     tau_dac = bits / f_dac, tau_prop = n_g 4 B R / c,
/// against the time that loading only the stored share of the weights saves, (1 - ratio) bytes /
/// bandwidth.
struct GenerationLatencyCard {
  double dac_rate_Gbps = 10;
  int dac_bits = 4;
  double modulation_ps = 50;
  double conversion_ps = 10;
  double ring_radius_um = 20;
  double group_index = 2.25;  // not in the printed formula; reproduces its 25.2 ps
  int intra = 2, cross = 40;
  double weights = 128 * 128 * 9;
  int weight_bits = 16;
  double memory_ratio = 0.0272;
  double bandwidth_GBps = 34;
};
struct GenerationLatency {
  double dac_ps = 0, modulation_ps = 0, propagation_ps = 0, conversion_ps = 0, total_ps = 0;
  double saved_ns = 0;
};
void describe(Section& section, GenerationLatencyCard& card);
GenerationLatency generation_latency(const GenerationLatencyCard& card);

}  // namespace lightloom::cosim
