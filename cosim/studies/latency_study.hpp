#pragma once

#include "cosim/cost/cost_simulation.hpp"
#include "cosim/studies/generation_latency.hpp"

namespace lightloom::cosim {

/// Eq. 8 of Gu et al. (ICCV 2021) for one layer, next to what the tiled, contended schedule says
/// about the same layer on the same bandwidth.
struct LatencyStudy {
  GenerationLatency equation;  // one shot for the whole layer, and the load time it claims to save
  double tiled_generation_ns =
      0;  // the generator's own time for all tiles: words through DAC lanes, shots through banks
  double reload_load_ns = 0;      // DRAM time of the plain weights in the schedule
  double regenerate_load_ns = 0;  // DRAM time of bases and coefficients in the schedule
  CostReport reload, regenerate;  // full simulations
  [[nodiscard]] double speedup() const { return reload.time_ns / regenerate.time_ns; }
};

/// The layer of the card: a square convolution whose channels follow from `weights` (channels^2
/// kernel^2), intra and cross bases of the card, `dac_bits` per stored word, plain weights of
/// `weight_bits`, on a square output map. `hardware` gives core, buffers, generator (made photonic)
/// and schedule; its DRAM is scaled to the card's bandwidth.
LatencyStudy study_latency(const GenerationLatencyCard& card, const CostInput& hardware,
                           int kernel = 3, int map = 16);

}  // namespace lightloom::cosim
