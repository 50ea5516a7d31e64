#include "cosim/studies/generation_latency.hpp"

#include "core/constants.hpp"

namespace lightloom::cosim {

void describe(Section& section, GenerationLatencyCard& card) {
  section.value("dac_rate_Gbps", card.dac_rate_Gbps, positive);
  section.value("dac_bits", card.dac_bits, {.low = 1, .high = 32});
  section.value("modulation_ps", card.modulation_ps, not_negative);
  section.value("conversion_ps", card.conversion_ps, not_negative);
  section.value("ring_radius_um", card.ring_radius_um, not_negative);
  section.value("group_index", card.group_index, not_negative);
  section.value("intra", card.intra, {.low = 0, .high = 1e6});
  section.value("cross", card.cross, {.low = 0, .high = 1e6});
  section.value("weights", card.weights, not_negative);
  section.value("weight_bits", card.weight_bits, {.low = 1, .high = 64});
  section.value("memory_ratio", card.memory_ratio, not_negative);
  section.value("bandwidth_GBps", card.bandwidth_GBps, positive);
}

GenerationLatency generation_latency(const GenerationLatencyCard& card) {
  const double light_um_per_ps = constant::light_speed_m_per_s * 1e-6;
  GenerationLatency latency;
  latency.dac_ps = card.dac_bits / card.dac_rate_Gbps * 1e3;
  latency.modulation_ps = 2 * card.modulation_ps;
  latency.conversion_ps = 2 * card.conversion_ps;
  latency.propagation_ps =
      card.group_index * 4 * (card.intra + card.cross) * card.ring_radius_um / light_um_per_ps;
  latency.total_ps =
      latency.dac_ps + latency.modulation_ps + latency.propagation_ps + latency.conversion_ps;
  latency.saved_ns =
      (1 - card.memory_ratio) * card.weights * card.weight_bits / 8 / card.bandwidth_GBps;
  return latency;
}

}  // namespace lightloom::cosim
