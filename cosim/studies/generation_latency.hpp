#pragma once

#include "core/cards/card.hpp"

namespace lightloom::cosim {

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
