#pragma once

#include <cstdint>

#include "core/cards/card.hpp"
#include "cosim/generator/generation_cost.hpp"
#include "photonic/cores/core_card.hpp"

namespace lightloom::cosim {

/// The devices of a generator's banks where its card says nothing of them: carrier-driven
/// microrings that settle in a nanosecond, one a bus.
photonic::CoreCard default_bank();

/// Two cascaded weight banks that form U Wb and V (.), after Gu et al. (ICCV 2021, Sec. 3.4). One
/// shot sends `columns` modulated numbers through one bank, which adds them up in `rows` detectors.
///
/// The banks are tensor cores: `bank` describes their devices as it would a core's, and from that
/// one description come the noise of the weights, the energy, the time and the area. Rows, columns,
/// symbol rate (one shot) and light of both banks are the generator's own; those of `bank` are not
/// used. Numbers of both signs are sent as (1 + x) / 2; the constant that this adds to an output is
/// known and taken off by a bias current.
struct PhotonicGenerator {
  enum class Levels {
    digital,  // an ADC reads level 1, the kernels wait in the tile buffer, DACs drive level 2
    analog,   // the amplifiers of level 1 drive the modulators of level 2: nothing waits, so every
              // tile forms its kernels anew
  };

  enum class Scales {
    layer,   // one full scale of inputs and outputs of a bank for a whole layer
    output,  // drivers and amplifiers give the weights of each output of the layer a full scale of
             // their own
  };

  int intra_rows = 64, intra_columns = 4, intra_replicas = 8;   // banks of level 1
  int cross_rows = 64, cross_columns = 64, cross_replicas = 1;  // banks of level 2
  double shot_ns = 0.05;                                        // one input vector through one bank
  int dac_lanes = 64;                                           // DACs that set coefficients
  double dac_rate_Gbps = 10;                                    // serial bits a lane
  int word_bits = 4;                                            // of a coefficient at the DAC
  Levels levels = Levels::digital;
  Scales scales = Scales::layer;
  double laser_power_mW = 0;   // electrical, of all banks; 0: what `bits` takes
  double bits = 0;             // effective bits of the light (see GeneratorLight); 0: what the
                               // laser gives. Neither given: `usual_bits`
  double static_power_mW = 0;  // beside what the banks draw
  double area_mm2 = 0;         // beside converters and devices
  photonic::CoreCard bank = default_bank();

  static constexpr double usual_bits = 4;
};

/// Reads a card. A laser and bits that contradict each other, bits that no laser gives, and banks
/// that are no intensity cores are problems of the card.
void describe(Section& section, PhotonicGenerator& card);

/// How often `step` has to be taken to come to `value`.
constexpr std::int64_t divide_up(std::int64_t value, std::int64_t step) {
  return (value + step - 1) / step;
}

/// Throws `Error` where the banks cannot make a layer: readings that stay light are added up
/// nowhere, and levels that are joined by light need a bank of level 1 for every kernel.
/// `digital_weights`: the weights are digitised.
void require_reachable(const PhotonicGenerator& card, bool digital_weights,
                       const FactorShape& shape);

/// Level-2 shots to form `rows` x `columns` weights: one shot forms cross_rows weights of one
/// kernel position and channel from cross_columns generated kernels.
std::int64_t cross_shots(const PhotonicGenerator& card, const FactorShape& shape, std::int64_t rows,
                         std::int64_t columns);
/// Level-1 shots of a whole layer: Bc k^2 ceil(Ci / R1) ceil(Bi / C1).
std::int64_t intra_shots(const PhotonicGenerator& card, const FactorShape& shape);

}  // namespace lightloom::cosim
